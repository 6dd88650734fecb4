"""Open tickets that fit no label: groups of them that lie together, with no answer among them."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Features, Floats, Indices, Mask, unit_rows, usable_rows

FEWEST = 5
"""Tickets in a group."""

MOST_GROUPS = 3

MOST = 2_000
"""Open and answered tickets that are looked at, of each."""

_NEIGHBOURS = 10
_OPEN = 0.8
"""The fraction of a stranger's nearest neighbours that are open, where half would be by chance."""

_LESS_SURE = 0.1
"""By how much the model must be less sure of a group than of open tickets in the mean."""


def groups(open_: Features, confidence: Floats, answered: Features, seed: int = 0) -> list[Indices]:
    """Return the places of open tickets (m, d) that form groups unlike all answers, largest first.

    ``confidence`` (m,) is the probability of the label that each would be given, and ``answered``
    (n, d) are the features of the answered tickets. As many of both are compared, so that half of
    the neighbours of a ticket would be open if open tickets were like those answered.
    """
    rng = np.random.default_rng(seed)
    size = min(len(open_), len(answered), MOST)
    if size < 2 * FEWEST:
        return []
    some = np.sort(rng.permutation(len(open_))[:size])
    others = np.sort(rng.permutation(len(answered))[:size])
    rows = unit_rows(np.vstack([open_[some], answered[others]]))
    cosines = rows[:size] @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    near = np.argpartition(-cosines, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
    strange = ((near < size).mean(axis=1) >= _OPEN) & (confidence[some] < confidence.mean())
    strange &= usable_rows(open_[some])  # those without a word that is known are like no other
    return _joined(near, strange, cosines, confidence[some], float(confidence.mean()), some)


def _joined(
    near: Indices,
    strange: Mask,
    cosines: Floats,
    confidence: Floats,
    usual: float,
    some: Indices,
) -> list[Indices]:
    """Group strangers around those that have most of them for neighbours."""
    left = np.append(strange, np.zeros(cosines.shape[1] - len(strange), np.bool_))
    found: list[Indices] = []
    while len(found) < MOST_GROUPS:
        sizes = left[near].sum(axis=1) * left[: len(strange)]
        middle = int(sizes.argmax())
        members = near[middle][left[near[middle]]]
        if len(members) + 1 < FEWEST:
            break
        members = np.append(members, middle)
        left[members] = False
        if confidence[members].mean() < usual - _LESS_SURE:
            order = np.argsort(-cosines[middle, members], kind="stable")
            found.append(some[members[order]])
    return found

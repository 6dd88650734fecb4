"""From scores to the tickets that are shown."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Features, Floats, Indices, unit_rows

CANDIDATES = 4
"""A diverse ranking of ``size`` tickets looks at this many times as many top scores."""


def select(
    scores: Floats,
    features: Features,
    size: int = 50,
    *,
    rng: np.random.Generator,
    similarity: float = 0.95,
) -> Indices:
    """Pick the rows (at most ``size``) to show next, best first; none whose score is -inf or nan.

    The first is always a top score; equal scores come in an order drawn from ``rng``. Going
    down the scores, a row whose cosine with one already chosen is above ``similarity`` is put
    off: it comes after all others, if there is room. The model is refitted while a ranking is
    shown, so what follows the first matters when answers come faster than fits.
    """
    ranked = best_first(scores, rng)[: CANDIDATES * size]
    apart = _apart(unit_rows(features[ranked]), size, similarity)
    first = np.zeros(len(ranked), np.bool_)
    first[apart] = True
    return np.concatenate([ranked[first], ranked[~first]])[:size]


def audit_sample(n: int, size: int, rng: np.random.Generator) -> Indices:
    """Draw ``size`` of ``n`` rows uniformly, or all if there are fewer, in random order."""
    return rng.choice(n, size=min(n, size), replace=False).astype(np.int64)


def best_first(scores: Floats, rng: np.random.Generator) -> Indices:
    """Return the rows with a score above -inf, highest first, equal ones as ``rng`` draws them."""
    rows = np.flatnonzero(scores > -np.inf)
    return rows[np.lexsort((rng.random(len(rows)), -scores[rows]))]


def _apart(unit: Features, size: int, similarity: float) -> list[int]:
    """Take up to ``size`` rows, from the first on, no two more similar than ``similarity``."""
    near = unit @ unit.T > similarity
    chosen: list[int] = []
    for row in range(len(unit)):
        if len(chosen) == size:
            break
        if not near[row, chosen].any():
            chosen.append(row)
    return chosen

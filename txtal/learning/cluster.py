"""The tickets of a pool that are like one of them."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Floats, Indices, Rows, unit_rows

NEAR = 4_096
"""The most alike of a pool, among which a model looks for tickets of the same label."""

OUTSTANDING = 2.0
"""Without a model: by how many standard deviations above the mean a cosine is like."""

_BLOCK = 8_192


def cosines(features: Rows, rows: Indices, of: Floats) -> Floats:
    """Return the cosine (n,) of each of the ``rows`` of the features with one ticket's ``of`` (d,).

    Reads a block at a time: a million tickets are no more in memory than eight thousand.
    """
    unit = unit_rows(np.asarray(of, np.float32)[None])[0]
    parts = [
        unit_rows(np.asarray(features[rows[at : at + _BLOCK]], np.float32)) @ unit
        for at in range(0, len(rows), _BLOCK)
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def nearest(near: Floats, most: int) -> Indices:
    """Return the places of the ``most`` highest of ``near`` (n,), the highest first."""
    some = np.arange(len(near))
    if len(near) > most:
        some = np.argpartition(-near, most - 1)[:most]
    return np.asarray(some[np.argsort(-near[some], kind="stable")])


def outstanding(near: Floats) -> Floats:
    """Return the cosines (n,), those that don't stand out of the others as 0."""
    if not len(near):
        return near
    return np.where(near > near.mean() + OUTSTANDING * near.std(), near, 0)

"""Scores for strategies that rate only some tickets, or pick them one after another."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Floats, Indices
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.uncertainty import margin


def ahead(pool: Pool, rows: Indices, values: Floats) -> Floats:
    """Return scores (n,): ``values`` for ``rows``, and less for all others, which go by margin.

    The others are all equal when there is no model.
    """
    scores = np.zeros(len(pool), np.float32)
    if pool.model is not None:
        scores += margin(pool)
    if len(rows):
        scores += values.min() - 2
        scores[rows] = values
    return scores


def in_order(pool: Pool, rows: Indices) -> Floats:
    """Return scores (n,) that put ``rows`` first, in their order: they count down to 1."""
    return ahead(pool, rows, np.arange(len(rows), 0, -1).astype(np.float32))

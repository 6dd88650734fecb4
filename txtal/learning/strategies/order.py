"""What strategies share that score only some tickets, or choose them one after another."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Floats, Indices
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.uncertainty import margin


def ahead(pool: Pool, rows: Indices, values: Floats) -> Floats:
    """Scores (n,): ``values`` for ``rows``, and less for all other tickets, which go by margin.

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
    """Scores (n,) that ask ``rows`` first, in their order: they count down to 1."""
    return ahead(pool, rows, np.arange(len(rows), 0, -1).astype(np.float32))

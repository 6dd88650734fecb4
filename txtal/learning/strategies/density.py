"""Information density: uncertain tickets that aren't outliers."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Floats, blocks, squared_lengths, unit_rows
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.uncertainty import entropy


def density(pool: Pool, beta: float = 1.0) -> Floats:
    """Return entropy times typicality: H(x) (1/n sum_u cos(x, u))^beta.

    Settles and Craven 2008, "An analysis of active learning strategies for sequence labeling
    tasks", information density. The mean cosine with the whole pool is that with the mean of all
    unit rows, so nothing is sampled; one below 0 counts as 0.
    """
    typical = np.maximum(_mean_cosine(pool), 0) ** beta
    return np.asarray(entropy(pool) * typical, np.float32)


def _mean_cosine(pool: Pool) -> Floats:
    """Return each ticket's mean cosine (n,) with the pool."""
    middle = np.zeros(pool.features.shape[1], np.float32)
    for rows in blocks(len(pool)):
        middle += unit_rows(pool.features[rows]).sum(axis=0)
    middle /= max(1, int(pool.usable.sum()))
    with np.errstate(all="ignore"):  # of rows that aren't usable, and so never picked
        return np.asarray(pool.features @ middle / np.sqrt(squared_lengths(pool.features)))

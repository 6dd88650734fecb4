"""Information density: doubtful tickets, but not odd ones."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Floats, blocks, squared_lengths, unit_rows
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.registry import strategy
from txtal.learning.strategies.uncertainty import entropy


@strategy("density")
def density(pool: Pool, beta: float = 1.0) -> Floats:
    """Entropy times how typical a ticket is: H(x) (1/n sum_u cos(x, u))^beta.

    Settles and Craven 2008, "An analysis of active learning strategies for sequence labeling
    tasks", information density. The mean cosine with the whole pool is that with the mean of all
    rows of length one, so nothing is sampled; one below 0 counts as 0.
    """
    typical = np.maximum(_mean_cosine(pool), 0) ** beta
    return np.asarray(entropy(pool) * typical, np.float32)


def _mean_cosine(pool: Pool) -> Floats:
    middle = np.zeros(pool.features.shape[1], np.float32)
    for rows in blocks(len(pool)):
        middle += unit_rows(pool.features[rows]).sum(axis=0)
    middle /= max(1, int(pool.usable.sum()))
    with np.errstate(all="ignore"):  # of rows that aren't usable, and so never asked
        return np.asarray(pool.features @ middle / np.sqrt(squared_lengths(pool.features)))

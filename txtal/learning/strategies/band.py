"""A strategy for tickets in a range of probability."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Floats
from txtal.learning.strategies.pool import Pool
from txtal.types import ONE_OF


def band(pool: Pool, low: float = 0.4, high: float = 0.6) -> Floats:
    """Pick tickets with a probability from ``low`` to ``high``, nearest to the middle first.

    1 - |p - (low + high) / 2| / ((high - low) / 2), and -inf outside. p is the most
    probable label's. No paper; it serves to work through what a model is undecided about (0.4 to
    0.6, the default) or gets wrong with confidence (``band=0.8..0.95``).
    multilabel, binary: p is that of the label nearest to the middle.
    """
    middle, reach = (low + high) / 2, (high - low) / 2
    if pool.task in ONE_OF:
        off = np.abs(pool.proba.max(axis=1) - middle)
    else:
        off = np.abs(pool.proba - middle).min(axis=1)
    # A float32 is rarely exactly the number that the user wrote.
    return np.where(off <= reach + 1e-6, 1 - off / reach, -np.inf)

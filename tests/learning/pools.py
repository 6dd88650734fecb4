"""Pools with probabilities written by hand, and what a strategy makes of them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from txtal.learning.strategies.pool import Pool, score
from txtal.learning.strategies.registry import get


def pool(*proba: list[float], task="exclusive", features=None, seed=0, **rest) -> Pool:
    """A pool of usable tickets with these probabilities."""
    table = np.array(proba, np.float32)
    model = SimpleNamespace(predict_proba=lambda features: table)
    if features is None:
        features = np.ones((len(table), 2))
    rng = np.random.default_rng(seed)
    return Pool(np.asarray(features, np.float32), task, model, rng=rng, **rest)


def scores(name: str, pool: Pool) -> list[float]:
    """The scores of a strategy, to be compared with numbers of five decimals."""
    return pytest.approx(score(get(name), pool).tolist(), abs=1e-5)


def order(name: str, pool: Pool) -> list[int]:
    """The rows of the pool as the strategy would ask them, without those at -inf."""
    found = score(get(name), pool)
    return [int(row) for row in np.argsort(-found, kind="stable") if np.isfinite(found[row])]


def circle(*degrees: float) -> np.ndarray:
    """A row of length one (n, 2) for each angle."""
    radians = np.radians(degrees)
    return np.column_stack([np.cos(radians), np.sin(radians)]).astype(np.float32)

"""k-means for the strategies that pick one ticket per cluster."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.cluster import KMeans, kmeans_plusplus

from txtal.learning.arrays import Features, Floats, Indices

SEEDING = 64
"""Random directions that k-means++ picks its first centres in: as good as all, much faster."""

ROUNDS = 10


def cluster(
    unit: Features,
    k: int,
    rng: np.random.Generator,
    weights: Floats | None = None,
    *,
    rounds: int = ROUNDS,
    trials: int | None = 1,
) -> KMeans:
    """Fit k-means to rows of unit length (n, d), with optional weights (n,); ``k`` is at most n.

    Seeded by k-means++ (Arthur and Vassilvitskii 2007) with ``trials`` candidates per centre; None
    means scikit-learn's own number, which grows with ``k``. Clusters stay empty when fewer than
    ``k`` rows are distinct.
    """
    seed = int(rng.integers(2**31))
    directions = rng.standard_normal((unit.shape[1], SEEDING), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # fewer distinct texts than clusters is fine
        _, seeds = kmeans_plusplus(
            unit @ directions, k, sample_weight=weights, random_state=seed, n_local_trials=trials
        )
        means = KMeans(k, init=unit[seeds], n_init=1, max_iter=rounds, random_state=seed)
        return means.fit(unit, sample_weight=weights)


def heads(group: Indices, value: Floats) -> Indices:
    """Return the row with the highest value (n,) of each group (n,), by ascending group."""
    order = np.lexsort((-value, group))
    _, first = np.unique(group[order], return_index=True)
    return order[first]

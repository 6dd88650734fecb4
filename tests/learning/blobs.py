"""Tickets in well separated groups, as features and answers."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Cells, Features, Indices


def blobs(
    groups: int, per_group: int, d: int = 12, spread: float = 0.3, seed: int = 0
) -> tuple[Features, Indices]:
    """Rows of length about one (n, d) around ``groups`` orthogonal directions, and their group."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), per_group)
    features = np.eye(groups, d)[group] + spread * rng.standard_normal((len(group), d)) / np.sqrt(d)
    return features.astype(np.float32), group


def accepted(group: Indices, k: int) -> Cells:
    """The rows of an exclusive task answered with their group."""
    return (group[:, None] == np.arange(k)).astype(np.int8)

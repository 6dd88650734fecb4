"""Uncertainty sampling: pick where the model knows least (Settles 2009, section 3.1).

In an exclusive task the scores use the distribution over the labels. In a multilabel or binary
task they use each label's own yes or no, and the mean or the maximum over labels
(Esuli and Sebastiani 2009, "Active learning strategies for multi-label text classification").
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from txtal.learning.arrays import Floats
from txtal.learning.strategies.pool import Pool
from txtal.types import ONE_OF, Task


def random(pool: Pool) -> Floats:
    """Draw scores uniformly at random: the baseline."""
    return pool.rng.random(len(pool), np.float32)


def least_confidence(pool: Pool) -> Floats:
    """Return one minus the most probable label's probability (Settles 2009, section 3.1).

    multilabel, binary: one minus that of the more probable side, for the least certain label.
    rating: the expected error of the prediction, in grades.
    """
    if pool.task == "rating":
        return np.asarray(np.minimum(pool.yes_proba, 1 - pool.yes_proba).sum(axis=1))
    if pool.task in ONE_OF:
        return np.asarray(1 - pool.proba.max(axis=1))
    return np.asarray((0.5 - np.abs(pool.proba - 0.5)).max(axis=1))


def margin(pool: Pool) -> Floats:
    """Return one minus the lead of the best label over the second, also called breaking ties.

    Settles 2009, section 3.1; the best of the uncertainty scores for text in Schröder et al.
    2022 ("Revisiting uncertainty-based query strategies for active learning with transformers").
    multilabel, binary: the lead of the more probable side, as a mean over labels.
    """
    if pool.task not in ONE_OF:
        return np.asarray(1 - np.abs(2 * pool.proba - 1).mean(axis=1))
    if pool.proba.shape[1] < 2:
        return np.zeros(len(pool), np.float32)
    top = -np.partition(-pool.proba, 1, axis=1)[:, :2]
    return 1 - (top[:, 0] - top[:, 1])


def margin_max(pool: Pool) -> Floats:
    """Return margin, but in a multilabel or binary task that of the least certain label alone.

    The maximum where margin takes the mean (Esuli and Sebastiani 2009): one uncertain label is
    enough. Orders as least-confidence does there; exclusive: the same as margin.
    """
    if pool.task in ONE_OF:
        return margin(pool)
    return np.asarray(1 - np.abs(2 * pool.proba - 1).min(axis=1))


def entropy(pool: Pool) -> Floats:
    """Return the entropy of the labels, in nats (Settles 2009, section 3.1).

    multilabel, binary: the entropy of yes or no, as a mean over labels.
    """
    return entropies(pool.proba, pool.task)


def entropies(proba: Floats, task: Task) -> Floats:
    """Return the entropy (n,) of each row of probabilities (n, k), as :func:`entropy` has it."""
    if task in ONE_OF:
        return np.asarray(entr(proba).sum(axis=1))
    return np.asarray((entr(proba) + entr(1 - proba)).mean(axis=1))

"""Uncertainty sampling: ask where the model knows least (Settles 2009, section 3.1).

Of an exclusive task the scores look at the distribution over the labels. Of a multilabel or
binary task they look at each label's own yes or no and take the mean or the maximum over labels
(Esuli and Sebastiani 2009, "Active learning strategies for multi-label text classification").
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from txtal.learning.arrays import Floats
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.registry import strategy
from txtal.types import ONE_OF, Task


@strategy("random")
def random(pool: Pool) -> Floats:
    """Any ticket, each as likely as the next: the baseline."""
    return pool.rng.random(len(pool), np.float32)


@strategy("least-confidence")
def least_confidence(pool: Pool) -> Floats:
    """One minus the best label's probability (Settles 2009, section 3.1).

    multilabel, binary: one minus that of the likelier side, of the least certain label.
    rating: by how many grades the answer would be off, as the model expects.
    """
    if pool.task == "rating":
        return np.asarray(np.minimum(pool.chances, 1 - pool.chances).sum(axis=1))
    if pool.task in ONE_OF:
        return np.asarray(1 - pool.proba.max(axis=1))
    return np.asarray((0.5 - np.abs(pool.proba - 0.5)).max(axis=1))


@strategy("margin")
def margin(pool: Pool) -> Floats:
    """One minus the lead of the best label over the second, also called breaking ties.

    Settles 2009, section 3.1; the best of the uncertainty scores for text in Schröder et al.
    2022 ("Revisiting uncertainty-based query strategies for active learning with transformers").
    multilabel, binary: the lead of the likelier side, as a mean over labels.
    """
    if pool.task not in ONE_OF:
        return np.asarray(1 - np.abs(2 * pool.proba - 1).mean(axis=1))
    if pool.proba.shape[1] < 2:
        return np.zeros(len(pool), np.float32)
    top = -np.partition(-pool.proba, 1, axis=1)[:, :2]
    return 1 - (top[:, 0] - top[:, 1])


@strategy("margin-max")
def margin_max(pool: Pool) -> Floats:
    """As margin, but of a multilabel or binary task that of the one least certain label.

    The maximum where margin takes the mean (Esuli and Sebastiani 2009): a single doubtful label is
    enough. Orders as least-confidence does there; exclusive: the same as margin.
    """
    if pool.task in ONE_OF:
        return margin(pool)
    return np.asarray(1 - np.abs(2 * pool.proba - 1).min(axis=1))


@strategy("entropy")
def entropy(pool: Pool) -> Floats:
    """The entropy of the labels, in nats (Settles 2009, section 3.1).

    multilabel, binary: the entropy of yes or no, as a mean over labels.
    """
    return entropies(pool.proba, pool.task)


def entropies(proba: Floats, task: Task) -> Floats:
    """The entropy (n,) of each row of probabilities (n, k), as :func:`entropy` has it."""
    if task in ONE_OF:
        return np.asarray(entr(proba).sum(axis=1))
    return np.asarray((entr(proba) + entr(1 - proba)).mean(axis=1))

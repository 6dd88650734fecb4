"""Strategies for rare labels: answers of every kind, or as many as possible of one."""

from __future__ import annotations

import numpy as np

from txtal.errors import LearnerError
from txtal.learning.arrays import Floats, Indices
from txtal.learning.matrix import IS, NOT
from txtal.learning.strategies.pool import Pool
from txtal.types import ONE_OF


def balance(pool: Pool) -> Floats:
    """Prefer tickets that look like labels with few answers: sum_y p_y / (1 + n_y).

    n_y is the number of answers with the label y. A greedy form of class-balanced active learning
    (Bengar et al. 2022, arXiv:2110.04543, who add the balance of the batch to its objective). A
    label that was never accepted has no probability, so this can't find it.
    multilabel, binary: p / (1 + n_yes) + (1 - p) / (1 + n_no), as a mean over labels.
    """
    worth = 1 / (1 + _counts(pool, IS))
    if pool.task in ONE_OF:
        return np.asarray(pool.proba @ worth)
    other = 1 / (1 + _counts(pool, NOT))
    return np.asarray((pool.proba * worth + (1 - pool.proba) * other).mean(axis=1))


def high_score(pool: Pool, label: str | None = None) -> Floats:
    """Return the probability of one label, to find as many of its tickets as there are.

    Called relevance sampling in Lewis and Gale 1994, "A sequential algorithm for training text
    classifiers". ``high-score=LABEL`` names the label; otherwise it is the one
    accepted least often, but once at least; of several, each ticket's most probable one.
    """
    return np.asarray(pool.proba[:, _wanted(pool, label)].max(axis=1))


def _wanted(pool: Pool, label: str | None) -> Indices:
    """Return the columns to look for. Raises LearnerError for a label that isn't there."""
    if label is None:
        counts = _counts(pool, IS)
        fewest = counts[counts > 0].min(initial=np.inf)
        return np.flatnonzero((counts == fewest) | ~(counts > 0).any())
    if label not in pool.labels:
        raise LearnerError(
            f"the strategy high-score={label} looks for {label!r}, which is no label here; labels:"
            f" {', '.join(pool.labels) or 'unknown to this pool'}"
        )
    return np.array([list(pool.labels).index(label)])


def _counts(pool: Pool, kind: int) -> Floats:
    """Count the answers (k,) that are IS, or NOT, for each label."""
    if pool.cells is None:
        return np.zeros(pool.proba.shape[1], np.float32)
    return np.asarray((pool.cells == kind).sum(axis=0), np.float32)

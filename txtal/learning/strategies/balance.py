"""For labels that are rare: answers of every kind, or as many as can be of one."""

from __future__ import annotations

import numpy as np

from txtal.errors import LearnerError
from txtal.learning.arrays import Floats, Indices
from txtal.learning.matrix import IS, NOT
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.registry import strategy
from txtal.types import ONE_OF


@strategy("balance")
def balance(pool: Pool) -> Floats:
    """Tickets that look like labels with few answers: sum_y p_y / (1 + n_y).

    n_y counts the answers that y is the label. A greedy form of class-balanced active learning
    (Bengar et al. 2022, arXiv:2110.04543, who add the balance of the batch to its objective). A
    label that was never accepted has no probability, so it can't be looked for.
    multilabel, binary: p / (1 + n_yes) + (1 - p) / (1 + n_no), as a mean over labels.
    """
    worth = 1 / (1 + _counts(pool, IS))
    if pool.task in ONE_OF:
        return np.asarray(pool.proba @ worth)
    other = 1 / (1 + _counts(pool, NOT))
    return np.asarray((pool.proba * worth + (1 - pool.proba) * other).mean(axis=1))


@strategy("high-score")
def high_score(pool: Pool, label: str | None = None) -> Floats:
    """The probability of one label, to find as many of its tickets as there are.

    Called relevance sampling in Lewis and Gale 1994, "A sequential algorithm for training text
    classifiers". ``high-score=LABEL`` names the label; otherwise it is the one with the fewest
    answers that it applies, but one at least, and the most probable of several with as few.
    """
    return np.asarray(pool.proba[:, _wanted(pool, label)].max(axis=1))


def _wanted(pool: Pool, label: str | None) -> Indices:
    if label is None:
        counts = _counts(pool, IS)
        fewest = counts[counts > 0].min(initial=np.inf)
        return np.flatnonzero((counts == fewest) | ~(counts > 0).any())
    if label not in pool.labels:
        raise LearnerError(
            f"The strategy high-score is to look for {label!r}, which is no label here. "
            f"Labels: {', '.join(pool.labels) or 'unknown to this pool'}."
        )
    return np.array([list(pool.labels).index(label)])


def _counts(pool: Pool, kind: int) -> Floats:
    """How many answers (k,) say IS, or NOT, of each label."""
    if pool.cells is None:
        return np.zeros(pool.proba.shape[1], np.float32)
    return np.asarray((pool.cells == kind).sum(axis=0), np.float32)

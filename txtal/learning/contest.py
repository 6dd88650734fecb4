"""Ways of fitting compared on the same answers, each predicted by a model of others.

What is tried is evidence or features: labels' names, votes, a sentence model. Penalties and class
weights are not, and stay as they are: chosen by the answers they gained nothing
(docs/benchmarks.md), as the answers that were picked for being hard say little about them.

The measure is the mean of accuracy and macro recall, as users read both and neither alone says
enough of skewed labels; for several labels per ticket, each ticket's F1; for ratings, how near they
are, as a fraction of the scale. Most answers were picked for being hard, so these figures
don't hold for the pool: the audit's do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from txtal.learning import grades
from txtal.learning.arrays import Cells, Features, Floats, Indices, Mask
from txtal.learning.crossfit import cross_fitting, deal
from txtal.learning.evaluate import known_in_full
from txtal.learning.matrix import IS
from txtal.learning.model import decide
from txtal.learning.stepwise import Steps
from txtal.learning.training import Trainer
from txtal.types import Task

MOST = 600
"""The most answers that a contest looks at; of more it takes a sample."""

FOLDS = 4


@dataclass(frozen=True, eq=False)
class Contest:
    """The answers that ways of fitting are compared on, the same for all."""

    features: Features
    rows: Indices
    cells: Cells
    task: Task
    folds: Indices
    """(n,): the fold of each answer, -1 for one that can't be checked and only teaches."""

    @classmethod
    def of(
        cls,
        features: Features,
        rows: Indices,
        cells: Cells,
        task: Task,
        *,
        seed: int,
        fewest: int,
    ) -> Contest | None:
        """Draw a sample of the answers; None while they are fewer than ``fewest``."""
        checkable = known_in_full(cells, task)
        if checkable.sum() < fewest:
            return None
        drawn = np.random.default_rng(seed).permutation(len(cells))[:MOST]
        return cls(
            features[drawn],
            rows[drawn],
            cells[drawn],
            task,
            deal(cells[drawn], checkable[drawn], FOLDS),
        )

    def scoring(self, trainer: Trainer) -> Steps[Floats]:
        """Score each checked answer (c,) by a model of other answers; the mean is the measure.

        Stops after each fit, and within one that takes long.
        """
        checked = self.folds >= 0
        proba, _ = yield from cross_fitting(
            self.features, self.rows, self.cells, self.folds, trainer.modelling
        )
        decided = decide(proba[checked], self.task)
        return _scores(self.cells[checked] == IS, decided == IS, self.task)


def _scores(truth: Mask, decided: Mask, task: Task) -> Floats:
    if task == "multilabel":
        both, either = (truth & decided).sum(axis=1), truth.sum(axis=1) + decided.sum(axis=1)
        return np.where(either > 0, 2 * both / np.maximum(either, 1), 1.0).astype(np.float32)
    if task == "rating":
        off = grades.off(truth.astype(np.int8), decided.astype(np.int8))
        return np.asarray(1 - off / (truth.shape[1] - 1), np.float32)
    kinds, kind = np.unique(truth, axis=0, return_inverse=True)
    counts = np.bincount(kind.ravel())
    weights = 0.5 + 0.5 * len(truth) / (len(kinds) * counts[kind.ravel()])
    right: Mask = (truth == decided).all(axis=1)
    return np.asarray(weights * right, np.float32)

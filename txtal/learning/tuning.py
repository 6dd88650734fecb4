"""Hyperparameters chosen by cross-validation on the answers so far, a little at a time.

No single penalty, class weighting or set of features is best for every kind of text, and an
annotator shouldn't have to know. So alternatives to what is used now are tried on the answers, each
a change in one hyperparameter (coordinate search), one whenever the learner has nothing better to
do. An alternative takes over when it is better by more than two standard errors of the difference,
answer by answer: the usual settings do well on most kinds of text, and what chance alone would
favour now and then isn't worth a change. The rule is after the one-standard-error rule of Breiman
et al. 1984 ("Classification and Regression Trees", section 3.4.3).

The measure is the mean of two: accuracy and macro recall, as users read both and neither alone says
enough of skewed labels; for several labels a ticket, each ticket's F1; for ratings, how near they
are, as a share of the scale. The answers were mostly
picked for being hard, so the figures say nothing of the pool: that is for the audit to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from txtal.learning import grades
from txtal.learning.arrays import Cells, Features, Floats, Indices, Mask
from txtal.learning.crossfit import cross_fitted, deal
from txtal.learning.evaluate import known_in_full
from txtal.learning.matrix import IS
from txtal.learning.model import LinearModel, decide
from txtal.learning.training import Hyperparameters
from txtal.types import Task

FEWEST = 100
"""Answers below which there is nothing to choose by."""

GROWTH = 1.3
"""How many times the answers of the last search there must be for the next."""

MOST = 600
"""Answers that a search looks at; of more, a sample."""

FOLDS = 4

ERRORS = 2.0
"""Standard errors by which an alternative must be better."""

PENALTIES = (1.0, None)
PENALTIES_OF_GRADES = (0.3, 3.0, None)
"""None is what is usual."""

CARRIED = (0.0, 3.0, 10.0)

Learn = Callable[[Hyperparameters, Features, Indices, Cells], LinearModel]
"""Fits a model to the answers (n, k) about tickets by their features (n, d) and rows (n,)."""


@dataclass(frozen=True)
class Evidence:
    """The answers a search goes by, the same for all it compares."""

    features: Features
    rows: Indices
    cells: Cells
    task: Task
    folds: Indices
    """(n,): the fold of each answer, -1 for one that can't be checked and only teaches."""

    @classmethod
    def of(
        cls, features: Features, rows: Indices, cells: Cells, task: Task, seed: int
    ) -> Evidence | None:
        """A sample of the answers; None while they are too few to choose by."""
        checkable = known_in_full(cells, task)
        if checkable.sum() < FEWEST:
            return None
        drawn = np.random.default_rng(seed).permutation(len(cells))[:MOST]
        return cls(
            features[drawn],
            rows[drawn],
            cells[drawn],
            task,
            deal(cells[drawn], checkable[drawn], FOLDS),
        )

    def scores(self, hyper: Hyperparameters, learn: Learn) -> Floats:
        """How well models of other answers do on each checked one (c,); the mean is the measure."""
        checked = self.folds >= 0
        proba, _ = cross_fitted(
            self.features, self.rows, self.cells, self.folds, partial(learn, hyper)
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


@dataclass
class Tuning:
    """The search and what it has found; each :meth:`step` tries one alternative."""

    blocks: int
    """Blocks of features there are."""
    seed: int = 0
    chosen: Hyperparameters = field(default_factory=Hyperparameters)
    why: str = ""
    """What was chosen by how much, or that nothing was; nothing before the first search's end."""
    _looked_at: int = 0
    _tried: int = 0
    _evidence: Evidence | None = None
    _best: Floats | None = None
    _waiting: list[dict[str, Any]] = field(default_factory=list)

    def step(
        self, features: Features, rows: Indices, cells: Cells, task: Task, learn: Learn
    ) -> bool:
        """Try one alternative, if there is one to try; whether another waits."""
        if self._evidence is None and not self._begin(features, rows, cells, task):
            return False
        assert self._evidence is not None
        if self._best is None:
            self._best = self._evidence.scores(self.chosen, learn)
            return True
        other = replace(self.chosen, **self._waiting.pop(0))
        if other != self.chosen:
            self._compare(self._evidence, other, self._evidence.scores(other, learn))
            self._tried += 1
        if not self._waiting:
            if not self.adapted:
                self.why = _why_not(self._tried, len(self._best))
            self._evidence = None
        return bool(self._waiting)

    @property
    def adapted(self) -> bool:
        """Whether anything is not as usual."""
        return self.chosen != Hyperparameters()

    def _begin(self, features: Features, rows: Indices, cells: Cells, task: Task) -> bool:
        if len(cells) < GROWTH * self._looked_at:
            return False
        self._evidence = Evidence.of(features, rows, cells, task, self.seed)
        if self._evidence is None:
            return False
        self._looked_at, self._best, self._tried = len(cells), None, 0
        self._waiting = list(_changes(task, self.blocks))
        return True

    def _compare(self, evidence: Evidence, other: Hyperparameters, scores: Floats) -> None:
        assert self._best is not None
        difference = scores - self._best
        gain = float(difference.mean())
        if gain > ERRORS * difference.std(ddof=1) / np.sqrt(len(difference)):
            self.chosen, self._best = other, scores
            self.why = _why(other, _gained(gain, evidence), len(scores))


def _changes(task: Task, blocks: int) -> Iterator[dict[str, Any]]:
    """Every value of every hyperparameter."""
    if task == "exclusive":
        yield from ({"carried": weight} for weight in CARRIED)
    yield from ({"C": C} for C in (PENALTIES_OF_GRADES if task == "rating" else PENALTIES))
    if task != "rating":  # who is off by little for rare grades is off by much for all others
        yield from ({"balanced": balanced} for balanced in (None, False))
    if blocks > 1:
        yield from ({"halved": block} for block in (None, *range(blocks)))


def _gained(gain: float, evidence: Evidence) -> str:
    if evidence.task == "rating":
        return f"off by {gain * (evidence.cells.shape[1] - 1):.2f} less"
    return f"{100 * gain:+.1f} points"


def _why(chosen: Hyperparameters, gained: str, answers: int) -> str:
    usual = Hyperparameters()
    said = []
    if chosen.C is not None:
        said.append(f"C={chosen.C:g}")
    if chosen.balanced is not None:
        said.append("classes by their frequency")
    if chosen.carried != usual.carried:
        said.append(
            f"answers carried on {chosen.carried:g}" if chosen.carried else "no carrying on"
        )
    if chosen.halved is not None:
        said.append(f"features {chosen.halved + 1} halved")
    what = ", ".join(said) or "the usual settings"
    return f"adapted to your answers: {what} ({gained} in cross-validation of {answers} answers)"


def _why_not(tried: int, answers: int) -> str:
    return (
        f"the usual settings: none of {tried} others was clearly better in cross-validation of "
        f"{answers} answers"
    )

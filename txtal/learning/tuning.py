"""Hyperparameters chosen by cross-validation on the answers so far, a little at a time.

No single penalty, class weighting or set of features is best for every kind of text, and an
annotator shouldn't have to know. So alternatives to what is used now are tried on the answers, each
a change in one hyperparameter (coordinate search), one whenever the learner has nothing better to
do. An alternative takes over when it is better by more than two standard errors of the difference,
answer by answer: the defaults do well on most kinds of text, and what chance alone would favour now
and then isn't worth a change. What took over is given up when, with more answers, the defaults do
as well. The rule is after the one-standard-error rule of Breiman et al. 1984 ("Classification and
Regression Trees", section 3.4.3).

The measure is the mean of accuracy and macro recall, as users read both and neither alone says
enough of skewed labels; for several labels per ticket, each ticket's F1; for ratings, how near they
are, as a fraction of the scale. Most answers were picked for being hard, so these figures
don't hold for the pool: the audit's do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from txtal.learning import grades
from txtal.learning.arrays import Cells, Features, Floats, Indices, Mask
from txtal.learning.crossfit import at_once, cross_fitting, deal
from txtal.learning.evaluate import known_in_full
from txtal.learning.matrix import IS
from txtal.learning.model import LinearModel, decide
from txtal.learning.stepwise import Steps, UnderWay
from txtal.learning.training import Hyperparameters
from txtal.types import Task

FEWEST = 100
"""With fewer answers there is nothing to choose by."""

GROWTH = 1.3
"""Search again at this many times the answers of the last search."""

MOST = 600
"""The most answers that a search looks at; of more it takes a sample."""

FOLDS = 4

ERRORS = 2.0
"""Standard errors by which an alternative must be better."""

PENALTIES = (1.0, None)
PENALTIES_OF_GRADES = (0.3, 3.0, None)
"""None is the task's default."""

PROPAGATIONS = (0.0, 3.0, 10.0)

Learn = Callable[[Hyperparameters, Features, Indices, Cells], LinearModel]
"""Fits a model to the answers (n, k) about tickets by their features (n, d) and rows (n,)."""


@dataclass(frozen=True, eq=False)
class SearchAnswers:
    """The answers that a search compares by, the same for all alternatives."""

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
        seed: int,
        fewest: int | None = None,
    ) -> SearchAnswers | None:
        """Draw a sample of the answers; None while they are fewer than ``fewest`` (``FEWEST``)."""
        checkable = known_in_full(cells, task)
        if checkable.sum() < (FEWEST if fewest is None else fewest):
            return None
        drawn = np.random.default_rng(seed).permutation(len(cells))[:MOST]
        return cls(
            features[drawn],
            rows[drawn],
            cells[drawn],
            task,
            deal(cells[drawn], checkable[drawn], FOLDS),
        )

    def scoring(self, hyper: Hyperparameters, learn: Learn) -> Steps[Floats]:
        """Score each checked answer (c,) by a model of other answers; the mean is the measure.

        Stops after each fit.
        """
        checked = self.folds >= 0
        proba, _ = yield from cross_fitting(
            self.features, self.rows, self.cells, self.folds, at_once(partial(learn, hyper))
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
    """The search and what it has found; each :meth:`step` is one fit."""

    blocks: int
    """How many blocks of features there are."""
    seed: int = 0
    chosen: Hyperparameters = field(default_factory=Hyperparameters)
    why: str = ""
    """What was chosen and by how much, or that nothing was; empty before the first search ends."""
    amid: bool = False
    """Whether an alternative has been tried in part."""
    _looked_at: int = 0
    """Answers that there were at the last search."""
    _search: UnderWay[None] | None = None

    def step(
        self, features: Features, rows: Indices, cells: Cells, task: Task, learn: Learn
    ) -> bool:
        """Do one fit of an alternative, if it is time to; return whether more is to be tried."""
        if self._search is None:
            self._search = self._begin(features, rows, cells, task, learn)
        if self._search is None:
            return False
        self.amid = True
        if not self._search.step():
            self._search, self.amid = None, False
        return self._search is not None

    @property
    def adapted(self) -> bool:
        """Whether anything but the defaults was chosen."""
        return self.chosen != Hyperparameters()

    def _begin(
        self, features: Features, rows: Indices, cells: Cells, task: Task, learn: Learn
    ) -> UnderWay[None] | None:
        if len(cells) < GROWTH * self._looked_at:
            return None
        answers = SearchAnswers.of(features, rows, cells, task, self.seed)
        if answers is None:
            return None
        self._looked_at = len(cells)
        return UnderWay(self._searching(answers, learn))

    def _searching(self, answers: SearchAnswers, learn: Learn) -> Steps[None]:
        """Try every alternative; ``amid`` is False where one is done and others wait."""
        best, tried = (yield from self._best_so_far(answers, learn)), 0
        for change in _changes(answers.task, self.blocks):
            self.amid = False
            yield
            other = replace(self.chosen, **change)
            if other == self.chosen:
                continue
            tried += 1
            scores = yield from answers.scoring(other, learn)
            difference = scores - best
            gain = float(difference.mean())
            if gain > ERRORS * difference.std(ddof=1) / np.sqrt(len(difference)):
                self.chosen, best = other, scores
                self.why = _why(other, _gained(gain, answers), len(scores))
        if not self.adapted:
            self.why = _why_not(tried, len(best))

    def _best_so_far(self, answers: SearchAnswers, learn: Learn) -> Steps[Floats]:
        """Return the scores (c,) of what is chosen, or of the defaults where they do as well."""
        scores = yield from answers.scoring(self.chosen, learn)
        if not self.adapted:
            return scores
        plain = yield from answers.scoring(Hyperparameters(), learn)
        if scores.mean() > plain.mean():
            return scores
        self.chosen, self.why = Hyperparameters(), ""
        return plain


def _changes(task: Task, blocks: int) -> Iterator[dict[str, Any]]:
    """Yield every value of every hyperparameter."""
    if task == "exclusive":
        yield from ({"propagation": weight} for weight in PROPAGATIONS)
    yield from ({"C": C} for C in (PENALTIES_OF_GRADES if task == "rating" else PENALTIES))
    if task != "rating":  # what helps rare grades hurts all others more
        yield from ({"balanced": balanced} for balanced in (None, False))
    if blocks > 1:
        yield from ({"downweighted": block} for block in (None, *range(blocks)))


def _gained(gain: float, answers: SearchAnswers) -> str:
    if answers.task == "rating":
        return f"error {gain * (answers.cells.shape[1] - 1):.2f} lower"
    return f"{100 * gain:+.1f} points"


def _why(chosen: Hyperparameters, gained: str, answers: int) -> str:
    default = Hyperparameters()
    said = []
    if chosen.C is not None:
        said.append(f"C={chosen.C:g}")
    if chosen.balanced is not None:
        said.append("classes by their frequency")
    if chosen.propagation != default.propagation:
        weight = chosen.propagation
        said.append(f"label propagation weight {weight:g}" if weight else "no label propagation")
    if chosen.downweighted is not None:
        said.append(f"vector block {chosen.downweighted + 1} at half weight")
    what = ", ".join(said) or "default settings"
    return f"adapted to your answers: {what} ({gained} in cross-validation of {answers} answers)"


def _why_not(tried: int, answers: int) -> str:
    return (
        f"default settings kept: none of {tried} alternatives was clearly better in "
        f"cross-validation of {answers} answers"
    )

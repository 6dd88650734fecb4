"""The classifier: logistic regression on fixed features, refitted after every answer.

The same linear model picks the tickets and is the one that is saved: uncertainty sampling keeps
its edge when the two are the same (Lu et al. 2023, arXiv:2306.08954).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from txtal.errors import LearnerError
from txtal.learning import grades, scores
from txtal.learning.arrays import Cells, Features, Floats, Indices, Mask, blocks, squared_lengths
from txtal.learning.matrix import IS, NOT, UNKNOWN
from txtal.learning.regression import WHOLE, FitLimits, FitOptions, solve
from txtal.learning.squash import averaged, shares, sigmoid, with_unseen
from txtal.types import ONE_OF, Task
from txtal.types.grades import are_scores

WARM_ROWS = 50
"""With so many answers a fit may start at the last model; before, from scratch is as quick."""

REJECT_WEIGHT = 0.5
"""What a reject of an exclusive task weighs against an accept; see :func:`fit`."""

REJECT_CANDIDATES = 10
"""How many of the labels still possible a rejected ticket enters the fit as, to bound its cost."""

SPREAD = exp(0.5)
"""That of a calibrated model; see :attr:`LinearModel.spread` and :mod:`..calibrate`."""


class Predictor(Protocol):
    """What strategies and measures need of a model, ours or a user's."""

    def predict_proba(self, features: Features) -> Floats:
        """Return the probabilities (n, k) of each label."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class LinearModel:
    """A weight for every label and feature, and the labels it could learn."""

    task: Task
    coef: Floats
    """(k, d); zero for a label with nothing to learn from. rating: of "this grade or above"."""
    intercept: Floats
    """(k,)."""
    trained: Mask
    """(k,); exclusive, rating: accepted at least once. Otherwise: seen to apply and not to."""
    unseen: float = 0.0
    """exclusive: the share of tickets whose label is one of those it couldn't learn."""
    spread: float = 1.0
    """Its probabilities are the mean of those at logits this many times as high, as they are, and
    as low; 1: as they are."""
    prior: Floats | None = None
    """(k,): the probabilities of a row of zeros, by :func:`prior`; None: those at its logits."""
    ended: bool = True
    """Whether its fit was near enough the optimum, not broken off before."""

    @property
    def ready(self) -> bool:
        """Whether there was anything to tell apart; otherwise the probabilities are constant."""
        return int(self.trained.sum()) >= (2 if self.task in ONE_OF else 1)

    def predict_proba(self, features: Features) -> Floats:
        """Return the probabilities (n, k) of each label.

        exclusive: a softmax over the trained labels, uniform when none is; the others share what
        is unseen.
        multilabel, binary: a sigmoid for each label by itself.
        rating: the difference of the probabilities of each grade or above and of the next.
        A row whose features are not finite gets what a row without features would: the prior.
        """
        proba = np.empty((features.shape[0], len(self.coef)), np.float32)
        for rows in blocks(len(proba)):
            with np.errstate(over="ignore", invalid="ignore"):
                logits = np.asarray(features[rows] @ self.coef.T + self.intercept)
            broken = ~np.isfinite(logits).all(axis=1)
            logits[broken] = self.intercept
            proba[rows] = self._probabilities(logits)
            if self.prior is not None and self.ready:
                nothing = (logits == self.intercept).all(axis=1)
                proba[rows][nothing] = self._of_nothing(self.prior)
        return proba

    def _of_nothing(self, prior: Floats) -> Floats:
        """Return the probabilities (1, k) of a text that says nothing."""
        if self.task != "exclusive":
            return prior[None]
        return with_unseen(prior[None], self.trained, self.unseen)

    def _probabilities(self, logits: Floats) -> npt.NDArray[np.floating]:
        if self.task == "rating":
            return grades.exactly(sigmoid(logits))
        if self.task != "exclusive":
            return averaged(
                sigmoid, logits, np.where(self.trained, self.spread, 1.0).astype(np.float32)
            )
        if not self.trained.any():
            return np.full_like(logits, 1 / logits.shape[1])
        logits = np.where(self.trained, logits, -np.inf)
        return with_unseen(averaged(shares, logits, self.spread), self.trained, self.unseen)

    def calibrated(self, temperature: float, unseen: float = 0.0) -> LinearModel:
        """Divide the logits by ``temperature`` and spread them; see :mod:`..calibrate`.

        It decides as before.
        """
        learned = self.trained if self.task != "rating" else np.ones_like(self.trained)
        scale = np.where(learned, 1 / temperature, 1).astype(np.float32)
        return replace(
            self,
            coef=self.coef * scale[:, None],
            intercept=self.intercept * scale,
            unseen=unseen,
            spread=SPREAD,
        )


def prior(cells: Cells, task: Task) -> Floats:
    """Return how probable each label (k,) is of a ticket of which nothing is known, by answers.

    Half an answer more of each kind than there are, so that none is impossible; an exclusive label
    that was never given has none.
    """
    yes, no = ((cells == said).sum(axis=0).astype(np.float32) for said in (IS, NOT))
    if task not in ONE_OF:
        return np.asarray((yes + 0.5) / (yes + no + 1))
    counted = np.where(yes > 0, yes + 0.5, 0) if task == "exclusive" else yes + 0.5
    return np.asarray(counted / max(1.0, float(counted.sum())), np.float32)


def decide(proba: Floats, task: Task) -> Cells:
    """Return what a model would answer, int8 (n, k) of IS and NOT.

    exclusive: the most probable label. multilabel, binary: every label at 0.5 or above. rating:
    the median grade, which is off by the least in the mean.
    """
    if task not in ONE_OF:
        return (proba >= 0.5).astype(np.int8)
    chosen = np.zeros(proba.shape, np.int8)
    best = grades.median(proba) if task == "rating" else proba.argmax(axis=1)
    chosen[np.arange(len(proba)), best] = IS
    return chosen


def fit(
    features: Features,
    cells: Cells,
    task: Task,
    *,
    weights: Floats | None = None,
    C: float | None = None,
    balanced: bool | None = None,
    start: LinearModel | None = None,
    seed: int = 0,
    limits: FitLimits = WHOLE,
) -> LinearModel:
    """Learn from the answers in ``cells`` (n, k) about the tickets in ``features`` (n, d).

    ``weights`` (n,) has what each counts, where that isn't 1. A balanced class of which there is
    less than one answer weighs as if there were one.

    ``C`` is the inverse strength of the L2 penalty; ``balanced`` lets every class weigh the same in
    all. None is what is :func:`usual` for the task. ``start``, a model of the same task and shape,
    saves time and leads to the same optimum; it is ignored below ``WARM_ROWS`` rows. ``limits`` is
    how far the fit goes.
    Rows with features that are not finite are left out, so that one bad vector can't spoil a
    session.

    Rejects of an exclusive task are learned from by a round of expectation-maximisation: "not
    A" is a ticket whose label is among the rest, in the proportions that a fit to the accepts
    believes. It weighs ``REJECT_WEIGHT``, and no more for a rare class: the guesses are the
    model's own, and class weights would turn them into a drift towards rare labels. Candidate
    labels: Jin and Ghahramani 2002 (NIPS 15); the weight below one: Nigam et al. 2000 (Machine
    Learning 39, the weighting factor for what has no label). More rounds gained nothing.

    Never fails for want of evidence: see :attr:`LinearModel.ready`.
    Raises LearnerError when the shapes don't fit together.
    """
    if features.ndim != 2 or cells.ndim != 2 or features.shape[0] != cells.shape[0]:
        raise LearnerError(
            f"can't fit features of shape {features.shape} to answers of shape {cells.shape}: "
            "both need one row per ticket"
        )
    known = np.isfinite(squared_lengths(features)) & (cells != UNKNOWN).any(axis=1)
    start = start if _can_start(start, features, cells, task, int(known.sum())) else None
    usual_C, usually_balanced = usual(task)
    options = FitOptions(
        usual_C if C is None else C,
        usually_balanced if balanced is None else balanced,
        seed,
        limits,
    )
    learn = _FITS.get(task, _fit_labels)
    weigh = np.ones(len(cells), np.float32) if weights is None else weights
    answers = _TrainingRows(features, cells, weigh)
    return learn(answers if known.all() else answers.of(known), task, start, options)


def usual(task: Task) -> tuple[float, bool]:
    """Return a task's default C, and whether its classes are balanced.

    Ratings were off by less with 1 than with 0.3, 3 or 10, with 30 to 3,000 answers of three and of
    ten grades; balanced, the rare grades draw all others away from the middle.
    """
    return (1.0, False) if task == "rating" else (10.0, True)


class _TrainingRows(NamedTuple):
    features: Features
    cells: Cells
    weights: Floats
    """(n,): what each counts."""

    def of(self, rows: Mask | Indices) -> _TrainingRows:
        return _TrainingRows(self.features[rows], self.cells[rows], self.weights[rows])


def _can_start(
    start: LinearModel | None, features: Features, cells: Cells, task: Task, rows: int
) -> bool:
    shape = (cells.shape[1], features.shape[1])
    return (
        start is not None and rows >= WARM_ROWS and start.task == task and start.coef.shape == shape
    )


# Any of K labels, or one yes or no: a regression for each label.


def _fit_labels(
    answers: _TrainingRows, task: Task, start: LinearModel | None, options: FitOptions
) -> LinearModel:
    features, cells, _ = answers
    coef, intercept, trained = _zeros(cells.shape[1], features.shape[1])
    ended = True
    for label, column in enumerate(cells.T):
        known = column != UNKNOWN
        each = answers.weights[known]
        yes, no = each[column[known] == IS].sum(), each[column[known] == NOT].sum()
        if not yes or not no:
            # Laplace's rule of succession: few answers of one kind must not look like certainty.
            intercept[label] = log((yes + 1) / (no + 1))
            continue
        y = column[known].astype(np.int64)
        begin = (start.coef[[label]], start.intercept[[label]]) if start else None
        weights = each * _class_weights(y, each, options)[y]
        solved = solve(features[known], y, weights, begin, options)
        coef[[label]], intercept[[label]] = solved.coef, solved.intercept
        trained[label] = True
        ended = ended and solved.ended
    return LinearModel(task, coef, intercept, trained, ended=ended)


# Grades: a regression for each but the lowest, of whether it or more is right. Scores: at some.


def _fit_grades(
    answers: _TrainingRows, task: Task, start: LinearModel | None, options: FitOptions
) -> LinearModel:
    given = answers.cells == IS
    reached = answers._replace(cells=grades.reached(answers.cells))
    if not are_scores(range(given.shape[1])):
        return replace(_fit_labels(reached, task, start, options), trained=given.any(axis=0))
    named = answers.cells[given.any(axis=1)].argmax(axis=1)
    at = scores.cuts(named)
    begin = start and replace(start, coef=start.coef[at], intercept=start.intercept[at])
    few = _fit_labels(reached._replace(cells=reached.cells[:, at]), task, begin, options)
    coef, intercept = scores.interpolated(at, few.coef, few.intercept, named, given.shape[1])
    return LinearModel(task, coef, intercept, given.any(axis=0), ended=few.ended)


# One of K labels: one regression over those accepted so far.


def _fit_exclusive(
    answers: _TrainingRows, task: Task, start: LinearModel | None, options: FitOptions
) -> LinearModel:
    features, cells, each = answers
    coef, intercept, trained = _zeros(cells.shape[1], features.shape[1])
    trained |= (cells == IS).any(axis=0)
    model = LinearModel(task, coef, intercept, trained)
    if not model.ready:
        return model
    cells = cells[:, trained]
    accepted = np.flatnonzero((cells == IS).any(axis=1))
    rejected = np.flatnonzero((cells == NOT).any(axis=1) & (cells == UNKNOWN).any(axis=1))
    y = cells[accepted].argmax(axis=1)
    by_class = _class_weights(y, each[accepted], options)
    weights = each[accepted] * by_class[y]
    taught = features if len(accepted) == len(cells) else features[accepted]
    model = _fit_softmax(model, taught, y, weights, start, options)
    if not len(rejected):
        return model
    belief = model.predict_proba(features[rejected])[:, trained]
    rows, guesses, shares = _guesses(belief, cells[rejected] == UNKNOWN)
    return _fit_softmax(
        model,
        features[np.concatenate([accepted, rejected[rows]])],
        np.concatenate([y, guesses]),
        np.concatenate([weights, REJECT_WEIGHT * each[rejected[rows]] * shares]),
        model,
        options,
    )


def _guesses(belief: Floats, possible: Mask) -> tuple[Indices, Indices, Floats]:
    """Return rows, labels and shares: each row as its best possible labels, shares summing to 1."""
    belief = np.where(possible, np.maximum(belief, 1e-12), 0.0)
    kept = min(REJECT_CANDIDATES, belief.shape[1])
    labels = np.argpartition(-belief, kept - 1, axis=1)[:, :kept]
    shares = np.take_along_axis(belief, labels, axis=1)
    shares /= shares.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(len(belief)), kept)
    some = shares.ravel() > 0
    return rows[some], labels.ravel()[some], shares.ravel()[some].astype(np.float32)


def _fit_softmax(
    model: LinearModel,
    x: Features,
    y: Indices,
    weights: Floats,
    start: LinearModel | None,
    options: FitOptions,
) -> LinearModel:
    """Fit new weights for the model's trained labels, which ``y`` counts from 0."""
    trained = model.trained
    begin = _as_solved(start.coef[trained], start.intercept[trained]) if start else None
    solved = solve(x, y, weights, begin, options)
    coef, intercept, _ = _zeros(*model.coef.shape)
    coef[trained], intercept[trained] = _per_class(solved.coef, solved.intercept)
    return LinearModel(model.task, coef, intercept, trained, ended=solved.ended)


# Of two classes scikit-learn keeps one row: the second's weights against the first's.


def _as_solved(coef: Floats, intercept: Floats) -> tuple[Floats, Floats]:
    if len(coef) == 2:
        return coef[[1]] - coef[[0]], intercept[[1]] - intercept[[0]]
    return coef, intercept


def _per_class(coef: Floats, intercept: Floats) -> tuple[Floats, Floats]:
    if len(coef) == 1:
        halves = np.array([[-0.5], [0.5]], np.float32)
        return halves * coef, halves[:, 0] * intercept
    return coef, intercept


def _zeros(k: int, d: int) -> tuple[Floats, Floats, Mask]:
    return np.zeros((k, d), np.float32), np.zeros(k, np.float32), np.zeros(k, np.bool_)


def _class_weights(y: Indices, weights: Floats, options: FitOptions) -> Floats:
    """Return a weight per class (c,), n / (c * count) when balanced; each class has a row."""
    counts = np.bincount(y, weights=weights)
    if not options.balanced:
        return np.ones(len(counts), np.float32)
    levelled = counts.sum() / (len(counts) * np.maximum(counts, 1))
    return np.asarray(levelled, np.float32)


_FITS = {"exclusive": _fit_exclusive, "rating": _fit_grades}
"""How to fit a task whose labels aren't each a regression by itself."""

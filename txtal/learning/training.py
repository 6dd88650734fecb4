"""Fitting the linear model to answers: a regression, plus label propagation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from txtal.learning.arrays import Cells, Features, Floats, Indices
from txtal.learning.model import LinearModel, fit, prior
from txtal.learning.names import Names, NameWeight
from txtal.learning.names import of as names_of
from txtal.learning.propagation import Propagation
from txtal.learning.regression import ITERATIONS, LARGE, TOLERANCE, WHOLE, FitLimits
from txtal.learning.softmax import Curvature
from txtal.learning.stepwise import Steps, finished
from txtal.learning.votes import Votes
from txtal.types import Task


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """The settings of a fit."""

    C: float | None = None
    """The inverse strength of the regression's L2 penalty; None means the task's default."""
    balanced: bool | None = None
    """Whether every class has the same weight, however rare; None means the task's default."""
    names: bool = True
    """Whether the model learns from the labels' names, if they are known."""
    votes: float = 0.0
    """Weight of the votes' opinion on a ticket, relative to an answer; 0 means none."""


_NO_ROWS: Indices = np.empty(0, np.int64)

STEP = 1.5e9
"""How much of a fit that takes long is done at once: answers times labels times columns times
iterations."""

QUICK = 1e9
"""The same for one that somebody waits for."""

FEWEST_ITERATIONS = 5
"""Those of a part, however large a fit is."""


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Answers, and what is learned from them: with what names and votes add."""

    rows: Indices
    """(n,): the rows of the answered tickets."""
    answers: Cells
    """(n, k)."""
    features: Features
    """(m, d)."""
    cells: Cells
    """(m, k)."""
    weights: Floats | None
    """(m,): what each counts; None where each counts as an answer."""
    name_weight: NameWeight | None
    """How much the labels' names count; None where they aren't evidence."""

    def iterations(self, work: float) -> int:
        """Return the most iterations of a fit that is done in parts of so much work."""
        size = self.cells.size * self.features.shape[1]
        return ITERATIONS if size < LARGE else max(FEWEST_ITERATIONS, int(work / size))


@dataclass(frozen=True)
class Trainer:
    """Fits models of one dataset with fixed settings."""

    task: Task
    hyper: Hyperparameters
    propagation: Propagation | None = None
    names: Names | None = None
    """The labels' names as evidence; None if they aren't known or wanted."""
    votes: Votes | None = None
    """The votes of rules and commands; None if there are none."""
    seed: int = 0
    tolerance: float = TOLERANCE
    """Mean gradient below which a regression has been fitted well enough."""

    def training_set(self, features: Features, rows: Indices, cells: Cells) -> TrainingSet:
        """Gather what is learned from answers (n, k) to tickets by their features (n, d).

        ``rows`` (n,) are the rows of these tickets.
        """
        known, said, weights, weight = features, cells, None, None
        if self.evidence is not None:
            weight = self.evidence.weigh(features, cells, self.task)
            known, said, weights = self.evidence.joined(features, cells, weight, self.task)
        if self.votes is not None and self.hyper.votes:
            opinions = self.votes.opinions(rows, cells)
            known, said, weights = self.votes.joined(
                known, said, weights, opinions, self.hyper.votes
            )
        return TrainingSet(rows, cells, known, said, weights, weight)

    def regression(
        self, known: TrainingSet, start: LinearModel | None = None, limits: FitLimits = WHOLE
    ) -> LinearModel:
        """Fit a logistic regression; see :func:`fit`. The tolerance is that of the trainer."""
        return fit(
            known.features,
            known.cells,
            self.task,
            weights=known.weights,
            C=self.hyper.C,
            balanced=self.hyper.balanced,
            start=start,
            seed=self.seed,
            limits=limits._replace(tolerance=self.tolerance),
        )

    def regressing(
        self, known: TrainingSet, start: LinearModel | None = None, *, in_span: bool = False
    ) -> Steps[LinearModel]:
        """Fit a regression; stop after each part of one that takes long."""
        most = known.iterations(STEP)
        if most < ITERATIONS:
            yield  # to gather so many answers takes long, too
        curvature = Curvature()
        limits = FitLimits(in_span=in_span, iterations=most, known=curvature)
        fitted = self.regression(known, start, limits)
        done = most
        while not fitted.ended and done < ITERATIONS:
            yield
            rest = FitLimits(iterations=most, continued=start is None, known=curvature)
            fitted = self.regression(known, fitted, rest)
            done += most
        return replace(fitted, ended=True)

    def finish(self, regression: LinearModel, known: TrainingSet) -> LinearModel:
        """Add label propagation to a regression."""
        regression = replace(regression, prior=prior(known.answers, self.task))
        names = self.evidence if self.task == "exclusive" else None
        weight = known.name_weight if names is not None else None
        whole = regression
        if self.propagation is not None:
            named = names.named(weight) if names is not None and weight is not None else None
            whole = self.propagation.propagate(regression, known.rows, known.answers, named)
        return whole if names is None or weight is None else names.added(whole, weight)

    def model(self, features: Features, rows: Indices, cells: Cells) -> LinearModel:
        """Fit the whole model: a regression from scratch, and label propagation."""
        return finished(self.modelling(features, rows, cells))

    def modelling(self, features: Features, rows: Indices, cells: Cells) -> Steps[LinearModel]:
        """Do what :meth:`model` does, and stop after each part of a fit that takes long."""
        known = self.training_set(features, rows, cells)
        regression = yield from self.regressing(known, in_span=True)
        return self.finish(regression, known)

    @property
    def evidence(self) -> Names | None:
        """The labels' names, if the model learns from them; else None."""
        return self.names if self.hyper.names else None

    def named(self, vectors: Floats) -> Trainer:
        """Return a trainer that takes label names as evidence, given by their features (k, d)."""
        if self.propagation is None or self.task == "rating":
            return self
        names = names_of(vectors, self.propagation)
        if names is None:
            return self
        unscored = replace(self, names=names)
        none = np.zeros((0, len(vectors)), np.int8)
        only = unscored.model(np.zeros((0, vectors.shape[1]), np.float32), _NO_ROWS, none)
        return replace(self, names=replace(names, coef=only.coef, intercept=only.intercept))

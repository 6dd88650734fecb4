"""Fitting the linear model to answers: a regression, plus label propagation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from txtal.learning.arrays import Cells, Features, Floats, Indices
from txtal.learning.model import LinearModel, fit, prior
from txtal.learning.names import Names
from txtal.learning.names import of as names_of
from txtal.learning.propagation import WEIGHT, Propagation
from txtal.learning.regression import TOLERANCE
from txtal.learning.votes import Votes
from txtal.types import Task


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """The settings of a fit that :mod:`txtal.learning.tuning` chooses."""

    C: float | None = None
    """The inverse strength of the regression's L2 penalty; None means the task's default."""
    balanced: bool | None = None
    """Whether every class has the same weight, however rare; None means the task's default."""
    propagation: float = WEIGHT
    """The weight of label propagation; 0 means none."""
    downweighted: int | None = None
    """The block of features that has half the weight of the others, if any."""
    names: bool = True
    """Whether the model learns from the labels' names, if they are known."""
    votes: float = 0.0
    """Weight of the votes' opinion on a ticket, relative to an answer; 0 means none."""


_NO_ROWS: Indices = np.empty(0, np.int64)


@dataclass(frozen=True)
class Trainer:
    """Fits models of one dataset with fixed settings."""

    task: Task
    hyper: Hyperparameters
    widths: tuple[int, ...]
    """Columns of each block of features."""
    propagation: Propagation | None = None
    names: Names | None = None
    """The labels' names as evidence; None if they aren't known or wanted."""
    votes: Votes | None = None
    """The votes of rules and commands; None if there are none."""
    seed: int = 0
    tolerance: float = TOLERANCE
    """Mean gradient below which a regression has been fitted well enough."""

    def regression(
        self,
        features: Features,
        rows: Indices,
        cells: Cells,
        start: LinearModel | None = None,
        *,
        in_span: bool = False,
    ) -> LinearModel:
        """Fit a logistic regression to answers (n, k) by features (n, d); see :func:`fit`.

        ``rows`` (n,) are the rows of their tickets.
        """
        scale = self._scale()
        begin = None if start is None else replace(start, coef=start.coef / scale)
        weights, answers = None, (rows, cells)
        if self.evidence is not None:
            weight = self.evidence.weigh(features, cells, self.task)
            features, cells, weights = self.evidence.joined(features, cells, weight, self.task)
        if self.votes is not None and self.hyper.votes:
            opinions = self.votes.opinions(*answers)
            features, cells, weights = self.votes.joined(
                features, cells, weights, opinions, self.hyper.votes
            )
        fitted = fit(
            features * scale,
            cells,
            self.task,
            weights=weights,
            C=self.hyper.C,
            balanced=self.hyper.balanced,
            start=begin,
            seed=self.seed,
            tolerance=self.tolerance,
            in_span=in_span,
        )
        return replace(fitted, coef=fitted.coef * scale)

    def finish(
        self, regression: LinearModel, features: Features, rows: Indices, cells: Cells
    ) -> LinearModel:
        """Add label propagation to a regression, from its answers (n, k) at their rows (n,)."""
        regression = replace(regression, prior=prior(cells, self.task))
        names = self.evidence if self.task == "exclusive" else None
        weight = names.weigh(features, cells, self.task) if names is not None else None
        finished = regression
        if self.propagation is not None and self.hyper.propagation:
            named = names.named(weight) if names is not None and weight is not None else None
            finished = self.propagation.propagate(
                regression, rows, cells, self.hyper.propagation, named
            )
        return finished if names is None or weight is None else names.added(finished, weight)

    def model(self, features: Features, rows: Indices, cells: Cells) -> LinearModel:
        """Fit the whole model: a regression from scratch, and label propagation."""
        regression = self.regression(features, rows, cells, in_span=True)
        return self.finish(regression, features, rows, cells)

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

    def _scale(self) -> Floats:
        """Return a factor per column (d,), of mean square 1, so that C keeps its meaning."""
        factors = np.ones(len(self.widths), np.float32)
        if self.hyper.downweighted is not None:
            factors[self.hyper.downweighted] = 0.5
            factors /= np.sqrt(np.mean(factors**2))
        return np.repeat(factors, self.widths)

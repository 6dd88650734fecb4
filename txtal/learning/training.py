"""From answers to the one linear model: a regression, and what the pool adds to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from txtal.learning.arrays import Cells, Features, Floats, Indices
from txtal.learning.model import LinearModel, fit
from txtal.learning.propagation import WEIGHT, Propagation
from txtal.types import Task


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """What a fit leaves open, and :mod:`txtal.learning.tuning` chooses."""

    C: float | None = None
    """The inverse strength of the regression's L2 penalty; None: as is usual for the task."""
    balanced: bool | None = None
    """Whether every class weighs the same, however rare; None: as is usual for the task."""
    carried: float = WEIGHT
    """The weight of answers carried on to similar tickets; 0: they aren't."""
    halved: int | None = None
    """The block of features that counts half as much as the others, if any."""


@dataclass(frozen=True)
class Trainer:
    """Fits models of one dataset in one way."""

    task: Task
    hyper: Hyperparameters
    widths: tuple[int, ...]
    """Columns of each block of features."""
    propagation: Propagation | None = None
    seed: int = 0

    def regression(
        self, features: Features, cells: Cells, start: LinearModel | None = None
    ) -> LinearModel:
        """A logistic regression of answers (n, k) on features (n, d); see :func:`fit`."""
        scale = self._scale()
        begin = None if start is None else replace(start, coef=start.coef / scale)
        fitted = fit(
            features * scale,
            cells,
            self.task,
            C=self.hyper.C,
            balanced=self.hyper.balanced,
            start=begin,
            seed=self.seed,
        )
        return replace(fitted, coef=fitted.coef * scale)

    def finish(self, regression: LinearModel, rows: Indices, cells: Cells) -> LinearModel:
        """The regression with what its answers (n, k) say of tickets near their rows (n,)."""
        if self.propagation is None or not self.hyper.carried:
            return regression
        return self.propagation.carry(regression, rows, cells, self.hyper.carried)

    def model(self, features: Features, rows: Indices, cells: Cells) -> LinearModel:
        """Both at once, from nothing."""
        return self.finish(self.regression(features, cells), rows, cells)

    def _scale(self) -> Floats:
        """A factor a column (d,), of mean square 1 over blocks lest it change what C means."""
        factors = np.ones(len(self.widths), np.float32)
        if self.hyper.halved is not None:
            factors[self.hyper.halved] = 0.5
            factors /= np.sqrt(np.mean(factors**2))
        return np.repeat(factors, self.widths)

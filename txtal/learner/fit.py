"""One model version: everything that was made of the answers at one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from txtal.learner import measuring
from txtal.learner.answered import Answered
from txtal.learner.measuring import NOTHING, Measured
from txtal.learner.pool_features import Neighbours
from txtal.learner.snapshot import Snapshot
from txtal.learning import calibrate
from txtal.learning.arrays import Floats
from txtal.learning.matrix import IS, NOT
from txtal.learning.model import LinearModel
from txtal.learning.names import fade
from txtal.learning.regression import FitLimits
from txtal.learning.stepwise import Steps, finished
from txtal.learning.training import QUICK, Trainer
from txtal.types import ONE_OF, Measures, Scheme, Task
from txtal.vectors.cache import DatasetFeatures

NOT_READY = "the model needs answers of two kinds"
"""Why there is nothing to tell apart yet."""

BORNE_OUT = 10
"""Answers from which suggestions are no longer said to be by the labels' names."""

Sample = Callable[[], tuple[Floats, int]]
"""Gives the features (p, d) of open tickets drawn uniformly, and how many tickets are open."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A model with what it was fitted to and how good it is.

    The next one starts from it: its weights save time, and what was measured holds for a while.
    """

    snapshot: Snapshot
    neighbours: Neighbours
    answered: Answered
    trainer: Trainer
    regression: LinearModel
    """The model without what label propagation adds."""
    model: LinearModel
    """What picks tickets and decides on labels."""
    measured: Measured = NOTHING
    measures: Measures | None = None
    """What was measured of this very model, by the ids of labels; None when it wasn't time to."""

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        neighbours: Neighbours,
        trainer: Trainer,
        *,
        left_out: frozenset[int] = frozenset(),
        before: Fit | None = None,
        quick: bool = False,
    ) -> Fit:
        """Fit a model to the answers, but those to the tickets ``left_out``; not measured yet.

        ``before`` is the last fit to the same features. A ``quick`` fit of many answers goes part
        of the way; :meth:`settling` goes on from there.
        """
        answered = Answered.of(snapshot)
        taught = answered.without(left_out)
        known = trainer.training_set(taught.features, taught.rows, taught.cells)
        start = before.regression if before else None
        if quick and start is not None:
            limits = FitLimits(iterations=known.iterations(QUICK))
            regression = trainer.regression(known, start, limits)
        else:
            regression = finished(trainer.regressing(known, start))
        model = trainer.finish(regression, known)
        return cls(snapshot, neighbours, answered, trainer, regression, model)

    def settling(self, left_out: frozenset[int]) -> Steps[Fit]:
        """Fit the model to the end, where it went part of the way only."""
        taught = self.answered.without(left_out)
        known = self.trainer.training_set(taught.features, taught.rows, taught.cells)
        yield
        regression = yield from self.trainer.regressing(known, self.regression)
        return replace(self, regression=regression, model=self.trainer.finish(regression, known))

    def measure(self, sample: Sample, before: Fit | None) -> Fit:
        """Return the fit with its measures, or with those of the fit ``before`` if they still hold.

        ``sample`` is called only when it is time to measure.
        """
        fit = self.measured_as(before)
        if not fit.is_to_be_measured:
            return fit
        return fit.measured_by(finished(fit.measuring(sample)))

    def measured_as(self, before: Fit | None) -> Fit:
        """Return the fit with what was measured of the fit ``before``, if anything can be."""
        answers, audits = len(self.answered), int(self.answered.audit.sum())
        if before is None or not self.ready or not measuring.enough(answers, audits):
            return self
        return replace(self, measured=before.measured)

    @property
    def is_to_be_measured(self) -> bool:
        """Whether anything can be measured, and what was measured before is of too few answers."""
        answers, audits = len(self.answered), int(self.answered.audit.sum())
        if not self.ready or not measuring.enough(answers, audits):
            return False
        return self.measured.is_old(answers, self.trainer.hyper)

    def measuring(self, sample: Sample) -> Steps[Measured]:
        """Measure the model, one fit after the other."""
        return measuring.measure(self.answered, self.trainer, self.model, *sample())

    def measured_by(self, measured: Measured) -> Fit:
        """Return the fit with what was measured of it."""
        if measured.measures is None:
            return replace(self, measured=measured)
        measures = measuring.by_label(measured.measures, self.answered.labels)
        measures = replace(measures, state=self.snapshot.log.state)
        return replace(self, measured=measured, measures=measures)

    def given_to(self, newer: Fit) -> Fit:
        """Return a newer fit with what was measured of this one, if it is of the same features."""
        if self.features.made != newer.features.made:
            return newer
        return replace(newer, measured=self.measured, measures=self.measures)

    @property
    def scheme(self) -> Scheme:
        return self.snapshot.scheme

    @property
    def task(self) -> Task:
        return self.snapshot.scheme.task

    @property
    def features(self) -> DatasetFeatures:
        """Those of the dataset, as far as they were made."""
        return self.snapshot.features

    @property
    def ready(self) -> bool:
        """Whether answers of two kinds were given: without them it goes by the names alone."""
        cells = self.answered.cells
        if self.task in ONE_OF:
            return int((cells == IS).any(axis=0).sum()) > 1
        return bool(((cells == IS).any(axis=0) & (cells == NOT).any(axis=0)).any())

    @property
    def by_names(self) -> bool:
        """Whether it says little but what the labels are called."""
        return self.trainer.evidence is not None and len(self.answered) < BORNE_OUT

    @property
    def _fade(self) -> float:
        return fade(len(self.answered), len(self.scheme.labels))

    @cached_property
    def calibrated(self) -> LinearModel:
        """The model whose probabilities are shown and saved; it decides as the other does."""
        temperature = self.measured.temperature
        if temperature == 1.0 and self.trainer.evidence is not None:
            # Not yet measured: by names alone it is twice as sure as it is right, see docs.
            return self.model.calibrated(1 + self._fade)
        if temperature == 1.0:
            return self.model
        unseen = (
            calibrate.unseen_proportion(self.answered.cells) if self.task == "exclusive" else 0.0
        )
        return self.model.calibrated(temperature, unseen)

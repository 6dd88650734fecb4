"""Learning curves: how quality grows with answers, and what more answers would bring.

An inverse power law, quality = limit − loss / answers ** exponent: the shape that learning curves
of text classifiers have (Figueroa et al. 2012, "Predicting sample size required for classification
performance", BMC Medical Informatics and Decision Making 12). A few points can't determine the
exponent, so it is fixed in the middle of the usual range, all of which the interval covers. That
the model's probabilities aren't quite right can't be seen from the points, so it was measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from txtal.learning.arrays import Floats, Indices
from txtal.types import Forecast

EXPONENTS = (0.5, 0.75, 1.0)
"""The least, the usual and the most."""

OFF = 1.5
"""The factor by which true gains were up to this far outside of what points and exponents allow, at
19 looks in 20; docs/benchmarks.md has how it was found."""

_USUAL = 1
_LOW, _HIGH = 2.5, 97.5


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """A curve for each exponent, fitted to the points and to resamples of them."""

    loss: Floats
    """(e, b): the distance from the limit, times a power of the answers; b = 0 is no resample."""

    @classmethod
    def fit(cls, answers: Indices, quality: Floats) -> Curve:
        """Fit to ``quality`` (b, j) after so many ``answers`` (j,), by weighted least squares.

        A point's weight is its number of answers: late points say more of what comes next.
        """
        weights = (answers / answers.max())[:, None]
        losses = []
        for exponent in EXPONENTS:
            design = np.stack([np.ones(len(answers)), -(answers**-exponent)], axis=1)
            losses.append((np.linalg.pinv(design * weights) @ (quality * weights.T).T)[1])
        return cls(np.maximum(losses, 0.0))

    def expected_gain(self, answers: int, more: int) -> float:
        """Return what ``more`` answers would most probably add."""
        return float(self._gains(answers, more)[_USUAL, 0])

    def gain(self, answers: int, more: int) -> Forecast:
        """Return what ``more`` answers would add, with a 95% interval."""
        low, high = np.percentile(self._gains(answers, more), (_LOW, _HIGH), axis=1)
        expected = self.expected_gain(answers, more)
        return Forecast(expected, float(low.min()) / OFF, float(high.max()) * OFF)

    def _gains(self, answers: int, more: int) -> Floats:
        """Return the gain (e, b) by each exponent and resample."""
        powers = np.array(EXPONENTS)[:, None]
        return np.asarray(self.loss * (answers**-powers - (answers + more) ** -powers))

    def needed(self, answers: int, quality: float, target: float) -> float | None:
        """Return how many more answers lead from ``quality`` to ``target``; None means never."""
        if quality >= target:
            return 0.0
        loss, exponent = float(self.loss[_USUAL, 0]), EXPONENTS[_USUAL]
        left = answers**-exponent - (target - quality) / loss if loss else 0.0
        return float(left ** (-1 / exponent) - answers) if left > 0 else None

"""Learning curves: how quality grows with answers, and what more of them would bring.

An inverse power law, quality = limit − loss / answers: the shape that learning curves of text
classifiers have (Figueroa et al. 2012, "Predicting sample size required for classification
performance", BMC Medical Informatics and Decision Making 12), with the exponent held at one. Left
free, it was found no better and less steady on a few points (tests/bench/stopping.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from txtal.learning.arrays import Floats, Indices
from txtal.types import Prediction

_LOW, _HIGH = 2.5, 97.5


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """Several fits of one curve: the first to all that is known, the others to resamples of it."""

    limit: Floats
    """(b,): what no number of answers would get beyond."""
    loss: Floats
    """(b,): what is lacking of it, times the answers."""

    @classmethod
    def fit(cls, answers: Indices, quality: Floats) -> Curve:
        """Weighted least squares through ``quality`` (b, j) after so many ``answers`` (j,).

        A point's residual weighs as its answers: what is near says more of what comes next.
        """
        design = np.stack([np.ones(len(answers)), -1 / answers], axis=1)
        weights = (answers / answers.max())[:, None]
        solve = np.linalg.pinv(design * weights)
        limit, loss = solve @ (quality * weights.T).T
        return cls(limit, np.maximum(loss, 0.0))

    def gain(self, answers: int, more: int) -> Prediction:
        """What ``more`` answers would add, with a 95 % interval."""
        found = self.loss * (1 / answers - 1 / (answers + more))
        low, high = np.percentile(found[1:], (_LOW, _HIGH)) if len(found) > 1 else (found[0],) * 2
        return Prediction(float(found[0]), float(low), float(high))

    def needed(self, answers: int, quality: float, target: float) -> float | None:
        """How many more answers it takes from ``quality`` to ``target``; None: never."""
        if quality >= target:
            return 0.0
        loss = float(self.loss[0])
        left = 1 / answers - (target - quality) / loss if loss else 0.0
        return 1 / left - answers if left > 0 else None

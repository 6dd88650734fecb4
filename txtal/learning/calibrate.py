"""Probabilities that mean what they say, without another answer being given for it.

Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks", ICML, section 4.2)
divides the logits by one number, found by maximum likelihood on answers the model had not seen. Of
a linear model that is a division of its weights: nothing but weights has to be kept.

Labels that were never answered can't be predicted, and still some tickets have them. Their share is
Good and Turing's estimate (Good 1953, Biometrika 40): that of the answers whose label was given
just once. Answers chosen to cover much meet such labels sooner than chance would, so that this errs
on the high side: it is held to what would be left if all labels were as frequent.

Neither changes which label is the most probable, nor on which side of one half a label is.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, log

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit, logsumexp, softmax

from txtal.learning.arrays import Cells, Floats, Mask
from txtal.learning.matrix import IS, UNKNOWN
from txtal.learning.model import with_unseen
from txtal.types import Task

FEWEST = 50
"""Answers below which probabilities are left as they are."""

CHOSEN = 35
"""What all answers a strategy chose count for together, at most, beside the audit answers."""

LEAST, MOST = 0.1, 10.0
"""Temperatures that are looked at."""

_FAINTEST = 1e-7
"""Probabilities are kept this far from 0 and 1."""

Losses = Callable[[float], Floats]
"""From the logarithm of a temperature to the negative log likelihood of each answer (n,)."""


def temperature(
    proba: Floats, cells: Cells, known: Mask, weights: Floats, task: Task
) -> tuple[float, float]:
    """The temperature that makes the answers (n, k) likeliest, and the error of its logarithm.

    ``proba`` (n, k) are cross-fitted. ``known`` (n, k) are the labels that the model behind a row
    was trained for; it isn't blamed for others. ``weights`` (n,): what each answer counts for. (1,
    0) when there is nothing to find it by.
    """
    losses, rows = _losses(proba, cells, known, task)
    if not len(rows):
        return 1.0, 0.0

    def total(heat: float) -> float:
        return float(weights[rows] @ losses(heat))

    bounds = log(LEAST), log(MOST)
    heat = float(minimize_scalar(total, bounds=bounds, method="bounded").x)
    step = 0.1
    bend = (total(heat + step) - 2 * total(heat) + total(heat - step)) / step**2
    return exp(heat), bend**-0.5 if bend > 0 else inf


def weights(audit: Mask) -> Floats:
    """What each answer (n,) counts for in finding the temperature.

    The audit answers stand for the pool and each counts for one. Those a strategy chose are others
    than chance would have met; but while the audit is small its chance errors are the greater evil,
    and so they count for ``CHOSEN`` answers in all.
    """
    chosen = max(1, int((~audit).sum()))
    return np.where(audit, 1.0, min(1.0, CHOSEN / chosen)).astype(np.float32)


def _losses(proba: Floats, cells: Cells, known: Mask, task: Task) -> tuple[Losses, np.ndarray]:
    """The losses of the rows that say something, and those rows."""
    if task == "exclusive":
        rows = np.flatnonzero(((cells == IS) & known).any(axis=1))
        logs = np.where(known, np.log(np.maximum(proba, _FAINTEST)), -inf)[rows]
        right = np.arange(len(rows)), (cells[rows] == IS).argmax(axis=1)

        def of_one(heat: float) -> Floats:
            cooled = logs * exp(-heat)
            return np.asarray(logsumexp(cooled, axis=1) - cooled[right])

        return of_one, rows
    counted = known & (cells != UNKNOWN)
    rows = np.flatnonzero(counted.any(axis=1))
    odds = np.where(cells == IS, 1, -1)[rows] * _logit(proba[rows])

    def of_each(heat: float) -> Floats:
        return np.asarray((np.logaddexp(0, -odds * exp(-heat)) * counted[rows]).sum(axis=1))

    return of_each, rows


def calibrated(proba: Floats, known: Mask, temperature: float, unseen: float, task: Task) -> Floats:
    """Probabilities (n, k) as :meth:`LinearModel.calibrated` would give them."""
    if task == "exclusive":
        logs = np.where(known, np.log(np.maximum(proba, _FAINTEST)), -inf)
        ready = known.any(axis=1, keepdims=True)
        cooled = softmax(np.where(ready, logs / temperature, 0.0), axis=1)
        return with_unseen(np.asarray(cooled, np.float32), known, unseen)
    cooled = np.where(known, expit(_logit(proba) / temperature), proba)
    return np.asarray(cooled, np.float32)


def unseen_share(cells: Cells) -> float:
    """The share of tickets whose label, of exclusive ones, was never answered; see above."""
    accepted = (cells == IS).sum(axis=0)
    once, answers = int((accepted == 1).sum()), int(accepted.sum())
    return min(float((accepted == 0).mean()), once / max(1, answers))


def _logit(proba: Floats) -> Floats:
    return np.asarray(logit(np.clip(proba, _FAINTEST, 1 - _FAINTEST).astype(np.float64)))

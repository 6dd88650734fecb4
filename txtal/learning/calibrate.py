"""Probabilities that mean what they say, without another answer being given for it.

Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks", ICML, section 4.2)
divides the logits by one number, found by maximum likelihood on answers the model had not seen. Of
a linear model that is a division of its weights. One number for all leaves the surest decisions
too sure and the least sure too unsure: what is shown is the mean at three temperatures about it
(after Zhang, Kailkhura and Han 2020, "Mix-n-Match", ICML, section 4.1).

The audit answers stand for the pool, but they are few. Those that a strategy chose are many, and
are no fair sample: how their temperature and the right one differ was measured over sets, and so
they make the prior that the audit answers have the last word on.

Labels that were never answered can't be predicted, and still some tickets have them. Their share is
Good and Turing's estimate (Good 1953, Biometrika 40): that of the answers whose label was given
just once. Answers chosen to cover much meet such labels sooner than chance would, so that this errs
on the high side: it is held to what would be left if all labels were as frequent.

None of it changes which label is the most probable, nor on which side of one half a label is.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, exp, hypot, inf, log

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from txtal.learning import grades
from txtal.learning.arrays import Cells, Floats, Mask
from txtal.learning.matrix import IS, UNKNOWN
from txtal.learning.model import SPREAD
from txtal.learning.squash import averaged, shares, with_unseen
from txtal.types import Task
from txtal.types.grades import LEVEL, are_scores

FEWEST = 50
"""Answers below which probabilities are left as they are."""

SHORT = 0.3
"""By what part of its logarithm the temperature of answers that a strategy chose falls short.

This, ``SCATTER`` and ``model.SPREAD`` were the best over 16 sets: see docs/benchmarks.md.
"""

SCATTER = 0.15
"""The standard deviation, over sets, of the logarithm about that."""

WIDE = 1.0
"""The standard deviation of the logarithm, about 0, before any answer is looked at."""

LEAST, MOST = 0.1, 10.0
"""Temperatures that are looked at."""

_FAINTEST = 1e-7
"""Probabilities are kept this far from 0 and 1."""

Losses = Callable[[float], Floats]
"""From the logarithm of a temperature to the negative log likelihood of each answer (n,)."""


def temperature(proba: Floats, cells: Cells, known: Mask, audit: Mask, task: Task) -> float:
    """Return the most likely temperature by the answers (n, k).

    ``proba`` (n, k) are cross-fitted. ``known`` (n, k) are the labels that the model behind a row
    was trained for; it isn't blamed for others. ``audit`` (n,): drawn uniformly at random, not
    chosen. 1 when there is nothing to find it by.
    """
    drawn, chosen = (
        _losses(proba[rows], cells[rows], known[rows], task) for rows in (audit, ~audit)
    )
    if not len(drawn(0.0)) + len(chosen(0.0)):
        return 1.0
    expected, error = _expected(chosen)
    return exp(_most_probable(drawn, expected, hypot(error, SCATTER))[0])


def by_chosen(proba: Floats, cells: Cells, known: Mask, task: Task) -> float:
    """Return the temperature to expect by answers of a strategy's choice alone; 1 without any."""
    losses = _losses(proba, cells, known, task)
    return exp(_expected(losses)[0]) if len(losses(0.0)) else 1.0


def _expected(chosen: Losses) -> tuple[float, float]:
    """The logarithm of the temperature that chosen answers speak for, and its error."""
    found, error = _most_probable(chosen, 0.0, WIDE)
    return found + SHORT * abs(found), error


def _most_probable(losses: Losses, centre: float, deviation: float) -> tuple[float, float]:
    """Return the logarithm of highest posterior density under a normal prior, and its error."""

    def total(heat: float) -> float:
        return float(losses(heat).sum()) + ((heat - centre) / deviation) ** 2 / 2

    bounds = log(LEAST), log(MOST)
    heat = float(minimize_scalar(total, bounds=bounds, method="bounded").x)
    step = 0.1
    bend = (total(heat + step) - 2 * total(heat) + total(heat - step)) / step**2
    return heat, max(bend, deviation**-2) ** -0.5


def _losses(proba: Floats, cells: Cells, known: Mask, task: Task) -> Losses:
    """Of the rows that say something."""
    if task == "exclusive":
        rows = np.flatnonzero(((cells == IS) & known).any(axis=1))
        logs = _logs(proba[rows], known[rows])
        right = np.arange(len(rows)), (cells[rows] == IS).argmax(axis=1)

        def of_one(heat: float) -> Floats:
            return np.asarray(-np.log(averaged(shares, logs / exp(heat), SPREAD)[right]))

        return of_one
    counted = known & (cells != UNKNOWN)
    rows = np.flatnonzero(counted.any(axis=1))
    odds = np.where(cells == IS, 1, -1)[rows] * _logit(proba[rows])

    def of_each(heat: float) -> Floats:
        losses = -np.log(averaged(expit, odds / exp(heat), SPREAD))
        return np.asarray((losses * counted[rows]).sum(axis=1))

    return of_each


def calibrated(proba: Floats, known: Mask, temperature: float, unseen: float, task: Task) -> Floats:
    """Calibrate probabilities (n, k) as :meth:`LinearModel.calibrated` would give them."""
    if task == "exclusive":
        ready = known.any(axis=1, keepdims=True)
        logs = np.where(ready, _logs(proba, known) / temperature, 0.0)
        cooled = averaged(shares, logs, SPREAD)
        return with_unseen(np.asarray(cooled, np.float32), known, unseen)
    cooled = np.where(known, averaged(expit, _logit(proba) / temperature, SPREAD), proba)
    return np.asarray(cooled, np.float32)


def of_grades(proba: Floats, cells: Cells) -> float:
    """Return the least temperature at which the shown interval holds as often as it says.

    ``proba`` (n, k) are cross-fitted, of grades or scores. For each answer it is known at which
    temperature it would lie within the central interval; their conformal quantile is taken (Lei et
    al. 2018, JASA 113, section 2.2). Of grades it is 1 or more: where one of few has most of the
    probability, the narrowest interval there is holds more often than it says.
    """
    given = np.flatnonzero((cells == IS).any(axis=1))
    if not len(given):
        return 1.0
    right = cells[given].argmax(axis=1)
    above = grades.at_least(proba[given])
    above = np.hstack([above, np.zeros((len(above), 1), above.dtype)])
    rows = np.arange(len(given))
    tails = np.minimum(above[rows, right], 1 - above[rows, right + 1])
    edge = (1 - LEVEL) / 2
    needed = np.sort(_logit(np.minimum(tails, 0.5)) / logit(edge))
    place = min(len(needed), ceil(LEVEL * (len(needed) + 1))) - 1
    return float(np.clip(needed[place], LEAST if are_scores(range(proba.shape[1])) else 1.0, MOST))


def widened(proba: Floats, temperature: float) -> Floats:
    """Divide the log-odds of "this grade or above" by ``temperature``; probabilities (n, k)."""
    if temperature == 1:
        return proba
    above = grades.at_least(proba)
    above[:, 1:] = expit(_logit(above[:, 1:]) / temperature)
    return grades.exactly(above)


def _logs(proba: Floats, known: Mask) -> Floats:
    return np.where(known, np.log(np.maximum(proba, _FAINTEST).astype(np.float64)), -inf)


def unseen_proportion(cells: Cells) -> float:
    """Return the fraction of tickets whose exclusive label was never answered; see above."""
    accepted = (cells == IS).sum(axis=0)
    once, answers = int((accepted == 1).sum()), int(accepted.sum())
    return min(float((accepted == 0).mean()), once / max(1, answers))


def _logit(proba: Floats) -> Floats:
    return np.asarray(logit(np.clip(proba, _FAINTEST, 1 - _FAINTEST).astype(np.float64)))

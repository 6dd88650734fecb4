"""How good the model is: measures, and an honest estimate from the audit answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from txtal.errors import LearnerError
from txtal.intervals import wilson
from txtal.learning import grades
from txtal.learning.arrays import Cells, Features, Indices, Mask
from txtal.learning.matrix import IS, UNKNOWN
from txtal.learning.model import LinearModel, decide, fit
from txtal.types import ONE_OF, Estimate, Task

FEWEST = 10
"""Audit answers below which there is no estimate: its interval would span half the scale."""

Regress = Callable[[Features, Cells, LinearModel | None], LinearModel]
"""Fits a model to features (n, d) and answers (n, k), perhaps starting at another."""

Labels = npt.NDArray[np.integer]
"""One label a row (n,), as a column number."""


def mean_interval(errors: Indices) -> tuple[float, float]:
    """The 95 % interval (low, high) of the mean of ``errors`` (n,), all 0 or more, n 2 or more.

    Wilson's, for errors of any size: of a mean m the variance is taken to be m (d - m), where d is
    the mean square by the mean, measured with one more error of 1 lest it be 0 by 0. Of errors 0
    and 1 d is 1, and it is the score interval of a share, with Student's quantile for the
    normal's. In 3,000 draws of 10 to 150 errors it covered the mean of six distributions as often
    as Student's interval or more often; where most errors are 0, that one covers it in a third.
    """
    n, total = len(errors), float(errors.sum())
    d = (float(np.square(errors).sum()) + 1) / (total + 1)
    z2 = float(stdtrit(n - 1, 0.975)) ** 2 / n
    mean = total / n
    middle = 2 * mean + z2 * d
    reach = sqrt(max(0.0, middle**2 - 4 * (1 + z2) * mean**2))
    return max(0.0, (middle - reach) / (2 * (1 + z2))), (middle + reach) / (2 * (1 + z2))


def accuracy(truth: Labels, predicted: Labels) -> float:
    """The share of rows (n,) that are right. Raises LearnerError without rows."""
    _check(truth, predicted)
    return float((truth == predicted).mean())


def exact_match(truth: Cells, predicted: Cells) -> float:
    """The share of rows (n, k) right in every label. Raises LearnerError without rows."""
    _check(truth, predicted)
    return float((truth == predicted).all(axis=1).mean())


def macro_f1(truth: Labels, predicted: Labels) -> float:
    """The mean F1 of the labels that occur in either (n,). Raises LearnerError without rows."""
    _check(truth, predicted)
    labels = np.union1d(truth, predicted)
    return multilabel_f1(truth[:, None] == labels, predicted[:, None] == labels, "macro")


def multilabel_f1(
    truth: Cells | Mask, predicted: Cells | Mask, average: Literal["micro", "macro"]
) -> float:
    """F1 of labels (n, k) that apply or don't; 1 when none applies and none is predicted.

    micro: of all decisions together. macro: the mean over labels that occur in either.
    Raises LearnerError without rows.
    """
    _check(truth, predicted)
    yes, said = truth == IS, predicted == IS
    both, either = (yes & said).sum(axis=0), yes.sum(axis=0) + said.sum(axis=0)
    if average == "micro":
        both, either = both.sum(keepdims=True), either.sum(keepdims=True)
    occurs = either > 0
    return float((2 * both[occurs] / either[occurs]).mean()) if occurs.any() else 1.0


def audit_estimate(
    features: Features,
    cells: Cells,
    audit: Mask,
    task: Task,
    *,
    folds: int = 5,
    seed: int = 0,
    regress: Regress | None = None,
    finish: Callable[[LinearModel, Indices], LinearModel] | None = None,
) -> Estimate | None:
    """How good a model of these answers is, from the audit answers alone.

    Only rows drawn uniformly at random (``audit`` (n,)) stand for the pool; those a strategy
    chose are the hard ones. Each is predicted by a model fitted to all answers but its fold's
    (cross-validation, Stone 1974, JRSS B 36, over the audit rows only), so no answer is spent on
    testing. The value is the share of rows right in every label: accuracy, or for multilabel
    exact match; the interval is Wilson's. For ratings it is the mean absolute error, in grades,
    with :func:`mean_interval`.

    A fold's fit starts at a model that has seen no audit row. The full model would save as much
    time, but a fit stops short of its optimum and would carry over some of what the full model
    knew of the rows held out.

    Rows not known in full don't count: where one label applies that is every reject, so an audit
    question should ask for a label, not for a verdict on a suggestion, or hard tickets drop out.
    Each model learned from a little less than all answers, so the value errs on the low side.

    ``regress`` fits a model, :func:`fit` by default; ``finish`` is given each fold's model and the
    rows it was fitted to, and gives back the model that is to be judged.

    None with fewer than ``FEWEST`` rows that count, or when a fold's model isn't ready.
    """
    counted = np.flatnonzero(audit & known_in_full(cells, task))
    if len(counted) < FEWEST:
        return None
    regress = regress or partial(_regress, task, seed)
    blind = regress(features[~audit], cells[~audit], None)
    decided = cells.copy()
    for held_out in np.array_split(np.random.default_rng(seed).permutation(counted), folds):
        rest = np.ones(len(cells), np.bool_)
        rest[held_out] = False
        model = regress(features[rest], cells[rest], blind)
        if not model.ready:
            return None
        if finish is not None:
            model = finish(model, np.flatnonzero(rest))
        decided[held_out] = decide(model.predict_proba(features[held_out]), task)
    return _estimate(cells[counted], decided[counted], task)


def _estimate(truth: Cells, decided: Cells, task: Task) -> Estimate:
    n = len(truth)
    if task == "rating":
        errors = grades.off(truth, decided)
        return Estimate(n, float(errors.mean()), *mean_interval(errors))
    right = int((decided == truth).all(axis=1).sum())
    return Estimate(n, right / n, *wilson(right, n))


def _regress(
    task: Task, seed: int, features: Features, cells: Cells, start: LinearModel | None
) -> LinearModel:
    return fit(features, cells, task, start=start, seed=seed)


def known_in_full(cells: Cells, task: Task) -> Mask:
    """The rows (n,) of which it is known for every label whether it applies."""
    known: Mask = (cells != UNKNOWN).all(axis=1)
    if task in ONE_OF:
        known &= (cells == IS).any(axis=1)
    return known


def _check(truth: npt.NDArray[np.generic], predicted: npt.NDArray[np.generic]) -> None:
    if truth.shape != predicted.shape or not len(truth):
        raise LearnerError(
            f"Can't measure predictions of shape {predicted.shape} against a truth of shape "
            f"{truth.shape}. Both need the same rows, one at least."
        )

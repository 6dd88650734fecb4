"""Logistic regression with an L2 penalty: by scikit-learn, and of many rows by ours."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from txtal.learning.arrays import Features, Floats, Indices
from txtal.learning.softmax import Curvature, SoftmaxLoss, minimised

TOLERANCE = 1e-4
"""Of the mean gradient. With 8,000 answers the fit and the exact one agree on 99.6% of texts."""

ITERATIONS = 300
"""The most that a fit takes."""

LARGE = 6e7
"""Rows times columns times classes from which a fit takes long."""

_FEW = 0.7
_FEW_PER_CLASS = 10
"""Rows, as multiples of the columns and of the classes, below which a fit within the span of the
rows is quicker."""


class FitLimits(NamedTuple):
    """How far a fit goes, and from where."""

    tolerance: float = TOLERANCE
    """Mean gradient below which it has ended."""
    in_span: bool = False
    """Whether few rows may be fitted in a basis of what they span, which is quicker."""
    iterations: int = ITERATIONS
    """The most it takes."""
    continued: bool = False
    """Whether it starts where a fit to the same rows stopped, not at that of fewer rows."""
    known: Curvature | None = None
    """What the parts of a fit of many rows know of one another."""


WHOLE = FitLimits()
"""As far as it goes, from scratch or from a fit to fewer rows."""


class FitOptions(NamedTuple):
    """The settings of a regression."""

    C: float
    balanced: bool
    seed: int
    limits: FitLimits


class Solved(NamedTuple):
    """What a fit came to."""

    coef: Floats
    """(c or 1, d): scikit-learn's coefficients for classes 0..c-1."""
    intercept: Floats
    """(c or 1,)."""
    ended: bool
    """Whether it was below the tolerance before its last iteration."""


def solve(
    x: Features,
    y: Indices,
    weights: Floats,
    begin: tuple[Floats, Floats] | None,
    options: FitOptions,
) -> Solved:
    """Return scikit-learn's coefficients and intercepts for classes 0..c-1.

    ``x`` (n, d) are the features, ``y`` (n,) the classes, ``weights`` (n,) what each counts, and
    ``begin`` what to start from.

    The optimum is a sum of rows (the representer theorem: Schölkopf, Herbrich and Smola 2001, "A
    Generalized Representer Theorem", COLT). So of few rows the coefficients are found in a basis of
    what the rows span, n numbers per class in the place of d, where the options allow it. A fit
    that is not quite converged ends elsewhere then.
    """
    if _takes_long(x, y):
        return _solve_long(x, y, weights, begin, options)
    if not options.limits.in_span or not _are_few(x, y):
        return _solve(x, y, weights, begin, options)
    basis, triangle = np.linalg.qr(x.T)
    within = None if begin is None else (begin[0] @ basis, begin[1])
    solved = _solve(np.ascontiguousarray(triangle.T), y, weights, within, options)
    return solved._replace(coef=solved.coef @ basis.T)


def _takes_long(x: Features, y: Indices) -> bool:
    """Return whether the rows are so many, and of more classes than two."""
    classes = int(y.max(initial=0)) + 1
    return isinstance(x, np.ndarray) and classes > 2 and x.size * classes >= LARGE


def _solve_long(
    x: Features,
    y: Indices,
    weights: Floats,
    begin: tuple[Floats, Floats] | None,
    options: FitOptions,
) -> Solved:
    known = np.asarray(x, np.float32)
    if begin is None:
        point = np.zeros((int(y.max()) + 1, known.shape[1] + 1), np.float32)
    else:
        point = np.column_stack([*begin]).astype(np.float32)
    tolerance = _tolerance(options.limits, len(y), from_scratch=begin is None)
    loss = SoftmaxLoss.of(known, y, weights, options.C)
    limits = options.limits
    point, ended = minimised(loss, point, tolerance, limits.iterations, options.seed, limits.known)
    return Solved(point[:, :-1], point[:, -1], ended)


def _tolerance(limits: FitLimits, rows: int, *, from_scratch: bool) -> float:
    """Return the mean gradient below which a fit has ended.

    One answer moves the mean gradient by about 1/n: with a fixed tolerance a warm start on many
    answers would stop before it had looked at the newest. A cold one looks at all.
    """
    if from_scratch or limits.continued:
        return limits.tolerance
    return min(limits.tolerance, 0.02 / rows)


def _are_few(x: Features, y: Indices) -> bool:
    """Return whether finding a basis of the rows costs less than it saves."""
    if not isinstance(x, np.ndarray) or not len(x):
        return False
    return bool(len(x) < min(_FEW * x.shape[1], _FEW_PER_CLASS * (int(y.max()) + 1)))


def _solve(
    x: Features,
    y: Indices,
    weights: Floats,
    begin: tuple[Floats, Floats] | None,
    options: FitOptions,
) -> Solved:
    limits = options.limits
    tolerance = _tolerance(limits, len(y), from_scratch=begin is None)
    from sklearn.linear_model import LogisticRegression  # a classifier that predicts fits nothing

    regression = LogisticRegression(
        C=options.C,
        tol=tolerance,
        max_iter=limits.iterations,
        warm_start=True,
        random_state=options.seed,
    )
    if begin is not None:
        regression.coef_, regression.intercept_ = begin
    with warnings.catch_warnings():
        # Not quite converged is close enough to rank by, and few rows a class are no mistake here.
        warnings.simplefilter("ignore", UserWarning)
        regression.fit(x, y, sample_weight=weights)
    ended = bool(regression.n_iter_[0] < limits.iterations)
    return Solved(regression.coef_, regression.intercept_, ended)

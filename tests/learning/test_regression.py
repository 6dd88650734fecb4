"""The regression's solver, against scikit-learn's own on the features as they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from tests.learning.blobs import blobs
from txtal.learning import regression
from txtal.learning.regression import FitLimits, FitOptions, solve

OPTIONS = FitOptions(C=10, balanced=False, seed=0, limits=FitLimits(1e-7, in_span=True))


def theirs(x: np.ndarray, y: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=10, tol=1e-9, max_iter=2_000).fit(x.astype(np.float64), y)


@pytest.mark.parametrize("groups", [2, 10])
@pytest.mark.parametrize("d", [12, 80, 300])
def test_few_rows_and_many_have_the_optimum_of_scikit_learn(groups: int, d: int) -> None:
    x, y = blobs(groups, 60 // groups, d, spread=1.0)
    coef, intercept, _ = solve(x, y, np.ones(60, np.float32), None, OPTIONS)
    exact = theirs(x, y)
    np.testing.assert_allclose(coef, exact.coef_, atol=5e-3)
    np.testing.assert_allclose(intercept, exact.intercept_, atol=5e-3)


def test_what_few_rows_start_from_doesnt_change_where_they_end() -> None:
    """Not even what no row speaks of, which the penalty takes away."""
    x, y = blobs(10, 6, 200, spread=1.0)
    elsewhere = np.random.default_rng(1).normal(size=(10, 200)).astype(np.float32)
    begin = elsewhere, np.zeros(10, np.float32)
    coef, *_ = solve(x, y, np.ones(60, np.float32), begin, OPTIONS)
    np.testing.assert_allclose(coef, theirs(x, y).coef_, atol=5e-3)


def test_rows_that_repeat_and_sparse_rows_are_fitted_too() -> None:
    x, y = blobs(10, 3, 120, spread=1.0)
    twice, both = np.vstack([x, x]), np.concatenate([y, y])
    coef, *_ = solve(twice, both, np.ones(60, np.float32), None, OPTIONS)
    np.testing.assert_allclose(coef, theirs(twice, both).coef_, atol=5e-3)
    sparse, *_ = solve(csr_matrix(twice), both, np.ones(60, np.float32), None, OPTIONS)
    np.testing.assert_allclose(sparse, coef, atol=5e-3)


def test_many_rows_have_the_optimum_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one of many rows is found, with uneven weights; from anywhere, and in parts."""
    monkeypatch.setattr(regression, "LARGE", 1)
    x, y = blobs(7, 30, 20, spread=1.0)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y)).astype(np.float32)
    options = OPTIONS._replace(limits=FitLimits(1e-6))
    whole = solve(x, y, weights, None, options)
    exact = LogisticRegression(C=10, tol=1e-9, max_iter=2_000).fit(
        x.astype(np.float64), y, sample_weight=weights
    )
    assert whole.ended
    theirs_at, ours_at = (
        np.asarray(one) for one in (exact.predict_proba(x), _proba(x, whole.coef, whole.intercept))
    )
    np.testing.assert_allclose(ours_at, theirs_at, atol=2e-3)
    elsewhere = np.random.default_rng(1).normal(size=(7, 20)).astype(np.float32)
    begin = elsewhere, np.ones(7, np.float32)
    parts = 0
    part = solve(x, y, weights, begin, options._replace(limits=FitLimits(1e-6, iterations=3)))
    while not part.ended:
        parts += 1
        rest = FitLimits(1e-6, iterations=3, continued=True)
        part = solve(x, y, weights, (part.coef, part.intercept), options._replace(limits=rest))
    assert parts > 1
    np.testing.assert_allclose(_proba(x, part.coef, part.intercept), theirs_at, atol=2e-3)


def _proba(x: np.ndarray, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
    return np.asarray(softmax(x @ coef.T + intercept, axis=1))

"""Scores: cuts, what lies between them, and intervals that hold as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from txtal.learning import calibrate, scores
from txtal.learning.crossfit import cross_fitted, deal
from txtal.learning.matrix import IS, NOT
from txtal.learning.model import decide, fit
from txtal.types.grades import between, in_ranges

K = 101


def cells_of(truth: np.ndarray) -> np.ndarray:
    return np.where(np.eye(K, dtype=np.bool_)[truth], IS, NOT).astype(np.int8)


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features of 8 columns, and scores about a line through them."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 8)).astype(np.float32)
    slope = np.linspace(-8, 8, 8)
    return x, np.clip(np.rint(50 + x @ slope + rng.normal(0, 8, n)), 0, 100).astype(np.int64)


@given(st.lists(st.integers(0, 100), max_size=40))
def test_every_cut_tells_some_scores_from_others(given_: list[int]) -> None:
    truth = np.array(given_, np.int64)
    at = scores.cuts(truth)
    assert len(at) <= scores.CUTS
    assert (np.diff(at) > 0).all()
    for cut in at:
        assert (truth >= cut).any()
        assert (truth < cut).any()


@settings(max_examples=25)
@given(st.lists(st.integers(0, 100), max_size=30), st.integers(0, 99))
def test_any_answers_make_a_distribution(given_: list[int], seed: int) -> None:
    truth = np.array(given_, np.int64)
    x = np.random.default_rng(seed).standard_normal((len(truth), 3)).astype(np.float32)
    proba = fit(x, cells_of(truth), "rating").predict_proba(np.ones((2, 3), np.float32))
    assert np.isfinite(proba).all()
    assert (proba >= 0).all()
    assert proba.sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_it_predicts_what_it_was_taught_and_its_intervals_hold() -> None:
    held, off = [], []
    for seed in range(4):
        x, truth = drawn(150, seed)
        cells, rows = cells_of(truth), np.arange(150)
        folds = deal(cells, np.ones(150, np.bool_))
        judged, _ = cross_fitted(x, rows, cells, folds, lambda a, _, b: fit(a, b, "rating"))
        model = fit(x, cells, "rating").calibrated(calibrate.of_grades(judged, cells))
        new, right = drawn(400, 100 + seed)
        proba = model.predict_proba(new)
        off.append(np.abs(decide(proba, "rating").argmax(axis=1) - right).mean())
        low, high = np.array([between(row) for row in proba.tolist()]).T
        held.append(((low <= right) & (right <= high)).mean())
    assert np.mean(off) < 9  # the noise alone is 6.4
    assert 0.86 < np.mean(held) < 0.95


def test_calibration_of_probabilities_is_that_of_the_model() -> None:
    x, truth = drawn(80, 9)
    model = fit(x, cells_of(truth), "rating")
    warm = model.calibrated(1.7).predict_proba(x)
    assert calibrate.widened(model.predict_proba(x), 1.7) == pytest.approx(warm, abs=1e-3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30).filter(lambda p: sum(p) > 0.01))
def test_the_interval_has_at_least_what_it_says(shares: list[float]) -> None:
    low, high = between(shares)
    assert 0 <= low <= high < len(shares)
    assert sum(shares[low : high + 1]) >= (0.9 - 1e-9) * sum(shares)


def test_ranges_lose_no_count() -> None:
    counts = {str(number): number for number in range(101)}
    ranges = in_ranges(counts)
    assert len(ranges) <= 10
    assert sum(ranges.values()) == sum(counts.values())
    assert in_ranges({str(n): 1 for n in range(11)})["0 to 1"] == 2

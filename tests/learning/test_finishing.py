"""The bound of what a model may label by itself holds as often as it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from txtal.learning import finishing
from txtal.learning.finishing import fewest, outlay, passed, spent
from txtal.store.predictions import at_least

LEVEL = 0.05


def world(rng: np.random.Generator, size: int, sharpness: float) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, and how likely the model really is to be right at each."""
    sure = rng.beta(4, 1.2, size)
    return sure, np.clip(sure**sharpness, 0, 1)


@pytest.mark.parametrize("sharpness", [pytest.param(0.5, marks=pytest.mark.slow), 1.0, 2.0])
def test_the_bound_is_broken_in_no_more_sessions_than_its_level(sharpness: float) -> None:
    rng = np.random.default_rng(7)
    broken = labelled = 0
    for _ in range(400):
        sure, chance = world(rng, 300, sharpness)
        found = passed(sure, rng.random(300) < chance, sure, 0.9, LEVEL)
        if found is not None:
            labelled += 1
            everything, truth = world(rng, 20_000, sharpness)
            broken += bool(truth[everything >= found.threshold].mean() < 0.9)
    assert broken <= 30  # 400 sessions at 5 %: more than 30 come about once in a hundred times
    assert labelled > 0 or sharpness > 1


@pytest.mark.parametrize("sessions", [100, pytest.param(400, marks=pytest.mark.slow)])
def test_however_often_it_is_tried_the_level_is_kept(sessions: int) -> None:
    assert sum(spent(LEVEL, number) for number in range(1, 10_000)) == pytest.approx(LEVEL, 1e-3)
    rng = np.random.default_rng(8)
    broken = {True: 0, False: 0}
    for _ in range(sessions):
        right = rng.random(900) < 0.899  # not enough
        for spending in (True, False):
            for number, size in enumerate(range(60, 901, 40), start=1):
                level = spent(LEVEL, number) if spending else LEVEL
                sure = np.full(size, 0.9)
                if passed(sure, right[:size], sure + 0.09, 0.9, level) is not None:
                    broken[spending] += 1
                    break
    assert broken[True] <= 0.075 * sessions
    assert (
        broken[False] > 0.1 * sessions
    )  # without it, trying until it passes would be outside the level


def test_without_an_error_it_takes_as_many_answers_as_the_exact_interval_says() -> None:
    n = fewest(0.95, LEVEL)
    assert n == 59
    sure = np.linspace(0.5, 1, n)
    found = passed(sure, np.ones(n, bool), sure, 0.95, LEVEL)
    assert found is not None
    assert found.threshold == 0
    assert passed(sure[1:], np.ones(n - 1, bool), sure[1:], 0.95, LEVEL) is None
    exact = binomtest(n, n, alternative="greater").proportion_ci(0.95, method="exact")
    assert found.low == pytest.approx(exact.low)


def test_tickets_of_the_same_confidence_belong_together() -> None:
    sure = np.full(200, 0.9)
    right = np.arange(200) >= 100  # the first half is wrong
    assert passed(sure, right, sure, 0.95, LEVEL) is None


def test_it_stops_at_the_first_threshold_that_fails() -> None:
    sure = np.linspace(1, 0, 400)
    right = np.ones(400, bool)
    right[150:250] = False
    found = passed(sure, right, np.where(sure > 0.7, 0.99, 0.3), 0.95, LEVEL)
    assert found is not None
    assert 100 < found.tested < 180


def test_what_more_answers_would_allow_is_more() -> None:
    rng = np.random.default_rng(1)
    sure = rng.beta(5, 1, 100)
    right = rng.random(100) < sure**0.2
    shares = outlay(sure, right, rng.beta(5, 1, 5_000), 0.9, LEVEL)
    assert [one.share for one in shares] == sorted(one.share for one in shares)
    assert all(one.audits > 0 for one in shares)
    assert outlay(sure, np.zeros(100, bool), sure, 0.9, LEVEL) == []


def test_a_forecast_is_as_many_answers_as_pass_so_often() -> None:
    size = finishing._needed(0.02, 0.95, LEVEL)
    assert size is not None
    rng = np.random.default_rng(3)
    passes = 0
    for _ in range(300):
        right = rng.random(size) > 0.02
        passes += passed(np.full(size, 0.9), right, np.full(size, 0.98), 0.95, LEVEL) is not None
    assert passes > 210


@pytest.mark.parametrize(
    ("errors", "checks", "rate"), [(0, 0, 0.1), (3, 20, 0.05), (90, 1500, 0.05)]
)
def test_the_check_of_a_bound_is_the_exact_binomial_test(
    errors: int, checks: int, rate: float
) -> None:
    if not checks:
        assert at_least(errors, checks, rate) == 1.0
        return
    exact = binomtest(errors, checks, rate, alternative="greater").pvalue
    assert at_least(errors, checks, rate) == pytest.approx(exact, rel=1e-6)

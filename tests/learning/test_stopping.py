"""When labelling stops to pay: learning curves, what models agree on, and the audit's plateau."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from txtal.learning.arrays import Cells
from txtal.learning.curve import OFF, Curve
from txtal.learning.stopping import (
    StopSet,
    changed,
    expected_f1,
    expected_right,
    kappa,
    plateau,
)
from txtal.types import Estimate

ANSWERS = np.array([100, 150, 200, 250, 300])


def one(labels: list[int], k: int = 3) -> Cells:
    return np.eye(k, dtype=np.int8)[labels]


class TestCurve:
    @given(st.floats(0.3, 1), st.floats(1, 20))
    def test_it_finds_the_curve_that_made_the_points(self, limit: float, loss: float) -> None:
        curve = Curve.fit(ANSWERS, (limit - loss * ANSWERS**-0.75)[None])
        gain = curve.gain(300, 100)
        assert gain.value == pytest.approx(loss * (300**-0.75 - 400**-0.75), abs=1e-6)
        assert gain.low is not None
        assert gain.high is not None
        assert gain.low * OFF <= gain.value <= gain.high / OFF

    def test_the_interval_is_that_of_the_resamples_and_of_what_exponents_are_usual(self) -> None:
        rng = np.random.default_rng(0)
        for power in (0.5, 1.0):
            drop = ANSWERS**-power
            points = 0.9 - drop / drop[-1] / 15 + rng.normal(0, 0.004, (200, 5))
            gain = Curve.fit(ANSWERS, points).gain(300, 50)
            true = (1 - (350 / 300) ** -power) / 15
            assert gain.low is not None
            assert gain.high is not None
            assert gain.low < true < gain.high

    def test_quality_never_falls_with_answers(self) -> None:
        falling = Curve.fit(ANSWERS, np.array([[0.9, 0.88, 0.86, 0.84, 0.82]]))
        assert falling.gain(300, 100).value == 0
        assert falling.needed(300, 0.82, 0.9) is None

    def test_answers_needed(self) -> None:
        curve = Curve.fit(ANSWERS, (0.95 - 7.2 * ANSWERS**-0.75)[None])
        now = 0.95 - 7.2 * 300**-0.75
        needed = curve.needed(300, now, 0.9)
        assert needed is not None
        assert 0.95 - 7.2 * (300 + needed) ** -0.75 == pytest.approx(0.9)
        assert curve.needed(300, 0.85, 0.8) == 0
        assert curve.needed(300, now, 0.96) is None


class TestAgreement:
    def test_kappa_of_labels_is_cohens(self) -> None:
        rng = np.random.default_rng(1)
        first, second = rng.integers(0, 3, 60), rng.integers(0, 3, 60)
        found = kappa(one(first.tolist()), one(second.tolist()), "exclusive")
        assert found == pytest.approx(cohen_kappa_score(first, second))
        assert changed(one(first.tolist()), one(second.tolist())) == (first != second).mean()

    def test_kappa_of_several_labels_is_of_every_yes_and_no(self) -> None:
        rng = np.random.default_rng(2)
        first, second = (rng.integers(0, 2, (30, 4)).astype(np.int8) for _ in "12")
        found = kappa(first, second, "multilabel")
        assert found == pytest.approx(cohen_kappa_score(first.ravel(), second.ravel()))

    def test_all_the_same(self) -> None:
        assert kappa(one([0, 0]), one([0, 0]), "exclusive") == 1


class TestExpectation:
    def test_of_certain_probabilities_it_is_what_is_measured(self) -> None:
        rng = np.random.default_rng(3)
        truth, said = rng.integers(0, 3, 80), rng.integers(0, 3, 80)
        proba = one(truth.tolist()).astype(np.float32)
        found = expected_f1(proba, one(said.tolist()), np.ones((1, 80)))
        assert found[0] == pytest.approx(f1_score(truth, said, average="macro"))
        right = expected_right(proba, one(said.tolist()), "exclusive")
        np.testing.assert_allclose(right, truth == said)

    def test_of_several_labels_every_one_must_be_right(self) -> None:
        proba = np.array([[0.9, 0.2], [0.5, 0.5]], np.float32)
        decided = np.array([[1, 0], [1, 1]], np.int8)
        np.testing.assert_allclose(
            expected_right(proba, decided, "multilabel"), [0.72, 0.25], atol=1e-6
        )

    def test_a_stop_set_tells_what_the_newest_model_thinks_of_those_before(self) -> None:
        rng = np.random.default_rng(4)
        truth = rng.integers(0, 3, 600)
        proba = (one(truth.tolist()) * 0.9 + 0.1 / 3).astype(np.float32)

        def right(share: float) -> Cells:
            wrong = rng.random(600) > share
            return one(np.where(wrong, (truth + 1) % 3, truth).tolist())

        models = [right(1 - 20 / n) for n in ANSWERS]
        stop_set = StopSet("exclusive", proba, ANSWERS, models)
        for curve in (stop_set.quality, stop_set.accuracy):
            gain = curve.gain(300, 100)
            assert gain.value is not None
            assert gain.value == pytest.approx(0.9 * (20 / 300 - 20 / 400), abs=0.01)


class TestPlateau:
    def test_it_is_as_long_as_no_earlier_estimate_is_lower(self) -> None:
        history = [
            (300, Estimate(50, 0.8, 0.7, 0.9)),
            (400, Estimate(60, 0.86, 0.8, 0.9)),
            (600, Estimate(80, 0.85, 0.8, 0.9)),
        ]
        assert plateau(history) == 200
        assert plateau(history[:2]) == 0

    def test_estimates_of_few_answers_are_no_measure(self) -> None:
        lucky = [(100, Estimate(20, 0.95, 0.7, 1)), (900, Estimate(90, 0.85, 0.8, 0.9))]
        assert plateau(lucky) == 0
        assert plateau([]) == 0

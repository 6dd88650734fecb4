"""Ratings: grades as a yes or no each, and models of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from txtal.learning import evaluate, grades
from txtal.learning.matrix import IS, NOT, UNKNOWN, answer_matrix
from txtal.learning.model import decide, fit
from txtal.learning.strategies.committee import deviation
from txtal.types import Answer, Label, Scheme

SCALE = Scheme("rating", tuple(Label(i, str(i)) for i in range(1, 6)))


def given_grades(column: np.ndarray, k: int) -> np.ndarray:
    return np.eye(k, dtype=np.int8)[column]


def scale(n: int = 200, k: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features along a line, and grades that go up with it."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 1, n)
    features = np.column_stack([place, 1 - place, 0.05 * rng.standard_normal(n)])
    column = np.minimum((place * k).astype(int), k - 1)
    return features.astype(np.float32) * 4, column


@pytest.mark.parametrize(
    ("verdict", "labels", "says"),
    [
        ("accept", (3,), [IS, IS, IS, NOT, NOT]),
        ("accept", (1,), [IS, NOT, NOT, NOT, NOT]),
        ("accept", (5,), [IS, IS, IS, IS, IS]),
        ("accept", (2, 4), [IS, IS, UNKNOWN, UNKNOWN, NOT]),
        ("reject", (3,), [IS, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]),
        ("reject", (5,), [IS, UNKNOWN, UNKNOWN, UNKNOWN, NOT]),
        ("reject", (1,), [IS, IS, UNKNOWN, UNKNOWN, UNKNOWN]),
        ("reject", (1, 2, 5), [IS, IS, IS, UNKNOWN, NOT]),
    ],
)
def test_what_an_answer_says_of_each_grade_or_above(verdict, labels, says):
    cells = answer_matrix([Answer(1, verdict, labels, id=1)], SCALE).cells
    assert grades.reached(cells).tolist() == [says]


@given(arrays(np.float64, (4, 6), elements=st.floats(0, 1)))
def test_chances_of_grades_and_of_each_or_above_say_the_same(chances):
    proba = grades.exactly(chances)
    assert (proba >= 0).all()
    assert proba.sum(axis=1) == pytest.approx(1)
    falling = -np.sort(-chances[:, 1:], axis=1)
    assert grades.at_least(proba)[:, 1:] == pytest.approx(falling, abs=1e-9)
    # The mean of a number is the sum of the chances that it is reached.
    assert grades.expected(proba) == pytest.approx(proba @ np.arange(6), abs=1e-9)


@given(arrays(np.float32, (5, 4), elements=st.floats(0.015625, 1, width=32)))
def test_no_grade_is_off_by_less_than_the_decision(weights):
    proba = weights / weights.sum(axis=1, keepdims=True)
    column = np.arange(4)
    off = np.abs(column[:, None] - column) @ proba.T  # (grade, row)
    decided = decide(proba, "rating").argmax(axis=1)
    assert off[decided, np.arange(5)] == pytest.approx(off.min(axis=0), abs=1e-4)


def test_a_model_learns_a_scale_and_stays_near_where_it_is_wrong():
    features, column = scale()
    model = fit(features, given_grades(column, 5), "rating")
    assert model.ready
    proba = model.predict_proba(features)
    assert proba.sum(axis=1) == pytest.approx(1, abs=1e-5)
    off = grades.off(given_grades(column, 5), decide(proba, "rating"))
    assert off.mean() < 0.15
    assert off.max() <= 1


def test_grades_never_given_are_possible_but_not_decided_on():
    features, column = scale(60)
    known = (column == 1) | (column == 3)
    model = fit(features[known], given_grades(column[known], 5), "rating", C=100)
    proba = model.predict_proba(features)
    assert (proba[:, [0, 4]].sum(axis=1) > 0).all()
    assert set(decide(proba, "rating").argmax(axis=1)) <= {1, 2, 3}


def test_one_grade_is_not_enough_and_none_is_an_even_chance_each_way():
    features, column = scale(20)
    one = fit(features, given_grades(np.full(20, 2), 5), "rating")
    assert not one.ready
    assert set(decide(one.predict_proba(features), "rating").argmax(axis=1)) == {2}
    nothing = fit(features[:0], given_grades(column[:0], 5), "rating")
    assert not nothing.ready
    assert np.isfinite(nothing.predict_proba(features)).all()


def test_a_reject_at_the_end_of_the_scale_teaches():
    features, column = scale(80)
    cells = given_grades(column, 5)
    rejected = np.where(cells == IS, NOT, UNKNOWN)
    rejected[column != 0] = UNKNOWN
    teaches = fit(features, np.where((column == 0)[:, None], rejected, cells), "rating")
    silent = fit(features[column != 0], cells[column != 0], "rating")
    low = features[column == 0]
    assert teaches.predict_proba(low)[:, 0].mean() < silent.predict_proba(low)[:, 0].mean() + 1e-6


def test_a_warm_start_leads_to_the_same_model():
    features, column = scale(150)
    cells = given_grades(column, 5)
    begun = fit(features[:100], cells[:100], "rating")
    warm, cold = (fit(features, cells, "rating", start=start) for start in (begun, None))
    assert warm.predict_proba(features) == pytest.approx(cold.predict_proba(features), abs=0.01)


def test_the_spread_of_a_committee_is_in_grades():
    sure = np.array([[1, 0, 0]], np.float32)
    other = np.array([[0, 0, 1]], np.float32)
    assert deviation(np.array([sure, sure]), "rating") == pytest.approx([0])
    assert deviation(np.array([sure, other]), "rating") == pytest.approx([1])
    # Of other tasks the distance between labels says nothing.
    assert deviation(np.array([sure, other]), "exclusive") == pytest.approx([np.sqrt(1 / 6)])


class TestEstimate:
    def test_errors_of_0_and_1_have_the_interval_of_a_share(self):
        errors = np.array([1] * 30 + [0] * 970)
        assert evaluate.mean_interval(errors) == pytest.approx(evaluate.wilson(30, 1000), abs=5e-4)

    def test_no_error_at_all_is_no_certainty(self):
        low, high = evaluate.mean_interval(np.zeros(20, int))
        assert low == 0
        assert 0.1 < high < 0.3

    @pytest.mark.parametrize(
        "shares",
        [
            (0.35, 0.2, 0.12, 0.1, 0.07, 0.05, 0.04, 0.03, 0.03, 0.01),
            (0.63, 0.34, 0.03),
            (0.93, 0.065, 0.005),
        ],
    )
    def test_the_interval_covers_the_mean(self, shares):
        rng = np.random.default_rng(0)
        drawn = rng.choice(len(shares), size=(1000, 60), p=np.array(shares) / sum(shares))
        mean = np.arange(len(shares)) @ shares / sum(shares)
        covered = [low <= mean <= high for low, high in map(evaluate.mean_interval, drawn)]
        assert 0.93 <= np.mean(covered) <= 0.975

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.learning.blobs import accepted, blobs
from txtal.errors import LearnerError
from txtal.learning import evaluate
from txtal.learning.evaluate import (
    accuracy,
    audit_estimate,
    exact_match,
    macro_f1,
    multilabel_f1,
    wilson,
)
from txtal.learning.matrix import IS, NOT, UNKNOWN


def test_wilson_by_hand():
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(counts):
    successes, n = counts
    low, high = wilson(successes, n)
    assert 0 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1
    assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_single_label_measures_by_hand():
    truth, said = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 3])
    assert accuracy(truth, said) == 0.5
    # F1: 0 has 2/3, 1 has 2/3, 2 and 3 have 0
    assert macro_f1(truth, said) == pytest.approx(1 / 3)
    assert macro_f1(truth, truth) == 1


def test_multilabel_measures_by_hand():
    truth = np.array([[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]], np.int8)
    said = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]], np.int8)
    assert exact_match(truth, said) == pytest.approx(1 / 3)
    assert multilabel_f1(truth, said, "micro") == pytest.approx(2 * 2 / (3 + 3))
    assert multilabel_f1(truth, said, "macro") == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert multilabel_f1(truth[2:], said[2:], "macro") == 1
    assert multilabel_f1(truth[2:], said[2:], "micro") == 1


def test_measuring_nothing_is_an_error():
    for measure in (accuracy, macro_f1):
        with pytest.raises(LearnerError, match="one at least"):
            measure(np.array([], int), np.array([], int))
    with pytest.raises(LearnerError, match="same rows"):
        exact_match(np.zeros((2, 3), np.int8), np.zeros((2, 2), np.int8))


# --- the audit ------------------------------------------------------------------------------


def every(n: int, step: int) -> np.ndarray:
    return np.arange(n) % step == 0


def test_an_easy_task_is_estimated_as_such():
    x, group = blobs(3, 30)
    estimate = audit_estimate(x, accepted(group, 3), every(90, 3), "exclusive")
    assert estimate is not None
    assert (estimate.n, estimate.value) == (30, 1.0)
    assert (estimate.low, estimate.high) == pytest.approx((0.8865, 1.0), abs=1e-4)


def test_random_answers_are_not_remembered():
    """With labels unrelated to the texts a leak of the held-out answers would show as skill."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 40)).astype(np.float32)
    answers = accepted(rng.integers(0, 2, 300), 2)
    estimate = audit_estimate(x, answers, np.ones(300, bool), "exclusive")
    assert estimate is not None
    assert estimate.low < 0.5 < estimate.high


def test_no_fit_sees_what_it_is_asked_and_none_starts_at_one_that_did(monkeypatch):
    x, group = blobs(3, 40)
    answers, audit = accepted(group, 3), every(120, 4)
    x[:, -1] = np.arange(120)  # a mark to know the rows by
    fits: list[tuple[set[int], object]] = []
    asked: list[set[int]] = []

    def spy(features, cells, task, *, start=None, **rest):
        model = real_fit(features, cells, task, start=start, **rest)
        fits.append((marks(features), start))

        class Spied:
            ready = model.ready

            def predict_proba(self, features):
                asked.append(marks(features))
                assert not asked[-1] & fits[-1][0]
                return model.predict_proba(features)

        return model if start is None else Spied()

    def marks(features) -> set[int]:
        return set(features[:, -1].astype(int).tolist())

    real_fit = evaluate.fit
    monkeypatch.setattr(evaluate, "fit", spy)
    audit_estimate(x, answers, audit, "exclusive")
    assert fits[0][0] == set(np.flatnonzero(~audit).tolist())
    assert len(fits) == 6
    assert all(start is not None for _, start in fits[1:])
    assert sorted(mark for fold in asked for mark in fold) == np.flatnonzero(audit).tolist()


def test_only_audit_answers_that_are_known_in_full_count():
    x, group = blobs(3, 30)
    answers = accepted(group, 3)
    answers[0] = [NOT, UNKNOWN, UNKNOWN]
    answers[3] = [NOT, NOT, NOT]
    estimate = audit_estimate(x, answers, every(90, 3), "exclusive")
    assert estimate is not None
    assert estimate.n == 28


@pytest.mark.parametrize("task", ["multilabel", "binary"])
def test_other_tasks_count_rows_right_in_every_label(task):
    x, group = blobs(2, 40)
    answers = accepted(group, 2) if task == "multilabel" else accepted(group, 1)
    estimate = audit_estimate(x, answers, every(80, 2), task)
    assert estimate is not None
    assert (estimate.n, estimate.value) == (40, 1.0)


def test_too_few_answers_give_no_estimate():
    x, group = blobs(3, 30)
    answers = accepted(group, 3)
    assert audit_estimate(x, answers, np.arange(90) < 9, "exclusive") is None
    assert audit_estimate(x, answers, np.zeros(90, bool), "exclusive") is None
    one_label = np.tile(np.array([[IS, NOT, NOT]], np.int8), (90, 1))
    assert audit_estimate(x, one_label, np.ones(90, bool), "exclusive") is None
    assert audit_estimate(x[:0], answers[:0], np.zeros(0, bool), "exclusive") is None


def test_an_estimate_where_every_answer_is_an_audit():
    x, group = blobs(2, 10)
    estimate = audit_estimate(x, accepted(group, 2), np.ones(20, bool), "exclusive")
    assert estimate is not None
    assert estimate.value == 1

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    mean_absolute_error,
    precision_recall_fscore_support,
)

from txtal.errors import LearnerError
from txtal.learning.evaluate import exact_match, f1, measured, reliability, wilson
from txtal.learning.matrix import IS
from txtal.measures import quality
from txtal.types import Estimate, LabelCounts


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


def indicators(rows: int = 12, labels: int = 5) -> st.SearchStrategy[np.ndarray]:
    cell = st.lists(st.integers(0, 1), min_size=labels, max_size=labels)
    return st.lists(cell, min_size=rows, max_size=rows).map(lambda said: np.array(said, np.int8))


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(indicators(n), indicators(n))))
def test_scores_of_any_labels_are_scikit_learns(pair):
    truth, said = pair
    occurs = np.flatnonzero((truth | said).any(axis=0))
    assert exact_match(truth, said) == accuracy_score(truth, said)
    for average in ("macro", "micro"):
        expected = (
            f1_score(truth, said, average=average, labels=occurs, zero_division=0)
            if len(occurs)
            else f1_score(truth, said, average=average, zero_division=0)
        )
        assert f1(truth, said, average) == pytest.approx(expected)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30),
    st.sampled_from(["exclusive", "rating"]),
)
def test_scores_of_one_label_are_scikit_learns(pairs, task):
    truth, said = np.array(pairs).T
    found = measured(cells_of(*truth, k=5), sure_of(*((s, 0.9) for s in said), k=5), task)
    assert found.accuracy.value == pytest.approx(accuracy_score(truth, said))
    assert found.macro_f1.value == pytest.approx(
        f1_score(truth, said, average="macro", zero_division=0)
    )
    occurring = [one.label for one in found.labels]
    assert occurring == sorted({*truth.tolist(), *said.tolist()})
    each = precision_recall_fscore_support(truth, said, labels=occurring, zero_division=0)
    ours = [
        (quality.precision(one), quality.recall(one), quality.f1(one), one.support)
        for one in found.labels
    ]
    assert np.allclose(np.array(ours).T, np.array(each))
    matrix = confusion_matrix(truth, said, labels=range(5))
    np.fill_diagonal(matrix, 0)
    assert sorted(found.confusion) == sorted(
        (a, b, matrix[a, b]) for a, b in zip(*np.nonzero(matrix), strict=True)
    )
    if task == "rating":
        assert found.error.value == pytest.approx(mean_absolute_error(truth, said))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_scores_of_yes_or_no_are_scikit_learns(pairs):
    truth, said = np.array(pairs, np.int8).T
    found = measured(truth[:, None], np.where(said, 0.9, 0.1)[:, None], "binary")
    assert found.accuracy.value == pytest.approx(accuracy_score(truth, said))
    assert found.macro_f1.value == pytest.approx(
        f1_score(truth, said, average="binary", zero_division=0)
    )


def test_measuring_nothing_is_an_error():
    with pytest.raises(LearnerError, match="at least one"):
        f1(np.zeros((0, 2), np.int8), np.zeros((0, 2), np.int8), "macro")
    with pytest.raises(LearnerError, match="same rows"):
        exact_match(np.zeros((2, 3), np.int8), np.zeros((2, 2), np.int8))


# --- measured against the truth -------------------------------------------------------------


def cells_of(*labels: int, k: int = 3) -> np.ndarray:
    return (np.arange(k) == np.array(labels)[:, None]).astype(np.int8)


def sure_of(*pairs: tuple[int, float], k: int = 3) -> np.ndarray:
    """A row for each (label, its probability); the others share the rest."""
    rows = np.array([[p if i == label else (1 - p) / (k - 1) for i in range(k)]
                     for label, p in pairs])  # fmt: skip
    return rows.astype(np.float32)


def test_measures_by_hand():
    truth = cells_of(0, 0, 1, 2)
    found = measured(truth, sure_of((0, 0.9), (1, 0.6), (1, 0.7), (1, 0.8)), "exclusive")
    assert found.accuracy == Estimate(4, 0.5, *wilson(2, 4))
    # F1: 0 has 2/3, 1 has 2/4, 2 has 0
    assert found.macro_f1.value == pytest.approx((2 / 3 + 1 / 2) / 3)
    assert found.macro_f1.low <= found.macro_f1.value <= found.macro_f1.high
    assert found.labels == (
        LabelCounts(0, support=2, predicted=1, right=1),
        LabelCounts(1, support=1, predicted=3, right=1),
        LabelCounts(2, support=1, predicted=0, right=0),
    )
    assert set(found.confusion) == {(0, 1, 1), (2, 1, 1)}
    (only,) = found.calibration.reliability
    assert (only.n, only.right) == (4, 0.5)
    assert only.confidence == pytest.approx(0.75)
    assert found.calibration.ece == pytest.approx(0.25)


def test_several_labels_count_when_all_are_right():
    truth = np.array([[1, 1], [1, 0], [0, 0]], np.int8)
    proba = np.array([[0.9, 0.6], [0.8, 0.7], [0.2, 0.1]], np.float32)
    found = measured(truth, proba, "multilabel")
    assert found.accuracy.value == pytest.approx(2 / 3)
    assert found.confusion == ()
    assert found.calibration.reliability[0].confidence == pytest.approx((0.54 + 0.56 + 0.72) / 3)


def test_the_most_frequent_confusion_comes_first():
    truth = cells_of(0, 1, 1, 1, 2)
    found = measured(truth, sure_of((1, 0.9), *[(2, 0.9)] * 4), "exclusive")
    assert found.confusion == ((1, 2, 3), (0, 1, 1))


def test_reliability_has_bins_of_as_many_each():
    sure = np.linspace(0.1, 1, 1000, dtype=np.float32)
    right = np.arange(1000) % 10 < 10 * sure
    bins = reliability(sure, right)
    assert [one.n for one in bins] == [100] * 10
    assert [one.confidence for one in bins] == sorted(one.confidence for one in bins)
    assert all(one.low - 1e-9 <= one.right <= one.high + 1e-9 for one in bins)
    assert len(reliability(sure[:25], right[:25])) == 2
    assert len(reliability(sure[:3], right[:3])) == 1


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_measures_agree_with_one_another(pairs):
    truth = cells_of(*(a for a, _ in pairs))
    found = measured(truth, sure_of(*((b, 0.8) for _, b in pairs)), "exclusive")
    right = sum(one.right for one in found.labels)
    assert found.accuracy.value == pytest.approx(right / len(pairs))
    assert right + sum(count for _, _, count in found.confusion) == len(pairs)
    assert sum(one.support for one in found.labels) == len(pairs)


def test_the_bootstrap_holds_the_truth_about_as_often_as_it_says():
    """Labels about as frequent, each met often: 95% of 60 draws is 57."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(60):
        truth = rng.integers(0, 3, 200)
        said = np.where(rng.random(200) < 0.7, truth, (truth + 1) % 3)
        estimate = measured(cells_of(*truth), sure_of(*((s, 0.7) for s in said)), "exclusive")
        held += estimate.macro_f1.low <= 0.7 <= estimate.macro_f1.high
    assert held >= 52


@pytest.mark.parametrize("task", ["exclusive", "multilabel", "binary"])
def test_where_all_are_right_the_interval_says_how_few_they_are(task):
    rng = np.random.default_rng(0)
    lows = []
    for n in (5, 50, 500):
        cells = np.zeros((n, 1 if task == "binary" else 3), np.int8)
        cells[np.arange(n), rng.integers(0, cells.shape[1], n)] = IS
        found = measured(cells, np.where(cells == IS, 0.9, 0.05), task).macro_f1
        assert found.value == found.high == 1
        lows.append(found.low)
    assert lows == sorted(lows)
    assert 0.3 < lows[0] < 0.95
    assert 0.97 < lows[-1] < 1


def test_where_few_are_wrong_the_interval_holds_the_macro_f1_of_the_whole():
    """Drawing among the rows alone holds it in 59 of 100 here."""
    rng = np.random.default_rng(1)
    held = 0
    truth, said = rng.integers(0, 4, (2, 100_000))
    said = np.where(rng.random(100_000) < 0.03, said, truth)
    whole = f1_score(truth, said, average="macro")
    for _ in range(100):
        rows = rng.integers(0, 100_000, 40)
        cells, proba = np.eye(4, dtype=np.int8)[truth[rows]], np.eye(4)[said[rows]]
        found = measured(cells, proba * 0.9 + 0.025, "exclusive").macro_f1
        held += found.low <= whole <= found.high
    assert held >= 90

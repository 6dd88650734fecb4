"""Estimates from audit answers and the pool, against a truth that is known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax

from txtal.learning import estimate
from txtal.learning.estimate import Evidence, estimated, importance
from txtal.learning.headline import Judged, headline
from txtal.learning.matrix import NOT, UNKNOWN
from txtal.types import Task

K = 3
POOL = 4_000


def drawn(rng: np.random.Generator, n: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, k) and labels drawn by them; the greater the spread, the surer."""
    proba = softmax(spread * rng.standard_normal((n, K)), axis=1)
    label = (proba.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return proba.astype(np.float32), (np.arange(K) == label[:, None]).astype(np.int8)


def evidence(seed: int, audits: int = 40, chosen: int = 160, hardness: float = 1.0) -> Evidence:
    """A pool with a calibrated model; a strategy chose hard tickets, and audits are harder to
    predict than the pool by ``hardness``."""
    rng = np.random.default_rng(seed)
    pool, _ = drawn(rng, 1000, 2.0)
    easy, easy_cells = drawn(rng, audits, 2.0 * hardness)
    hard, hard_cells = drawn(rng, chosen, 0.5)
    n = audits + chosen
    audit = np.arange(n) < audits
    weights = np.where(audit, 5.0, 0.01)
    return Evidence(
        "exclusive",
        np.concatenate([easy_cells, hard_cells]),
        np.concatenate([easy, hard]),
        np.ones((n, K), np.bool_),
        audit,
        weights,
        asked=n,
        open=POOL - n,
        pool=pool,
        trained=np.ones(K, np.bool_),
    )


@cache
def truth() -> float:
    """The accuracy over the pool: of a calibrated model, its mean confidence."""
    proba, _ = drawn(np.random.default_rng(99), 200_000, 2.0)
    return float(proba.max(axis=1).mean())


def held(low: float, high: float) -> bool:
    return low <= truth() <= high


@pytest.mark.parametrize("hardness", [1.0, pytest.param(0.6, marks=pytest.mark.slow)])
def test_the_intervals_hold_the_truth(hardness: float) -> None:
    """Of 60, 95% is 57. A strategy that keeps away from audit tickets makes those harder."""
    found = [one for seed in range(60) if (one := estimated(evidence(seed, hardness=hardness)))]
    assert len(found) == 60
    assert sum(held(one.accuracy.low, one.accuracy.high) for one in found) >= 52
    assert sum(held(one.corrected.low, one.corrected.high) for one in found) >= 52
    plain = sum(held(one.audit.low, one.audit.high) for one in found)
    assert plain >= 52 if hardness == 1.0 else plain < 45
    for one in found:
        assert one.audit.n == one.accuracy.n == one.macro_f1.n == 40
        assert one.answers == 200
    widths = [
        (one.accuracy.high - one.accuracy.low, one.audit.high - one.audit.low) for one in found
    ]
    assert np.mean([ours / plain for ours, plain in widths]) < 0.9


def test_the_headline_is_nearer_the_truth_than_the_others() -> None:
    found = [one for seed in range(30) if (one := estimated(evidence(seed)))]
    off = [
        [estimate.value - truth() for estimate in (one.accuracy, one.corrected, one.audit)]
        for one in found
    ]
    shown, corrected, plain = np.sqrt(np.mean(np.square(off), axis=0))
    assert shown < corrected < plain


def test_confidence_is_believed_no_further_than_the_audit_bears_out() -> None:
    """A model that boasts: with more and more audit answers nothing is left of its confidence."""
    gaps = []
    for audits in (40, 400, 1000):
        one = evidence(0, audits=audits)
        boast = np.where(one.proba == one.proba.max(axis=1, keepdims=True), 0.98, 0.01)
        pool = np.where(one.pool == one.pool.max(axis=1, keepdims=True), 0.98, 0.01)
        found = estimated(
            replace(one, proba=boast.astype(np.float32), pool=pool.astype(np.float32))
        )
        gaps.append(abs(found.accuracy.value - found.audit.value))
    assert gaps[0] < 0.1
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.01


def test_macro_f1_of_the_pool_is_what_its_labels_will_show() -> None:
    rng = np.random.default_rng(5)
    proba, cells = drawn(rng, 1000, 2.0)
    said = (proba == proba.max(axis=1, keepdims=True)).astype(np.int8)
    f1 = [2 * (c & s).sum() / (c.sum() + s.sum()) for c, s in zip(cells.T, said.T, strict=True)]
    found = estimated(replace(evidence(1, audits=500), pool=proba))
    assert found is not None
    assert found.macro_f1.value == pytest.approx(np.mean(f1), abs=0.03)
    assert found.macro_f1.low < np.mean(f1) < found.macro_f1.high


def test_only_audit_answers_known_in_full_count() -> None:
    one = evidence(2)
    cells = one.cells.copy()
    cells[0] = [NOT, UNKNOWN, UNKNOWN]
    found = estimated(replace(one, cells=cells))
    assert found is not None
    assert found.accuracy.n == 39


def test_too_few_audit_answers_give_no_estimate() -> None:
    assert estimated(evidence(0, audits=9)) is None
    assert estimated(evidence(0, audits=10)) is not None
    assert estimated(evidence(0, audits=0)) is None


def test_with_every_ticket_answered_all_answers_count_the_same() -> None:
    one = evidence(3, audits=40, chosen=960)
    found = estimated(replace(one, open=0, pool=one.pool[:0], weights=np.ones(1000)))
    assert found is not None
    right = (one.proba == one.proba.max(axis=1, keepdims=True)) == (one.cells == 1)
    assert found.accuracy.value == pytest.approx(right.all(axis=1).mean(), abs=0.01)
    assert found.corrected is None


def test_answers_that_were_chosen_for_certain_count_for_next_to_nothing() -> None:
    one = evidence(4)
    wrong = np.roll(one.cells, 1, axis=1)
    cells = np.where(one.audit[:, None], one.cells, wrong)
    with_them, without = (
        headline(replace(judged(one), cells=cells, weights=weights))[0].value
        for weights in (np.where(one.audit, 1.0, 0.002), np.where(one.audit, 1.0, 0.0))
    )
    assert with_them == pytest.approx(without, abs=0.01)


def judged(one: Evidence, task: Task = "exclusive") -> Judged:
    weights = np.where(one.audit, 1.0, 0.002)
    chosen = int((~one.audit).sum())
    audits = int(one.audit.sum())
    return Judged(
        task, one.cells, one.proba, weights, audits, chosen, one.pool, one.asked, one.open
    )


@settings(max_examples=40)
@given(st.integers(0, 1000), st.floats(0.34, 0.999), st.integers(10, 40))
def test_one_more_right_answer_never_lowers_the_estimate(seed, sure, audits) -> None:
    """However sure of it the model was; and a wrong one never raises it."""
    one = judged(evidence(seed, audits=audits, chosen=60))
    rest = (1 - sure) / (K - 1)
    row = np.array([[sure, rest, rest]], np.float32)
    before = headline(one)
    for label, sign in ((0, 1), (1, -1)):
        more = replace(
            one,
            cells=np.concatenate([one.cells, (np.arange(K) == label)[None].astype(np.int8)]),
            proba=np.concatenate([one.proba, row]),
            weights=np.append(one.weights, 1.0),
        )
        table = headline(more)
        # The answered tickets are part of what is estimated for: that they are one more is no news.
        assert sign * (table[0].value - before[0].value) > -0.002


@settings(max_examples=40)
@given(
    st.integers(0, 1000),
    st.sampled_from(["exclusive", "multilabel"]),
    st.integers(10, 60),
    st.integers(2, 12),
    st.floats(0.2, 6.0),
)
def test_accuracy_and_macro_f1_do_not_contradict_each_other(
    seed: int, task: Task, audits: int, labels: int, spread: float
) -> None:
    """No table of K labels has an accuracy of a and a macro-F1 above 1 - (1 - a) / 2K.

    Each wrong ticket is a false positive or negative of some label, whose F1 it lowers by at least
    one in twice all tickets. So it is for the values, and for both ends of the intervals.
    """
    rng = np.random.default_rng(seed)
    rows = audits + 40
    logits = spread * rng.standard_normal((rows + 300, labels))
    proba = softmax(logits, axis=1) if task == "exclusive" else expit(logits)
    if task == "exclusive":
        truth_of = (proba.cumsum(axis=1) > rng.random((len(proba), 1))).argmax(axis=1)
        cells = (np.arange(labels) == truth_of[:, None]).astype(np.int8)
    else:
        cells = (rng.random(proba.shape) < proba).astype(np.int8)
    weights = np.where(np.arange(rows) < audits, 1.0, 0.01)
    one = Judged(task, cells[:rows], proba[:rows].astype(np.float32), weights, audits, 40,
                 proba[rows:].astype(np.float32), rows, 1000)  # fmt: skip
    accuracy, macro_f1 = headline(one)
    for part in ("value", "low", "high"):
        a, f = getattr(accuracy, part), getattr(macro_f1, part)
        assert 0 <= f <= 1 - (1 - a) / (2 * labels) + 0.01
    assert accuracy.low <= accuracy.value <= accuracy.high
    assert macro_f1.low <= macro_f1.value <= macro_f1.high


def test_an_audit_that_is_all_right_is_no_certainty() -> None:
    one = evidence(5, audits=10)
    right = one.proba == one.proba.max(axis=1, keepdims=True)
    found = estimated(replace(one, cells=right.astype(np.int8)))
    assert found is not None
    assert truth() < found.accuracy.value < 1
    assert found.accuracy.low < 0.9
    assert found.accuracy.high > 0.9


def test_probabilities_are_left_alone_until_there_are_enough_answers() -> None:
    assert estimate.temperature(evidence(0, audits=10, chosen=30)) == 1.0
    assert estimate.temperature(evidence(0, audits=10, chosen=40)) != 1.0


# --- importance ---------------------------------------------------------------------------------


def test_weights_by_hand() -> None:
    # Ten tickets: a certain choice, then a uniform draw that is made a fifth of the time.
    certain, rare = importance(np.array([1.0, 0.2 / 9]), 10)
    assert certain == pytest.approx(1 + 8 / 9 * (1 / 10 - 1))
    assert rare == pytest.approx(1 + 8 / 8 * (5 - 1))


def test_an_unknown_chance_counts_as_certain() -> None:
    assert importance(np.array([np.nan, 0.5]), 10) == pytest.approx(
        importance(np.array([1.0, 0.5]), 10)
    )
    assert importance(np.array([1.0] * 10), 10) == pytest.approx(np.ones(10))
    assert len(importance(np.array([]), 10)) == 0


def test_weights_undo_the_choice() -> None:
    """LURE's mean is right in the mean, whatever the strategy prefers."""
    rng = np.random.default_rng(0)
    worth = np.linspace(0, 1, 30)
    means = []
    for _ in range(3000):
        left, seen, chances = list(range(30)), [], []
        for _ in range(10):
            if rng.random() < 0.3:
                pick = int(rng.integers(len(left)))
                chances.append(0.3 / len(left))
            else:
                pick = len(left) - 1  # the highest there is
                chances.append(0.7)
            seen.append(left.pop(pick))
        means.append(float((importance(np.array(chances), 30) * worth[seen]).mean()))
    assert np.mean(means) == pytest.approx(0.5, abs=0.035)

"""Estimates from audit answers and the pool, against a truth that is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from txtal.learning import estimate
from txtal.learning.estimate import Evidence, estimated, importance
from txtal.learning.evaluate import wilson
from txtal.learning.matrix import NOT, UNKNOWN

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


def truth() -> float:
    """The accuracy over the pool: of a calibrated model, its mean confidence."""
    proba, _ = drawn(np.random.default_rng(99), 200_000, 2.0)
    return float(proba.max(axis=1).mean())


def held(low: float, high: float) -> bool:
    return low <= truth() <= high


@pytest.mark.parametrize("hardness", [1.0, 0.6])
def test_the_intervals_hold_the_truth(hardness: float) -> None:
    """Of 60, 95 % is 57. A strategy that keeps away from audit tickets makes those harder."""
    found = [estimated(evidence(seed, hardness=hardness)) for seed in range(60)]
    assert all(found)
    assert sum(held(one.accuracy.low, one.accuracy.high) for one in found if one) >= 52
    assert sum(held(one.corrected.low, one.corrected.high) for one in found if one) >= 52
    plain = sum(held(one.audit.low, one.audit.high) for one in found if one and one.audit)
    assert plain >= 52 if hardness == 1.0 else plain < 45
    for one in found:
        assert one is not None
        assert one.audit is not None
        assert one.audit.n == one.accuracy.n == 40
        assert one.accuracy == one.weighted
        assert one.answers == 200


def test_confidence_makes_the_estimate_more_certain() -> None:
    found = [estimated(evidence(seed)) for seed in range(30)]
    off = [(one.accuracy.value - truth(), one.audit.value - truth()) for one in found if one]  # type: ignore[union-attr]
    by_pool, plain = np.sqrt(np.mean(np.square(off), axis=0))
    assert by_pool < plain


def test_the_pool_is_believed_no_further_than_the_audit_bears_out() -> None:
    """Confidence of 1 throughout: all that is left is the audit."""
    one = evidence(0)
    boast = np.eye(K, dtype=np.float32)[one.proba.argmax(axis=1)]
    pool = np.eye(K, dtype=np.float32)[one.pool.argmax(axis=1)]
    found = estimated(replace(one, proba=boast, pool=pool))
    assert found is not None
    assert found.audit is not None
    assert found.accuracy.value == pytest.approx(found.audit.value, abs=0.02)


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


def test_without_open_tickets_the_audit_stands_alone() -> None:
    one = evidence(3)
    found = estimated(replace(one, open=0, pool=one.pool[:0]))
    assert found is not None
    assert found.audit is not None
    assert (found.corrected, found.macro_f1) == (found.audit, found.audit_f1)
    hits = round(found.audit.value * 40)
    assert (found.audit.low, found.audit.high) == pytest.approx(wilson(hits, 40))


def test_with_every_ticket_answered_all_answers_count_the_same() -> None:
    one = evidence(3)
    found = estimated(replace(one, open=0, pool=one.pool[:0], weights=np.ones(200)))
    assert found is not None
    right = (one.proba == one.proba.max(axis=1, keepdims=True)) == (one.cells == 1)
    assert found.accuracy.value == pytest.approx(right.all(axis=1).mean())


def test_weights_that_make_too_little_of_the_answers_are_not_used() -> None:
    """The audit's share fell from a half to a hundredth: a few answers would decide it all."""
    one = evidence(4)
    weights = np.where(np.arange(200) < 3, 100.0, one.weights)
    found = estimated(replace(one, weights=weights))
    assert found is not None
    assert found.weighted is None
    assert found.accuracy == found.corrected


def test_no_interval_is_narrower_than_the_audit_bears_out() -> None:
    """Also not where all answers weigh the same."""
    for seed in range(20):
        for weights in (np.ones(200), evidence(seed).weights):
            found = estimated(replace(evidence(seed), weights=weights))
            assert found is not None
            shown, n = found.accuracy, 0.9 * 40
            low, high = wilson(shown.value * n, n)
            assert shown.low <= low + 1e-9
            assert shown.high >= high - 1e-9


def test_an_audit_that_is_all_right_is_no_certainty() -> None:
    one = evidence(5, audits=10)
    right = one.proba == one.proba.max(axis=1, keepdims=True)
    found = estimated(replace(one, cells=right.astype(np.int8)))
    assert found is not None
    assert found.accuracy.value > 0.9
    assert found.accuracy.high == pytest.approx(1.0, abs=0.02)
    assert found.accuracy.low < 0.75


def test_probabilities_are_left_alone_until_there_are_enough_answers() -> None:
    assert estimate.temperature(evidence(0, audits=10, chosen=30)) == (1.0, 0.0)
    assert estimate.temperature(evidence(0, audits=10, chosen=40)) != (1.0, 0.0)


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

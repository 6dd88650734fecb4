"""Probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit, softmax

from txtal.learning import calibrate
from txtal.learning.matrix import IS, UNKNOWN
from txtal.learning.model import SPREAD, LinearModel, decide

N, K = 3000, 4


def sampled(heat: float, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, k) that are to be divided by ``heat``, and answers drawn accordingly."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((N, K))
    chosen = (spread_out(logits).cumsum(axis=1) > rng.random((N, 1))).argmax(axis=1)
    cells = (np.arange(K) == chosen[:, None]).astype(np.int8)
    return softmax(logits * heat, axis=1).astype(np.float32), cells


def spread_out(logits: np.ndarray) -> np.ndarray:
    """A third of the tickets each at three temperatures."""
    return np.mean([softmax(logits * heat, axis=1) for heat in (1 / SPREAD, 1, SPREAD)], axis=0)


ALL = np.ones((N, K), np.bool_)
AUDIT = np.ones(N, np.bool_)


@pytest.mark.parametrize("heat", [0.5, 1.0, 2.5])
def test_the_temperature_is_found(heat: float) -> None:
    proba, cells = sampled(heat)
    found = calibrate.temperature(proba, cells, ALL, AUDIT, "exclusive")
    assert abs(np.log(found / heat)) < 0.1


def test_the_temperature_of_several_labels_is_found() -> None:
    rng = np.random.default_rng(1)
    logits = 2 * rng.standard_normal((N, K))
    right = np.mean([expit(logits * heat) for heat in (1 / SPREAD, 1, SPREAD)], axis=0)
    cells = (rng.random((N, K)) < right).astype(np.int8)
    cells[:100] = UNKNOWN
    proba = expit(2 * logits).astype(np.float32)
    found = calibrate.temperature(proba, cells, ALL, AUDIT, "multilabel")
    assert abs(np.log(found / 2)) < 0.1


@pytest.mark.parametrize(("heat", "shown"), [(2.0, 2.0**1.3), (1.0, 1.0), (0.5, 0.5**0.7)])
def test_answers_a_strategy_chose_make_it_too_low(heat: float, shown: float) -> None:
    """And are never quite believed, however many they are."""
    proba, cells = sampled(heat)
    found = calibrate.temperature(proba, cells, ALL, ~AUDIT, "exclusive")
    assert found == pytest.approx(shown, rel=0.06)
    assert calibrate.by_chosen(proba, cells, ALL, "exclusive") == pytest.approx(shown, rel=0.06)


def test_the_audit_has_the_last_word() -> None:
    """It says 1, and a great many chosen answers say 3: the more of it, the nearer to 1."""
    proba, cells = sampled(1.0)
    hard, hard_cells = sampled(3.0, seed=1)

    def found(audits: int) -> float:
        both = np.concatenate([proba[:audits], hard]), np.concatenate([cells[:audits], hard_cells])
        known = np.ones((audits + N, K), np.bool_)
        return calibrate.temperature(*both, known, np.arange(audits + N) < audits, "exclusive")

    assert found(0) > found(20) > 3 > found(200) > found(N)
    assert found(N) == pytest.approx(1, abs=0.1)


def test_labels_a_model_could_not_know_of_say_nothing() -> None:
    proba, cells = sampled(1.5)
    before = calibrate.temperature(proba, cells, ALL, AUDIT, "exclusive")
    strange = np.tile(np.array([[0, 0, 0, IS]], np.int8), (500, 1))
    known = np.concatenate([ALL, np.tile(np.array([[True, True, True, False]]), (500, 1))])
    more = np.concatenate([proba, np.full((500, K), 0.25, np.float32)])
    each = np.ones(N + 500, np.bool_)
    after = calibrate.temperature(more, np.concatenate([cells, strange]), known, each, "exclusive")
    assert after == before
    assert calibrate.temperature(proba[:0], cells[:0], ALL[:0], AUDIT[:0], "exclusive") == 1.0


def test_the_surest_become_less_sure_and_the_least_sure_surer() -> None:
    """At the temperature that suits them together."""
    proba, cells = sampled(1.0)
    found = calibrate.temperature(proba, cells, ALL, AUDIT, "exclusive")
    before, after = (
        p.max(axis=1) for p in (proba, calibrate.calibrated(proba, ALL, found, 0, "exclusive"))
    )
    assert (after < before)[before > 0.9].all()
    assert after[before < 0.4].mean() > before[before < 0.4].mean()
    right = (proba.argmax(axis=1) == cells.argmax(axis=1)).mean()
    assert after.mean() == pytest.approx(right, abs=0.02)


def test_unseen_labels_by_hand() -> None:
    cells = np.zeros((8, 5), np.int8)
    cells[np.arange(8), [0, 0, 0, 1, 1, 1, 2, 3]] = IS
    # Two of eight answers have a label of their own; one of five labels was never given.
    assert calibrate.unseen_proportion(cells) == pytest.approx(0.2)
    cells[0] = 0
    cells[0, 4] = IS
    assert calibrate.unseen_proportion(cells) == 0
    assert calibrate.unseen_proportion(cells[:0]) == 0


logits = hnp.arrays(np.float32, (5, 6), elements=st.floats(-30, 30, width=32))
trained = hnp.arrays(np.bool_, 6)


@given(logits, trained, st.floats(0.1, 10), st.floats(0, 1))
def test_calibration_decides_as_before_and_sums_to_one(
    logits: np.ndarray, trained: np.ndarray, heat: float, unseen: float
) -> None:
    model = LinearModel("exclusive", logits.T.copy(), np.zeros(6, np.float32), trained)
    x = np.eye(5, dtype=np.float32)
    before, after = model.predict_proba(x), model.calibrated(heat, unseen).predict_proba(x)
    assert np.allclose(after.sum(axis=1), 1, atol=1e-4)
    assert (after >= 0).all()
    best = decide(before, "exclusive").argmax(axis=1)
    assert np.allclose(after[np.arange(5), best], after.max(axis=1), rtol=1e-4)


@given(logits, trained, st.floats(0.1, 10))
def test_calibration_leaves_labels_on_their_side_of_one_half(
    logits: np.ndarray, trained: np.ndarray, heat: float
) -> None:
    model = LinearModel("multilabel", logits.T.copy(), np.zeros(6, np.float32), trained)
    x = np.eye(5, dtype=np.float32)
    before, after = model.predict_proba(x), model.calibrated(heat).predict_proba(x)
    clear = np.abs(before - 0.5) > 1e-4
    assert ((before >= 0.5) == (after >= 0.5))[clear].all()


@given(logits, st.floats(0.5, 4), st.floats(0, 0.3))
def test_a_models_probabilities_are_calibrated_as_those_at_hand_are(
    logits: np.ndarray, heat: float, unseen: float
) -> None:
    logits = logits / 4
    known = np.array([True, True, True, True, False, False])
    x = np.eye(5, dtype=np.float32)
    for task in ("exclusive", "multilabel"):
        model = LinearModel(task, logits.T.copy(), np.zeros(6, np.float32), known)
        share = unseen if task == "exclusive" else 0.0
        by_hand = calibrate.calibrated(
            model.predict_proba(x), np.broadcast_to(known, (5, 6)), heat, share, task
        )
        assert np.allclose(by_hand, model.calibrated(heat, share).predict_proba(x), atol=2e-3)

"""Labels that are one, and a label that is two."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.learning.blobs import accepted, blobs
from txtal.learning import separation, strangers
from txtal.learning.crossfit import cross_fitted, deal
from txtal.learning.model import fit

K, EACH = 6, 60


def tickets(seed: int) -> tuple[np.ndarray, np.ndarray]:
    x, group = blobs(K, EACH)
    rng = np.random.default_rng(seed)
    return x + 0.3 * rng.standard_normal(x.shape).astype(np.float32), group


def predicted(x: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    cells = accepted(labels, k)
    folds = deal(cells, np.ones(len(cells), np.bool_))
    proba, _ = cross_fitted(
        x, np.arange(len(x)), cells, folds, lambda some, rows, said: fit(some, said, "exclusive")
    )
    return proba


@pytest.mark.parametrize("seed", range(3))
def test_a_label_under_two_names_comes_first(seed: int) -> None:
    x, labels = tickets(seed)
    rng = np.random.default_rng(seed)
    named = np.where((labels == 1) & (rng.random(len(labels)) < 0.5), K, labels)
    found = separation.overlapping(predicted(x, named, K + 1), named)
    assert {found[0].one, found[0].other} == {1, K}
    assert found[0].low < 0.5 < found[0].high < separation.OVERLAPPING
    assert not found[1:] or found[1].high > found[0].high


def test_the_area_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(3), 200).astype(np.float32)
    labels = rng.integers(0, 3, 200)
    for pair in separation.overlapping(proba, labels):
        rows = np.isin(labels, [pair.one, pair.other])
        odds = np.log(proba[rows, pair.one]) - np.log(proba[rows, pair.other])
        expected = roc_auc_score(labels[rows] == pair.one, odds)
        assert pair.area == pytest.approx(expected, abs=1e-6)
        assert pair.low < pair.area < pair.high


@pytest.mark.parametrize("seed", range(3))
def test_a_label_of_two_kinds_comes_first(seed: int) -> None:
    x, labels = tickets(seed)
    merged = np.where(labels == 5, 2, labels)
    found = separation.two_clusters(x, merged)
    assert found[0].label == 2
    kinds = labels[merged == 2] == 5
    agreeing = (found[0].second == kinds).mean()
    assert max(agreeing, 1 - agreeing) > 0.9
    assert found[0] in separation.splitting(found)
    assert separation.splitting([]) == []


def test_a_group_that_fits_no_label_is_found() -> None:
    x, labels = tickets(0)
    rng = np.random.default_rng(0)
    answered = (rng.random(len(labels)) < 0.5) & (labels != 4)
    model = fit(x[answered], accepted(labels[answered], K), "exclusive")
    sure = model.predict_proba(x[~answered]).max(axis=1)
    (first, *_) = strangers.groups(x[~answered], sure, x[answered])
    assert (labels[~answered][first] == 4).mean() > 0.9
    known = labels != 4
    sure = model.predict_proba(x[~answered & known]).max(axis=1)
    assert strangers.groups(x[~answered & known], sure, x[answered]) == []
    assert strangers.groups(x[:3], sure[:3], x[answered]) == []
    blank = np.zeros((40, x.shape[1]), np.float32)
    assert strangers.groups(np.vstack([x[answered], blank]), np.full(answered.sum() + 40, 0.3),
                            x[answered]) == []  # fmt: skip

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from tests.learning.blobs import accepted, blobs
from txtal.errors import LearnerError
from txtal.learning.matrix import IS, NOT, UNKNOWN
from txtal.learning.model import LinearModel, decide, fit
from txtal.learning.training import Hyperparameters, Trainer
from txtal.types import TASKS


def cells(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.int8)


def test_learns_groups_and_shares_the_probability_among_labels():
    x, group = blobs(4, 10)
    model = fit(x, accepted(group, 4), "exclusive")
    proba = model.predict_proba(x)
    assert (proba.argmax(axis=1) == group).all()
    assert proba.dtype == np.float32
    assert np.allclose(proba.sum(axis=1), 1, atol=1e-5)
    assert model.ready
    assert model.trained.all()


def test_a_label_never_accepted_gets_nothing():
    x, group = blobs(2, 10)
    model = fit(x, accepted(group, 5), "exclusive")
    proba = model.predict_proba(x)
    assert model.trained.tolist() == [True, True, False, False, False]
    assert (proba[:, 2:] == 0).all()
    assert (proba.argmax(axis=1) == group).all()


def test_two_classes_agree_with_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    x, group = blobs(2, 30, spread=2.0)
    theirs = LogisticRegression(C=10, class_weight="balanced", tol=1e-8).fit(x, group)
    ours = fit(x, accepted(group, 2), "exclusive")
    assert np.allclose(ours.predict_proba(x), theirs.predict_proba(x), atol=5e-3)


def test_no_answers_at_all_are_uniform_and_one_label_is_certain_but_neither_is_ready():
    x = np.ones((3, 2), np.float32)
    nothing = fit(x[:0], np.zeros((0, 4), np.int8), "exclusive")
    assert not nothing.ready
    assert nothing.predict_proba(x).tolist() == [[0.25] * 4] * 3
    one = fit(x, cells([0, 1], [0, 1], [0, 1]), "exclusive")
    assert not one.ready
    assert one.predict_proba(x).tolist() == [[0.0, 1.0]] * 3


def test_yes_only_follows_the_rule_of_succession():
    x = np.ones((3, 2), np.float32)
    model = fit(x, cells([IS], [IS], [IS]), "binary")
    assert not model.ready
    assert np.allclose(model.predict_proba(x), 4 / 5)
    assert np.allclose(fit(x[:0], np.zeros((0, 1), np.int8), "binary").predict_proba(x), 0.5)


def test_binary_is_ready_with_a_yes_and_a_no():
    x = np.array([[1, 0], [0, 1]], np.float32)
    model = fit(x, cells([IS], [NOT]), "binary")
    assert model.ready
    yes, no = model.predict_proba(x)[:, 0]
    assert yes > 0.6
    assert no < 0.4


def test_labels_of_a_multilabel_task_are_learned_apart():
    x, group = blobs(3, 15)
    both = accepted(group, 3)
    both[group == 2] = [IS, IS, NOT]
    both[:3, 1] = UNKNOWN
    model = fit(x, both, "multilabel")
    assert model.trained.tolist() == [True, True, False]
    right = decide(model.predict_proba(x), "multilabel") == both
    assert right[both != UNKNOWN].mean() > 0.95
    assert (model.predict_proba(x)[:, 2] == np.float32(1 / 47)).all()


def test_a_rare_class_weighs_as_much_when_balanced():
    rng = np.random.default_rng(0)
    group = np.array([0] * 95 + [1] * 5)
    x = (group[:, None] * 0.4 + rng.standard_normal((100, 3))).astype(np.float32)
    rare = [
        fit(x, accepted(group, 2), "exclusive", balanced=balanced).predict_proba(x)[:, 1].mean()
        for balanced in (True, False)
    ]
    assert rare[0] > 0.3 > 0.1 > rare[1]


def test_a_reject_lowers_the_label_it_names():
    x, group = blobs(3, 8, spread=2.0)
    answers = accepted(group, 3)
    doubtful = np.full((1, x.shape[1]), 0.2, np.float32)
    before = fit(x, answers, "exclusive").predict_proba(doubtful)[0]
    named = int(before.argmax())
    reject = np.full((1, 3), UNKNOWN, np.int8)
    reject[0, named] = NOT
    both_x, both = np.concatenate([x, doubtful]), np.concatenate([answers, reject])
    after = fit(both_x, both, "exclusive").predict_proba(doubtful)[0]
    assert after[named] < before[named] - 0.02


def test_rejects_alone_or_of_labels_never_accepted_change_nothing():
    x, group = blobs(2, 5)
    answers = accepted(group, 3)
    alone = fit(x[:1], cells([UNKNOWN, NOT, UNKNOWN]), "exclusive")
    assert not alone.ready
    assert np.allclose(alone.predict_proba(x), 1 / 3)
    more = fit(
        np.concatenate([x, x[:1]]),
        np.concatenate([answers, cells([UNKNOWN, UNKNOWN, NOT])]),
        "exclusive",
    )
    assert np.array_equal(more.coef, fit(x, answers, "exclusive").coef)


def test_none_of_the_labels_is_left_out():
    x, group = blobs(2, 5)
    answers = np.concatenate([accepted(group, 2), cells([NOT, NOT])])
    model = fit(np.concatenate([x, x[:1]]), answers, "exclusive")
    assert np.array_equal(model.coef, fit(x, answers[:-1], "exclusive").coef)


def test_a_warm_start_leads_to_the_same_model_and_leaves_the_old_one_alone():
    x, group = blobs(5, 30, spread=3.0)
    answers = accepted(group, 5)
    old = fit(x[:-1], answers[:-1], "exclusive")
    kept = old.coef.copy()
    warm = fit(x, answers, "exclusive", start=old).predict_proba(x)
    cold = fit(x, answers, "exclusive").predict_proba(x)
    assert np.abs(warm - cold).max() < 0.02
    assert np.array_equal(old.coef, kept)


def test_a_warm_start_takes_up_a_label_that_is_new():
    x, group = blobs(3, 30)
    answers = accepted(group, 3)
    old = fit(x[:61], answers[:61], "exclusive")
    two = fit(x[:60], answers[:60], "exclusive")
    for start in (old, two):
        warm = fit(x, answers, "exclusive", start=start)
        assert (warm.predict_proba(x).argmax(axis=1) == group).all()


@pytest.mark.parametrize("task", TASKS)
def test_a_start_of_another_shape_or_task_is_ignored(task):
    x, group = blobs(3, 30)
    answers = accepted(group, 3)
    cold = fit(x, answers, task)
    narrow = fit(x[:, :5], answers, task)
    other = fit(x, answers, "binary" if task == "multilabel" else "multilabel")
    for start in (narrow, other):
        assert np.array_equal(fit(x, answers, task, start=start).coef, cold.coef)


def test_broken_features_neither_spoil_the_fit_nor_the_prediction():
    x, group = blobs(3, 10)
    answers = accepted(group, 3)
    broken = x.copy()
    broken[0, 0], broken[11, 1], broken[22] = np.nan, np.inf, 1e30
    usable = [row for row in range(30) if row not in (0, 11, 22)]
    model = fit(broken, answers, "exclusive")
    assert np.array_equal(model.coef, fit(x[usable], answers[usable], "exclusive").coef)
    proba = model.predict_proba(broken)
    assert np.isfinite(proba).all()
    assert np.allclose(proba[0], model.predict_proba(np.zeros((1, 12), np.float32)))


@pytest.mark.parametrize("task", TASKS)
def test_sparse_features_give_the_same_model(task):
    x, group = blobs(3, 20)
    answers = accepted(group, 3)
    answers[0] = [NOT, UNKNOWN, UNKNOWN]
    dense, sparse = fit(x, answers, task), fit(csr_matrix(x), answers, task)
    assert np.allclose(dense.predict_proba(x), sparse.predict_proba(csr_matrix(x)), atol=1e-3)


def test_blocks_make_no_difference(monkeypatch):
    x, group = blobs(3, 10)
    model = fit(x, accepted(group, 3), "exclusive")
    whole = model.predict_proba(x)
    monkeypatch.setattr("txtal.learning.arrays.BLOCK", 7)
    assert np.allclose(model.predict_proba(x), whole, atol=1e-6)


def test_shapes_that_do_not_match_are_an_error():
    with pytest.raises(LearnerError, match="shape"):
        fit(np.zeros((3, 2), np.float32), np.zeros((2, 2), np.int8), "exclusive")


def test_nothing_is_warned_about():
    x, _ = blobs(10, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(x, accepted(np.arange(10), 10), "exclusive")


def test_decide():
    proba = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]], np.float32)
    assert decide(proba, "exclusive").tolist() == [[0, 1, 0], [1, 0, 0]]
    assert decide(proba, "multilabel").tolist() == [[0, 1, 0], [1, 0, 0]]
    assert decide(proba * 0.5, "multilabel").tolist() == [[0, 0, 0], [0, 0, 0]]
    assert decide(np.array([[0.7], [0.2]], np.float32), "binary").tolist() == [[1], [0]]


def test_probabilities_by_hand():
    coef = np.array([[np.log(2)], [0], [5]], np.float32)
    model = LinearModel("exclusive", coef, np.zeros(3, np.float32), np.array([True, True, False]))
    assert np.allclose(model.predict_proba(np.ones((1, 1), np.float32)), [[2 / 3, 1 / 3, 0]])


def test_a_text_that_says_nothing_is_as_probable_as_the_answers_were():
    x, _ = blobs(2, 20)
    rare = np.zeros((40, 3), np.int8)
    rare[:36, 0] = rare[36:, 1] = IS  # and the third was never given
    nothing = np.zeros((1, x.shape[1]), np.float32)
    rows = np.arange(40)
    model = Trainer("exclusive", Hyperparameters()).model(x, rows, rare)
    share = 36.5 / 41
    assert np.allclose(model.predict_proba(nothing), [[share, 1 - share, 0]], atol=1e-6)
    shown = model.calibrated(2.0, unseen=0.1)
    assert np.allclose(
        shown.predict_proba(nothing), [[0.9 * share, 0.9 * (1 - share), 0.1]], atol=1e-6
    )
    # A regression in which all classes weigh the same says something else of it.
    assert abs(replace(model, prior=None).predict_proba(nothing)[0, 0] - share) > 0.05
    several = np.where(rare == IS, IS, NOT).astype(np.int8)
    model = Trainer("multilabel", Hyperparameters()).model(x, rows, several)
    assert np.allclose(model.predict_proba(nothing), [[36.5 / 41, 4.5 / 41, 0.5 / 41]], atol=1e-6)
    model = Trainer("rating", Hyperparameters()).model(x, rows, rare)
    assert np.allclose(model.predict_proba(nothing).sum(), 1, atol=1e-6)
    assert model.predict_proba(nothing)[0, 0] == pytest.approx(36.5 / 41.5)

"""Confident learning: whom the cross-fitted probabilities speak against."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.learning.blobs import blobs
from txtal.learning import grades
from txtal.learning.arrays import Cells, Features, Floats, Indices
from txtal.learning.crossfit import cross_fitted, deal
from txtal.learning.matrix import IS, NOT, UNKNOWN
from txtal.learning.model import LinearModel
from txtal.learning.suspects import improbable, suspicions
from txtal.learning.training import Hyperparameters, Trainer


def rows(*values: tuple[float, ...]) -> Floats:
    return np.array(values, np.float32)


def accepted(*labels: int, k: int = 3) -> Cells:
    return np.eye(k, dtype=np.int8)[list(labels)]


def everything(cells: Cells) -> np.ndarray:
    return np.ones(cells.shape, np.bool_)


class TestCrossFitting:
    def test_every_label_is_dealt_to_all_folds(self) -> None:
        cells = accepted(*[0] * 10, *[1] * 5)
        folds = deal(cells, np.ones(15, np.bool_), 5)
        assert np.bincount(folds[:10]).tolist() == [2] * 5
        assert np.bincount(folds[10:]).tolist() == [1] * 5

    def test_no_answer_is_judged_by_a_model_that_saw_it(self) -> None:
        features, group = blobs(3, 30)
        cells = np.eye(3, dtype=np.int8)[group]
        folds = deal(cells, np.arange(len(cells)) % 10 > 0)
        seen: list[Indices] = []

        def learn(known: Features, answered: Indices, answers: Cells) -> LinearModel:
            seen.append(answered)
            return Trainer("exclusive", Hyperparameters()).model(known, answered, answers)

        proba, known = cross_fitted(features, np.arange(len(cells)), cells, folds, learn)
        for fold, used in enumerate(seen):
            assert not np.isin(np.flatnonzero(folds == fold), used).any()
            assert np.isin(np.flatnonzero(folds < 0), used).all()
        assert not proba[folds < 0].any()
        assert not known[folds < 0].any()
        assert (proba[folds >= 0].argmax(axis=1) == group[folds >= 0]).mean() > 0.9

    def test_flipped_answers_are_the_first_suspects(self) -> None:
        features, group = blobs(4, 40)
        flipped = np.arange(len(group)) % 10 == 3
        wrong = np.where(flipped, (group + 1) % 4, group)
        cells = np.eye(4, dtype=np.int8)[wrong]
        trainer = Trainer("exclusive", Hyperparameters())
        folds = deal(cells, np.ones(len(cells), np.bool_))
        judged = cross_fitted(features, np.arange(len(cells)), cells, folds, trainer.model)
        found = suspicions(*judged, cells, "exclusive")
        first = found.rows[: int(flipped.sum())]
        assert flipped[first].mean() > 0.9
        assert (found.columns[:5] == group[found.rows[:5]]).all()
        assert (np.diff(found.given) >= 0).all()


class TestExclusive:
    def test_a_label_is_judged_by_what_its_own_answers_have(self) -> None:
        # Label 1 is never likelier than 0.6: that is confident enough for it, not for label 0.
        proba = rows((0.9, 0.1, 0), (0.9, 0.1, 0), (0.4, 0.6, 0), (0.4, 0.6, 0), (0.3, 0.6, 0.1))
        cells = accepted(0, 0, 1, 1, 0)
        found = suspicions(proba, everything(cells), cells, "exclusive")
        assert found.rows.tolist() == [4]
        assert found.columns.tolist() == [1]
        np.testing.assert_allclose([found.given[0], found.other[0]], [0.3, 0.6])

    def test_a_label_the_model_could_not_know_is_no_mistake(self) -> None:
        proba = rows((0.9, 0.1, 0), (0.1, 0.9, 0), (0.8, 0.2, 0))
        cells = accepted(0, 1, 2)
        known = everything(cells)
        known[2, 2] = False
        assert not len(suspicions(proba, known, cells, "exclusive").rows)

    def test_a_reject_of_the_label_it_surely_is(self) -> None:
        proba = rows((0.9, 0.1), (0.1, 0.9), (0.95, 0.05), (0.6, 0.4))
        cells = np.array([[IS, NOT], [NOT, IS], [NOT, UNKNOWN], [NOT, UNKNOWN]], np.int8)
        found = suspicions(proba, everything(cells), cells, "exclusive")
        assert found.rows.tolist() == [2]  # the other is less sure than usual of that label
        assert found.columns.tolist() == [0]


class TestLeftOut:
    def test_a_rare_label_may_be_improbable(self) -> None:
        # Half of chance is 1/6 for the common labels; for the rare one, half of its share of 1/10.
        cells = accepted(0, 0, 0, 0, 1, 1, 1, 1, 1, 2)
        proba = np.full((10, 3), 1 / 3, np.float32)
        proba[[0, 4]] = (0.15, 0.15, 0.7)
        proba[9] = (0.45, 0.49, 0.06)
        assert np.flatnonzero(improbable(proba, everything(cells), cells)).tolist() == [0, 4]
        proba[9] = (0.48, 0.48, 0.04)
        assert improbable(proba, everything(cells), cells)[9]
        known = everything(cells)
        known[9, 2] = False
        assert not improbable(proba, known, cells)[9]


class TestGrades:
    def test_the_further_off_the_more_suspect(self) -> None:
        # By the probability of what was said alone, the second would come first and the first last.
        sure = (0.05, 0.02, 0.02, 0.01, 0.9)
        proba = rows(sure, sure, sure, sure)
        cells = accepted(0, 3, 1, 4, k=5)
        found = suspicions(proba, everything(cells), cells, "rating")
        assert found.rows.tolist() == [0, 2, 1]
        assert found.columns.tolist() == [4, 4, 4]
        np.testing.assert_allclose(found.given, [0.05, 0.02, 0.01])
        np.testing.assert_allclose(found.other, 0.9)
        as_labels = suspicions(proba, everything(cells), cells, "exclusive")
        assert as_labels.rows.tolist() == [1, 2, 0]

    @given(st.integers(2, 12), st.integers(0, 2**32 - 1))
    def test_one_grade_off_has_half_of_the_support_at_least(self, k: int, seed: int) -> None:
        proba = np.random.default_rng(seed).dirichlet(np.full(k, 0.3), 20).astype(np.float32)
        support = grades.support(proba)
        assert (support[:, 1:] >= 0.4999 * support[:, :-1]).all()
        assert (support[:, :-1] >= 0.4999 * support[:, 1:]).all()


class TestSeveralLabels:
    def test_each_cell_is_a_question_and_the_strongest_doubt_counts(self) -> None:
        proba = rows((0.9, 0.1), (0.9, 0.1), (0.95, 0.99), (0.9, 0.9), (0.05, 0.9))
        cells = np.array(
            [[IS, NOT], [IS, NOT], [NOT, NOT], [IS, IS], [IS, IS]],
            np.int8,
        )
        found = suspicions(proba, everything(cells), cells, "multilabel")
        assert (found.rows[0], found.columns[0]) == (2, 1)
        assert set(found.rows.tolist()) <= {2, 4}

    def test_yes_or_no(self) -> None:
        proba = rows((0.9,), (0.9,), (0.1,), (0.1,), (0.95,), (0.02,))
        cells = np.array([[IS], [IS], [NOT], [NOT], [NOT], [IS]], np.int8)
        found = suspicions(proba, everything(cells), cells, "binary")
        assert found.rows.tolist() == [5, 4]
        np.testing.assert_allclose(found.given, [0.02, 0.05], atol=1e-6)

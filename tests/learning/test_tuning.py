"""The search for hyperparameters: what it notices, what it leaves alone, what it costs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.learning.blobs import blobs
from txtal.learning import tuning
from txtal.learning.arrays import Cells, Features, Indices
from txtal.learning.matrix import IS, UNKNOWN
from txtal.learning.model import LinearModel
from txtal.learning.neighbourhood import Neighbourhood
from txtal.learning.propagation import Propagation
from txtal.learning.training import Hyperparameters, Trainer
from txtal.learning.tuning import SearchAnswers, Tuning, _scores
from txtal.types import Task


def search(
    features: Features,
    cells: Cells,
    task: Task = "exclusive",
    widths: tuple[int, ...] | None = None,
    begun: Tuning | None = None,
) -> tuple[Tuning, list[Hyperparameters]]:
    """A whole search, and what it tried."""
    found = begun or Tuning(len(widths or (1,)))
    tried: list[Hyperparameters] = []

    def learn(
        hyper: Hyperparameters, known: Features, rows: Indices, answers: Cells
    ) -> LinearModel:
        tried.append(hyper)
        trainer = Trainer(task, hyper, widths or (features.shape[1],))
        return trainer.model(known, rows, answers)

    while found.step(features, np.arange(len(features)), cells, task, learn):
        pass
    return found, list(dict.fromkeys(tried))


def accepted(labels: np.ndarray, k: int) -> Cells:
    return np.eye(k, dtype=np.int8)[labels]


def unit(rows: np.ndarray) -> Features:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def group_of(n: int) -> np.ndarray:
    return np.arange(n) % 4


class TestSearch:
    def test_too_few_answers_are_no_evidence(self) -> None:
        features, group = blobs(3, 33)
        found, tried = search(features, accepted(group, 3))
        assert len(features) < tuning.FEWEST
        assert not tried
        assert found.chosen == Hyperparameters()
        assert found.why == ""

    def test_what_does_well_is_left_alone(self) -> None:
        features, group = blobs(3, 50)
        found, tried = search(features, accepted(group, 3))
        assert not found.adapted
        others = len(tried) - 1
        assert found.why == (
            f"default settings kept: none of {others} alternatives was clearly better in "
            "cross-validation of 150 answers"
        )
        assert tried[0] == Hyperparameters()
        assert {hyper.C for hyper in tried} == set(tuning.PENALTIES)
        assert {hyper.balanced for hyper in tried} == {None, False}
        assert {hyper.propagation for hyper in tried} == set(tuning.PROPAGATIONS)

    def test_a_block_of_noise_is_turned_down(self) -> None:
        rng = np.random.default_rng(1)
        group = np.repeat(np.arange(4), 75)
        good = unit(np.eye(4)[group] + 0.3 * rng.standard_normal((300, 4)))
        noise = 2 * unit(rng.standard_normal((300, 60)))
        found, _ = search(np.hstack([good, noise]), accepted(group, 4), widths=(4, 60))
        assert found.chosen == Hyperparameters(downweighted=1)
        assert found.adapted
        assert "vector block 2 at half weight" in found.why
        assert "points in cross-validation of 300 answers" in found.why

    def test_wrong_answers_learned_by_heart_are_noticed(self) -> None:
        rng = np.random.default_rng(0)
        label = rng.integers(0, 2, 500)
        features = rng.standard_normal((500, 100))
        features[:, 0] += 6 * label - 3
        said = np.where(rng.random(500) < 0.2, 1 - label, label)
        found, _ = search(unit(features), accepted(said, 2))
        assert found.chosen == Hyperparameters(C=1.0)
        assert found.why.startswith("adapted to your answers: C=1 (+")

    @pytest.mark.parametrize("task", ["multilabel", "binary"])
    def test_other_tasks_carry_nothing_on(self, task: Task) -> None:
        features, group = blobs(2, 60)
        cells = accepted(group, 2) if task == "multilabel" else accepted(group, 2)[:, :1]
        _, tried = search(features, cells, task)
        assert len(tried) == 3
        assert {hyper.propagation for hyper in tried} == {Hyperparameters().propagation}

    def test_it_begins_again_when_there_are_many_more(self) -> None:
        features, group = blobs(3, 60)
        cells = accepted(group, 3)
        order = np.random.default_rng(0).permutation(180)
        features, cells = features[order], cells[order]
        found, first = search(features[:120], cells[:120])
        _, second = search(features[:150], cells[:150], begun=found)
        _, third = search(features[:160], cells[:160], begun=found)
        assert first
        assert not second
        assert third

    def test_what_was_chosen_is_given_up_when_it_is_no_longer_better(self) -> None:
        rng = np.random.default_rng(1)
        group = np.repeat(np.arange(4), 75)
        good = unit(np.eye(4)[group] + 0.3 * rng.standard_normal((300, 4)))
        noise = 2 * unit(rng.standard_normal((300, 60)))
        found, _ = search(np.hstack([good, noise]), accepted(group, 4), widths=(4, 60))
        assert found.adapted
        # Later the second block is what tells the labels apart.
        telling = 2 * unit(np.eye(60)[rng.integers(0, 60, 400)] + 4 * np.eye(60)[:4][group_of(400)])
        blank = unit(rng.standard_normal((400, 4)))
        found, _ = search(
            np.hstack([blank, telling]), accepted(group_of(400), 4), widths=(4, 60), begun=found
        )
        assert found.chosen.downweighted != 1

    def test_rejects_teach_and_are_not_checked(self) -> None:
        features, group = blobs(3, 50)
        cells = accepted(group, 3)
        cells[::5] = UNKNOWN
        cells[::5, 0] = 0
        evidence = SearchAnswers.of(features, np.arange(150), cells, "exclusive", 0)
        assert evidence is not None
        assert (evidence.folds == -1).sum() == 30
        assert all((evidence.folds == fold).sum() == 30 for fold in range(tuning.FOLDS))


class TestScores:
    def test_accuracy_and_macro_recall_by_hand(self) -> None:
        truth = accepted(np.array([0, 0, 0, 1]), 2) == IS
        decided = accepted(np.array([0, 0, 0, 0]), 2) == IS
        # Three of four right; recall 1 and 0.
        assert _scores(truth, decided, "exclusive").mean() == pytest.approx((0.75 + 0.5) / 2)

    def test_f1_of_each_ticket_by_hand(self) -> None:
        truth = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0]]) == IS
        decided = np.array([[1, 0, 0], [0, 0, 0], [0, 1, 0]]) == IS
        assert _scores(truth, decided, "multilabel") == pytest.approx([2 / 3, 1, 0])


class TestTrainer:
    def test_a_halved_block_is_that_of_scaled_features(self) -> None:
        features, group = blobs(3, 30)
        cells = accepted(group, 3)
        d = features.shape[1]
        widths = (d // 2, d - d // 2)
        halved = Trainer("exclusive", Hyperparameters(downweighted=0), widths)
        plain = Trainer("exclusive", Hyperparameters(), widths)
        factors = np.repeat(np.array([0.5, 1.0]) / np.sqrt(0.625), widths).astype(np.float32)
        rows = np.arange(len(cells))
        expected = plain.regression(plain.training_set(features * factors, rows, cells))
        got = halved.regression(halved.training_set(features, rows, cells))
        np.testing.assert_allclose(
            got.predict_proba(features), expected.predict_proba(features * factors), atol=1e-3
        )

    def test_a_start_leads_to_the_same_model(self) -> None:
        features, group = blobs(3, 40)
        cells = accepted(group, 3)
        trainer = Trainer("exclusive", Hyperparameters(downweighted=0), (2, features.shape[1] - 2))
        rows = np.arange(len(cells))
        known = trainer.training_set(features, rows, cells)
        cold = trainer.regression(known)
        first = trainer.regression(trainer.training_set(features[:60], rows[:60], cells[:60]))
        warm = trainer.regression(known, first)
        np.testing.assert_allclose(
            warm.predict_proba(features), cold.predict_proba(features), atol=5e-3
        )

    def test_without_a_weight_nothing_is_carried_on(self) -> None:
        features, group = blobs(3, 30)
        rows = np.array([0, 31, 61, 5])
        cells = accepted(group, 3)[rows]
        carry = Propagation(Neighbourhood(features))
        none = Trainer("exclusive", Hyperparameters(propagation=0), (features.shape[1],), carry)
        some = Trainer("exclusive", Hyperparameters(propagation=3), (features.shape[1],), carry)
        known = none.training_set(features[rows], rows, cells)
        regression = none.regression(known)
        assert none.finish(regression, known).coef is regression.coef
        assert np.abs(some.finish(regression, known).coef - regression.coef).max() > 0

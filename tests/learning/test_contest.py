"""The contest that ways of fitting are compared by: what it draws, checks and scores."""

from __future__ import annotations

import numpy as np
import pytest

from tests.learning.blobs import blobs
from txtal.learning.arrays import Cells
from txtal.learning.contest import FOLDS, MOST, Contest, _scores
from txtal.learning.matrix import IS, UNKNOWN
from txtal.learning.stepwise import finished
from txtal.learning.training import Hyperparameters, Trainer
from txtal.types import Task


def accepted(labels: np.ndarray, k: int) -> Cells:
    return np.eye(k, dtype=np.int8)[labels]


def contest_of(cells: Cells, features: np.ndarray, fewest: int = 20) -> Contest | None:
    rows = np.arange(len(features))
    return Contest.of(features, rows, cells, "exclusive", seed=0, fewest=fewest)


def test_too_few_answers_are_no_evidence() -> None:
    features, group = blobs(3, 6)
    assert contest_of(accepted(group, 3), features, fewest=19) is None
    assert contest_of(accepted(group, 3), features, fewest=18) is not None


def test_rejects_teach_and_are_not_checked() -> None:
    features, group = blobs(3, 50)
    cells = accepted(group, 3)
    cells[::5] = UNKNOWN
    cells[::5, 0] = 0
    contest = contest_of(cells, features)
    assert contest is not None
    assert (contest.folds == -1).sum() == 30
    assert all((contest.folds == fold).sum() == 30 for fold in range(FOLDS))


def test_of_many_answers_a_sample_is_looked_at() -> None:
    features, group = blobs(3, 250)
    contest = contest_of(accepted(group, 3), features)
    assert contest is not None
    assert len(contest.cells) == MOST
    assert len(np.unique(contest.rows)) == MOST


def test_the_better_way_scores_higher() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 500)
    features = rng.standard_normal((500, 100))
    features[:, 0] += 6 * label - 3
    features = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    said = np.where(rng.random(500) < 0.2, 1 - label, label)
    contest = contest_of(accepted(said, 2), features)
    assert contest is not None
    # Wrong answers that are learned by heart: a stronger penalty does better.
    by_heart, calmer = (
        finished(contest.scoring(Trainer("exclusive", Hyperparameters(C=C)))) for C in (10.0, 0.3)
    )
    assert calmer.mean() > by_heart.mean()


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

    @pytest.mark.parametrize("task", ["exclusive", "multilabel", "rating"])
    def test_all_right_is_one(self, task: Task) -> None:
        truth = accepted(np.array([0, 1, 2, 2]), 3) == IS
        assert _scores(truth, truth, task).mean() == pytest.approx(1)

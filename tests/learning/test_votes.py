"""Votes become opinions: anchored by answers, and never more certain than they should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.learning.blobs import blobs
from txtal.learning.arrays import Cells, Indices
from txtal.learning.matrix import IS, NOT, UNKNOWN
from txtal.learning.training import Hyperparameters, Trainer
from txtal.learning.votes import MOST, USUAL, Votes, VoteTable
from txtal.types import Task

NOBODY = np.empty(0, np.int64)


def table(votes: list[tuple[int, int, set[int]]], k: int) -> VoteTable:
    """Votes as source, ticket and labels."""
    named = np.array([[label in labels for label in range(k)] for _, _, labels in votes], np.bool_)
    return VoteTable(
        np.array([source for source, _, _ in votes], np.int64),
        np.array([at for _, at, _ in votes], np.int64),
        named.reshape(-1, k),
    )


def given(
    votes: list[tuple[int, int, set[int]]],
    k: int = 3,
    task: Task = "exclusive",
    *,
    answered: list[tuple[int, int, set[int]]] | None = None,
    silent: int = 0,
) -> Votes:
    """Votes on open tickets, and on answered ones whose rows are 100, 101, ..."""
    tickets = 1 + max((at for _, at, _ in votes), default=-1)
    judged = answered or []
    return Votes(
        task,
        1 + max(source for source, _, _ in [*votes, *judged]),
        np.arange(2 * tickets, dtype=np.float32).reshape(-1, 2),
        table(votes, k),
        np.full((silent, 2), -1, np.float32),
        np.arange(100, 101 + max((at for _, at, _ in judged), default=-1), dtype=np.int64),
        table(judged, k),
    )


def one_hot(labels: list[int], k: int = 3) -> Cells:
    return np.where(np.eye(k, dtype=np.bool_)[labels], IS, NOT).astype(np.int8)


def nothing(k: int = 3) -> tuple[Indices, Cells]:
    return NOBODY, np.empty((0, k), np.int8)


def test_without_anything_known_the_majority_wins() -> None:
    votes = given([(0, 0, {1}), (1, 0, {1}), (2, 0, {2}), (0, 1, {0}), (1, 2, {2})])
    opinions = votes.opinions(*nothing())
    assert opinions.proba.argmax(axis=1).tolist() == [1, 0, 2]
    np.testing.assert_allclose(opinions.proba.sum(axis=1), 1, atol=1e-5)
    assert opinions.proba[0, 1] > opinions.proba[1, 0], "two votes say more than one"


def test_answers_decide_whom_to_believe() -> None:
    """Source 1 was always right on what people answered, and source 0 never."""
    answered = [(source, at, {0 if source else 1}) for at in range(20) for source in (0, 1)]
    votes = given([(0, 0, {2}), (1, 0, {1})], answered=answered)
    rows, cells = np.arange(100, 120), one_hot([0] * 20)
    right, judged = votes.judged(rows, cells)
    assert right.tolist() == [0, 20]
    assert judged.tolist() == [20, 20]
    opinions = votes.opinions(rows, cells)
    assert opinions.accuracy[0] < 0.4 < 0.9 < opinions.accuracy[1]
    assert opinions.proba[0].argmax() == 1


def test_only_the_answers_that_may_be_known_are_anchors() -> None:
    votes = given([(0, 0, {2})], answered=[(0, at, {0}) for at in range(4)])
    rows = np.array([101, 103, 500])
    right, judged = votes.judged(rows, one_hot([0, 1, 0]))
    assert (right.tolist(), judged.tolist()) == ([1], [2])
    assert votes.judged(*nothing())[1].tolist() == [0]


def test_a_reject_that_leaves_the_label_open_judges_nothing() -> None:
    votes = given([(0, 0, {2})], answered=[(0, 0, {0}), (0, 1, {0})])
    cells = np.array([[UNKNOWN, NOT, UNKNOWN], [NOT, UNKNOWN, UNKNOWN]], np.int8)
    right, judged = votes.judged(np.array([100, 101]), cells)
    assert (right.tolist(), judged.tolist()) == ([0], [1])


def test_sources_that_agree_are_believed_more_than_one_that_stands_alone() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 200)
    votes = [(source, at, {int(label)}) for at, label in enumerate(truth) for source in (0, 1, 2)]
    votes += [(3, at, {int(rng.integers(0, 3))}) for at in range(200)]
    opinions = given(votes).opinions(*nothing())
    assert opinions.accuracy[:3].min() > opinions.accuracy[3] + 0.1


def test_votes_alone_on_their_tickets_say_nothing_of_the_source() -> None:
    opinions = given([(0, at, {at % 3}) for at in range(30)]).opinions(*nothing())
    assert opinions.accuracy[0] == pytest.approx(USUAL)


def test_a_vote_for_a_rare_label_is_doubted_where_errors_fall_on_all_labels() -> None:
    """Of a source that errs on all labels alike, most votes for a rare one are errors."""
    rng = np.random.default_rng(0)
    truth = (rng.random(2_000) < 0.03).astype(int)
    said = np.where(rng.random(2_000) < 0.7, truth, rng.integers(0, 5, 2_000))
    opinions = given([(0, at, {int(one)}) for at, one in enumerate(said)], k=5).opinions(
        *nothing(5)
    )
    assert opinions.proba[said == 0, 0].mean() > 0.9
    assert opinions.proba[said == 1, 1].mean() < 0.6


def test_a_vote_for_several_leaves_open_which() -> None:
    votes = given([(0, 0, {0, 1}), (1, 1, {0, 1, 2})])
    opinions = votes.opinions(*nothing())
    assert opinions.proba[0, 2] < opinions.proba[0, 0]
    assert opinions.proba[1].max() - opinions.proba[1].min() < 0.3


def test_opinions_weigh_less_than_answers_and_keep_to_what_was_named() -> None:
    votes = given([(0, 0, {1}), (0, 1, {2})])
    features, answers = np.ones((3, 2), np.float32), one_hot([0, 1, 2])
    x, cells, weights = votes.joined(features, answers, None, votes.opinions(*nothing()), 0.3)
    assert (len(x), cells[3:].argmax(axis=1).tolist()) == (5, [1, 2])
    assert weights[:3].tolist() == [1, 1, 1]
    assert (weights[3:] < 0.3).all()


class TestSeveralLabels:
    def test_what_is_silent_speaks_against_the_labels_that_are_voted_for(self) -> None:
        votes = given([(0, 0, {0}), (1, 1, {1})], task="multilabel", silent=2)
        features, answers = np.ones((1, 2), np.float32), np.array([[IS, NOT, NOT]], np.int8)
        _, cells, weights = votes.joined(features, answers, None, votes.opinions(*nothing()), 1.0)
        assert cells[1:].tolist() == [
            [IS, UNKNOWN, UNKNOWN],
            [UNKNOWN, IS, UNKNOWN],
            [NOT, NOT, UNKNOWN],
            [NOT, NOT, UNKNOWN],
        ]
        assert (weights[3:] < weights[1]).all()

    def test_a_source_of_many_labels_is_silent_on_the_others(self) -> None:
        votes = given([(0, 0, {0}), (0, 1, {1, 2}), (0, 2, set())], task="multilabel")
        _, cells, _ = votes.joined(
            np.empty((0, 2), np.float32), np.empty((0, 3), np.int8), None,
            votes.opinions(*nothing()), 1.0,
        )  # fmt: skip
        assert cells.tolist() == [[IS, NOT, NOT], [NOT, IS, IS], [NOT, NOT, NOT]]

    def test_votes_for_a_label_alone_teach_nothing(self) -> None:
        """With nothing to speak against it, the label would be everywhere."""
        votes = given([(0, at, {0}) for at in range(9)], k=1, task="binary")
        _, cells, _ = votes.joined(
            np.empty((0, 2), np.float32), np.empty((0, 1), np.int8), None,
            votes.opinions(*nothing(1)), 1.0,
        )  # fmt: skip
        assert (cells == UNKNOWN).all()

    def test_an_answer_judges_what_a_vote_is_about(self) -> None:
        answered: list[tuple[int, int, set[int]]] = [(0, 0, {0}), (0, 1, {0, 1}), (0, 2, set())]
        votes = given([(0, 0, {0})], task="multilabel", answered=answered)
        cells = np.array([[IS, NOT, IS], [IS, NOT, NOT], [NOT, NOT, NOT]], np.int8)
        right, judged = votes.judged(np.arange(100, 103), cells)
        assert (right.tolist(), judged.tolist()) == ([2], [3])


def test_the_model_learns_from_votes_as_far_as_the_weight_says() -> None:
    features, group = blobs(3, 60)
    answered, opened = np.arange(0, 180, 30), np.setdiff1d(np.arange(180), np.arange(0, 180, 30))
    wrong = (group + 1) % 3  # votes that are all wrong, so that the weight is plain to see
    votes = Votes(
        "exclusive", 1, features[opened],
        table([(0, at, {int(wrong[row])}) for at, row in enumerate(opened)], 3),
        np.empty((0, features.shape[1]), np.float32), NOBODY, table([], 3),
    )  # fmt: skip
    plain = Trainer("exclusive", Hyperparameters(), votes=votes)
    cells = one_hot(group[answered].tolist())

    def right(weight: float) -> float:
        trainer = replace(plain, hyper=Hyperparameters(votes=weight))
        model = trainer.model(features[answered], answered, cells)
        return float((model.predict_proba(features).argmax(axis=1) == group).mean())

    assert right(0.0) > 0.9
    assert right(1.0) < 0.1
    assert len(votes.features) < MOST

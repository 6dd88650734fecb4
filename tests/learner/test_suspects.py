"""Suspects: which answers the learner doubts, and which it leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import MakeDataset
from tests.learner.test_learner import LABELS, TEXTS, Desk, topic
from txtal.learner import protocol
from txtal.learner.pool import PoolLearner
from txtal.learner.suspects import suspected
from txtal.store.sqlite import Connection
from txtal.types import SUSPECT, LearnerSettings, Ranking, RankingSettings, StopRule, Suspect

WRONG = (0, 7, 20)
"""Which of the answers are wrong."""


@pytest.fixture
def desk(conn: Connection, path: Path, make_dataset: MakeDataset) -> Desk:
    """Ninety answers, three of them wrong."""
    made = Desk(conn, path, make_dataset(TEXTS, LABELS))
    for place, ticket in enumerate(made.ids):
        right = topic(made.text(ticket))
        made.say(ticket, other(right) if place in WRONG else right)
    return made


def other(name: str) -> str:
    names = LABELS.split(",")
    return names[(names.index(name) + 1) % len(names)]


def wrong_tickets(desk: Desk) -> list[int]:
    return [desk.ids[place] for place in WRONG]


def suspects_of(desk: Desk) -> list[Suspect]:
    learner = desk.learner()
    return learner.suspects()


def found(desk: Desk) -> Sequence[int]:
    return [one.answer.ticket_id for one in suspects_of(desk)]


def test_the_wrong_ones_are_found_with_what_they_should_be(desk: Desk) -> None:
    suspects = suspects_of(desk)
    assert {one.answer.ticket_id for one in suspects[:3]} == set(wrong_tickets(desk))
    for one in suspects[:3]:
        right = topic(desk.text(one.answer.ticket_id))
        assert one.label == desk.labels[right]
        assert one.missing
        assert one.given < 0.5 < one.other
        assert one.agreeing >= 3
        assert one.answer.ticket_id not in {near.ticket_id for near in one.near}


def test_the_newest_answers_are_left_alone(desk: Desk) -> None:
    last = desk.ids[-1]
    desk.say(last, other(topic(desk.text(last))))
    assert last not in found(desk)


def test_what_was_looked_at_again_is_settled(desk: Desk) -> None:
    first = found(desk)[0]
    desk.say(first, other(topic(desk.text(first))), reason=SUSPECT)  # kept as it was
    for ticket in desk.ids[-20:]:
        desk.say(ticket, topic(desk.text(ticket)))
    assert first not in found(desk)


def test_a_few_answers_are_too_few_to_doubt_any(
    conn: Connection, path: Path, make_dataset: MakeDataset
) -> None:
    desk = Desk(conn, path, make_dataset(TEXTS, LABELS))
    desk.answer(desk.ids[:30])
    assert not suspects_of(desk)


def test_rankings_have_suspects_only_when_asked_for(desk: Desk) -> None:
    assert not desk.learner().rank().suspects
    settings = LearnerSettings("lexical@en", "margin", ranking=RankingSettings(suspects=True))
    ranking = desk.learner(settings).rank()
    first = ranking.suspects[0]
    assert first.ticket_id in wrong_tickets(desk)
    assert first.reason == SUSPECT
    assert first.suggestion == (desk.labels[topic(desk.text(first.ticket_id))],)
    sent = protocol.load_message(protocol.dump_message(ranking))
    assert isinstance(sent, Ranking)
    assert sent.suspects == ranking.suspects


def left_out(learner: PoolLearner) -> None:
    """Have it find the answers to leave out, which takes several fits and so several steps."""
    assert learner.idle.leave_out()
    while learner.idle.leave_out():
        pass


class TestRobust:
    def test_what_is_next_to_impossible_teaches_nothing(self, desk: Desk) -> None:
        learner = desk.learner(LearnerSettings("lexical@en", "margin", robust=True))
        first = learner.rank().revision
        assert "robust" not in first.note
        left_out(learner)
        assert not learner.idle.leave_out()  # until there are a tenth more answers
        assert learner.rank().revision.note == "robust: learns nothing from 3 answers"
        assert learner.fitter.left_out.tickets == frozenset(wrong_tickets(desk))

    def test_only_where_it_is_asked_for(self, desk: Desk) -> None:
        learner = desk.learner()
        learner.rank()
        assert not learner.idle.leave_out()

    def test_not_of_several_labels(
        self, conn: Connection, path: Path, make_dataset: MakeDataset
    ) -> None:
        desk = Desk(conn, path, make_dataset(TEXTS, LABELS, "multilabel"))
        desk.answer(desk.ids)
        learner = desk.learner(LearnerSettings("lexical@en", "margin", robust=True))
        learner.rank()
        assert not learner.idle.leave_out()

    def test_it_looks_ahead_no_more_often(
        self, conn: Connection, path: Path, make_dataset: MakeDataset
    ) -> None:
        texts = [f"{text} {n}" for n in range(5) for text in TEXTS]
        desk = Desk(conn, path, make_dataset(texts, LABELS))
        for place, ticket in enumerate(desk.ids[:300]):
            right = topic(desk.text(ticket))
            desk.say(ticket, right if place % 4 else other(right))
        settings = LearnerSettings("lexical@en", "margin", robust=True, stop=StopRule(1.0))
        learner = desk.learner(settings)
        learner.rank()
        left_out(learner)
        assert len(learner.fitter.left_out.tickets) >= 50
        while learner.idle.look_ahead():
            pass
        assert learner.fitter.outlook is not None
        assert not learner.idle.look_ahead()


def test_folds_fitted_at_once_say_the_same(desk: Desk) -> None:
    fit = desk.learner().learn()
    known = fit.snapshot, fit.answered, fit.trainer
    assert suspected(*known, threads=4) == suspected(*known)


def test_of_many_answers_the_wrong_ones_are_found_by_fewer_fits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("txtal.learner.suspects.MANY", len(TEXTS) // 2)
    suspects = suspects_of(desk)
    assert {one.answer.ticket_id for one in suspects[:3]} == set(wrong_tickets(desk))

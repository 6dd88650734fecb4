"""Answered tickets asked again: suspects openly, rechecks blindly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import MakeDataset, StillLearner
from txtal.session import lookup
from txtal.session.session import Session
from txtal.session.setup import Policy
from txtal.store import answers, rechecks, schema, stats
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import AUDIT, RECHECK, SUSPECT, Answer, Dataset, Ranked, Ranking, Revision
from txtal.types.query import Query

MakeSession = Callable[..., Session]
TEXTS = [f"ticket {n}" for n in range(1, 61)]
REFUND, PRAISE = 1, 2


def suspects(newest: int, *ticket_ids: int) -> Ranking:
    doubted = tuple(Ranked(i, (PRAISE,), ((PRAISE, 0.9),), SUSPECT, 0.9, 0.5) for i in ticket_ids)
    return Ranking(Revision(newest, newest, 0.1, "lexical@en", "auto"), (), (), doubted)


def answer_all(session: Session, count: int, label: int = REFUND) -> None:
    for _ in range(count):
        session.choose(label)


def standing(conn: Connection, ticket: int) -> Answer:
    return next(one for one in answers.standing(conn, 1) if one.ticket_id == ticket)


class TestSuspects:
    @pytest.fixture
    def dataset(self, make_dataset: MakeDataset, make_session: MakeSession) -> Dataset:
        """Thirty tickets answered in the order they were loaded."""
        made = make_dataset(TEXTS)
        answer_all(make_session(made, order="file"), 30)
        return made

    @pytest.fixture
    def session(self, dataset: Dataset, make_session: MakeSession) -> Session:
        learner = StillLearner()
        made = make_session(dataset, learner=learner, order="suspects")
        assert made.question is None
        learner.rankings.append(suspects(30, 3, 5))
        assert made.update()
        return made

    def test_the_earlier_answer_is_shown_and_can_be_changed(
        self, session: Session, conn: Connection
    ) -> None:
        assert session.question is not None
        assert session.question.ticket.id == 3
        assert session.question.previous is not None
        assert session.question.previous.labels == (REFUND,)
        session.accept()
        assert standing(conn, 3).labels == (PRAISE,)
        assert standing(conn, 3).ranked == session.ranking.suspects[0]  # type: ignore[union-attr]
        assert session.question.ticket.id == 5
        assert session.ledger.open == 30

    def test_rejecting_the_doubt_keeps_the_answer(self, session: Session, conn: Connection) -> None:
        session.reject()
        kept = standing(conn, 3)
        assert (kept.verdict, kept.labels) == ("accept", (REFUND,))
        assert kept.ranked is not None
        assert kept.ranked.reason == SUSPECT

    def test_none_is_asked_twice_and_then_it_ends(self, session: Session) -> None:
        session.reject()
        session.reject()
        assert session.question is None
        assert session.count == 2

    def test_undo_shows_what_stands_again(self, session: Session, conn: Connection) -> None:
        session.accept()
        session.undo()
        assert session.question is not None
        assert session.question.ticket.id == 3
        assert session.question.previous is not None
        assert session.question.previous.labels == (REFUND,)
        session.reject()  # keeps what was said first, not what was taken back
        assert standing(conn, 3).labels == (REFUND,)
        assert session.question.ticket.id == 5  # which was put back for it

    def test_what_another_session_holds_is_left_to_it(
        self, dataset: Dataset, make_session: MakeSession, path: Path
    ) -> None:
        other = schema.open_database(path)
        StoreLedger(other, path, dataset, annotator="bea").tickets.hold(3)
        learner = StillLearner()
        learner.rankings.append(suspects(30, 3, 5))
        session = make_session(dataset, learner=learner, order="suspects")
        session.update()
        assert session.question is not None
        assert session.question.ticket.id == 5
        other.close()

    def test_an_audit_answer_stays_in_the_audit(self, session: Session, conn: Connection) -> None:
        ledger = session.ledger
        asked = Ranked(40, reason=AUDIT, selection_probability=0.1)
        ledger.record(Answer(40, "accept", (REFUND,), asked))
        ledger.record(Answer(40, "accept", (PRAISE,), replace(asked, reason=SUSPECT)))
        assert answers.picked_for(conn, 1, AUDIT) == {40}
        session.undo()
        session.undo()
        assert not answers.picked_for(conn, 1, AUDIT)


class TestRechecks:
    def asked(self, session: Session, count: int) -> list[str]:
        """Answer so many, first and second time alike; the reasons they were recorded with."""
        reasons = []
        for _ in range(count):
            assert session.question is not None
            session.choose(REFUND if session.question.ticket.id % 2 else PRAISE)
            assert session.saved is not None
            assert session.saved.ranked is not None
            reasons.append(session.saved.ranked.reason)
        return reasons

    def test_none_unless_asked_for(
        self, make_dataset: MakeDataset, make_session: MakeSession
    ) -> None:
        session = make_session(make_dataset(TEXTS))
        assert RECHECK not in self.asked(session, 60)
        assert session.question is None

    def test_the_share_asked_for_and_each_once(
        self, make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
    ) -> None:
        session = make_session(make_dataset([f"t{n}" for n in range(400)]), recheck=0.2)
        reasons = Counter(self.asked(session, 400))
        assert 50 < reasons[RECHECK] < 105  # 76 expected after the first twenty
        pairs = rechecks.pairs(conn, 1)
        assert len({second.ticket_id for _, second in pairs}) == reasons[RECHECK]
        assert all(second.id - first.id >= rechecks.APART for first, second in pairs)
        assert session.ledger.open == 400 - reasons["random"]

    def test_it_looks_as_it_did_the_first_time(
        self, make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
    ) -> None:
        session = make_session(make_dataset(TEXTS))
        ranked = Ranked(7, (PRAISE,), ((PRAISE, 0.7),), "margin", 0.3, 0.9)
        session.ledger.record(Answer(7, "accept", (REFUND,), ranked, shown=1.0, answered=2.0))
        for n in range(20, 20 + rechecks.APART):
            session.ledger.record(Answer(n, "ignore", shown=1.0, answered=2.0))
        session.questions.policy = Policy(recheck=1.0)
        session.ignore()
        assert session.question is not None
        assert session.question.ticket.id == 7
        assert session.question.ranked == ranked
        assert session.question.previous is None
        assert session.current.chosen == ()
        session.choose(PRAISE)
        said = standing(conn, 7)
        assert said.labels == (PRAISE,)  # the newest word counts
        assert said.ranked == replace(ranked, reason=RECHECK)
        assert [(one.labels, two.labels) for one, two in rechecks.pairs(conn, 1)] == [
            ((REFUND,), (PRAISE,))
        ]
        session.undo()
        assert standing(conn, 7).labels == (REFUND,)
        assert not rechecks.pairs(conn, 1)

    def test_another_annotators_answers_are_not_mine(
        self, make_dataset: MakeDataset, make_session: MakeSession
    ) -> None:
        dataset = make_dataset(TEXTS)
        self.asked(make_session(dataset), 40)
        session = make_session(dataset, annotator="bea", recheck=1.0)
        assert RECHECK not in self.asked(session, 19)  # the first holds one

    def test_looking_one_up_is_no_recheck(
        self, make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
    ) -> None:
        session = make_session(make_dataset(TEXTS), recheck=0.5)
        self.asked(session, 50)
        pairs = rechecks.pairs(conn, 1)
        found = next(
            one
            for one in lookup.history(session.ledger.finder, Query())
            if one.answer and one.answer.ranked and one.answer.ranked.reason == RECHECK
        )
        session.revisit(found.ticket.id)
        session.ignore()
        assert len(rechecks.pairs(conn, 1)) == len(pairs)

    def test_stats_tell_how_often_it_was_the_same(
        self, make_dataset: MakeDataset, make_session: MakeSession, conn: Connection
    ) -> None:
        assert stats.of(conn, make_dataset(TEXTS).name).self_agreement is None
        session = make_session(make_dataset(TEXTS), recheck=0.5)
        reasons = Counter(self.asked(session, 60))
        found = stats.of(conn, "d").self_agreement
        assert found is not None
        assert found.share.n == reasons[RECHECK]
        assert found.share.value == found.kappa.value == 1
        assert found.kappa.low < 1

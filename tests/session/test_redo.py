"""Redo goes by the answer log: after a restart, for bulk steps, and among several annotators."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import MakeDataset
from txtal.session import bulk
from txtal.session.session import Session
from txtal.store import answers, datasets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import Dataset, Found, LabelChange

REFUND, PRAISE, DELIVERY = 1, 2, 3
Sit = Callable[..., Session]


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return make_dataset([f"ticket {n}" for n in range(1, 8)], "refund,praise,delivery")


@pytest.fixture
def sit(dataset: Dataset, conn: Connection, make_session: Callable[..., Session]) -> Sit:
    """Open another session; those before it have been closed unless they are ``kept``."""
    opened: list[Session] = []

    def sit(annotator: str = "ann", *, kept: bool = False) -> Session:
        if not kept:
            while opened:
                ledger = opened.pop().ledger
                assert isinstance(ledger, StoreLedger)
                ledger.close()
        opened.append(make_session(datasets.get(conn, "d"), order="file", annotator=annotator))
        return opened[-1]

    return sit


def standing(conn: Connection) -> dict[int, tuple[int, ...]]:
    return {answer.ticket_id: answer.labels for answer in answers.standing(conn, 1)}


def undo(session: Session, times: int) -> None:
    for _ in range(times):
        session.undo()


def test_what_was_undone_is_redone_after_a_restart(sit: Sit, conn: Connection) -> None:
    session = sit()
    session.choose(REFUND)
    session.current.comment, session.current.flagged = "why not", True
    session.choose(PRAISE)
    session.ignore()
    given = answers.standing(conn, 1)
    undo(session, 2)
    session = sit()
    session.redo()
    assert session.notice == "redone: 1 answer (praise)"
    assert session.count == 1
    session = sit()
    session.redo()
    assert session.notice == "redone: 1 answer (ignore)"
    fields = ("ticket_id", "verdict", "labels", "flagged", "comment", "shown", "answered", "ranked")
    again = answers.standing(conn, 1)
    assert [[getattr(one, name) for name in fields] for one in again] == [
        [getattr(one, name) for name in fields] for one in given
    ]
    session.redo()
    assert session.notice == "nothing to redo: you have undone nothing since your last answer"
    assert session.question is not None
    assert session.question.ticket.text == "ticket 4"


def test_undo_and_redo_go_on_from_session_to_session(sit: Sit, conn: Connection) -> None:
    session = sit()
    for label in (REFUND, PRAISE, DELIVERY):
        session.choose(label)
    undo(session, 3)
    for stands in range(1, 4):
        session = sit()
        session.redo()
        undo(session, 1)
        session.redo()
        assert len(standing(conn)) == stands
    assert standing(conn) == {1: (REFUND,), 2: (PRAISE,), 3: (DELIVERY,)}
    session.redo()
    assert "nothing to redo" in session.notice


def test_an_answer_ends_what_can_be_redone(sit: Sit, conn: Connection) -> None:
    session = sit()
    session.choose(REFUND)
    session.choose(PRAISE)
    undo(session, 2)
    session = sit()
    session.choose(DELIVERY)
    sit().redo()
    assert standing(conn) == {1: (DELIVERY,)}


def test_answers_given_together_are_redone_together_after_a_restart(
    sit: Sit, conn: Connection
) -> None:
    session = sit()
    listed = [Found(session.ledger.ticket(i)) for i in (2, 3, 5)]
    bulk.answer_all(session, PRAISE, listed)
    session.undo()
    assert standing(conn) == {}
    session = sit()
    before = session.ledger.open
    session.redo()
    assert session.notice == "redone: 3 answers (praise)"
    assert session.ledger.open == before - 3
    assert standing(conn) == dict.fromkeys((2, 3, 5), (PRAISE,))
    session = sit()
    session.undo()
    assert standing(conn) == {}
    sit().redo()
    assert list(standing(conn)) == [2, 3, 5]


def test_only_ones_own_steps(sit: Sit, conn: Connection) -> None:
    session = sit("ann")
    session.choose(REFUND)
    undo(session, 1)
    session = sit("bo")
    session.redo()
    assert "nothing to redo" in session.notice
    assert standing(conn) == {}
    sit("ann").redo()
    assert standing(conn) == {1: (REFUND,)}


def test_not_over_a_newer_answer(sit: Sit, conn: Connection) -> None:
    session = sit("ann")
    listed = [Found(session.ledger.ticket(i)) for i in (1, 2, 3)]
    bulk.answer_all(session, PRAISE, listed)
    session.undo()
    session = sit("bo")
    session.choose(REFUND)  # ticket 1
    session = sit("ann")
    session.redo()
    assert session.notice == "redone: 2 answers (praise); left undone: 1 ticket with a newer answer"
    assert standing(conn) == {1: (REFUND,), 2: (PRAISE,), 3: (PRAISE,)}
    session = sit("bo")
    session.undo()
    session = sit("ann")  # it is open again
    session.redo()
    assert standing(conn) == dict.fromkeys((1, 2, 3), (PRAISE,))


def test_not_what_another_has_on_the_screen(sit: Sit, conn: Connection) -> None:
    session = sit("ann")
    session.choose(REFUND)
    undo(session, 1)
    sit("bo")
    session = sit("ann", kept=True)
    session.redo()
    assert session.notice == "left undone: 1 ticket open in another session"
    assert standing(conn) == {}


def test_two_sessions_of_one_person_keep_apart(sit: Sit, conn: Connection) -> None:
    one = sit()
    one.choose(REFUND)
    other = sit(kept=True)
    other.choose(PRAISE)
    one.undo()
    other.choose(DELIVERY)
    one.redo()
    assert standing(conn) == {1: (REFUND,), 3: (PRAISE,), 4: (DELIVERY,)}


def test_after_changes_of_the_labels(sit: Sit, conn: Connection) -> None:
    session = sit()
    session.choose(REFUND)
    session.choose(PRAISE)
    session.choose(DELIVERY)
    undo(session, 3)
    session.change_labels(LabelChange("merge", REFUND, into=PRAISE))
    session.change_labels(LabelChange("retire", DELIVERY))
    session = sit()
    session.redo()
    assert session.notice == "redone: 1 answer (praise)"
    session.redo()
    session.redo()
    assert session.notice == "left undone: 1 ticket with a label that is no longer offered"
    assert standing(conn) == {1: (PRAISE,), 2: (PRAISE,)}
    session.change_labels(LabelChange("undo"))
    session.change_labels(LabelChange("undo"))
    assert standing(conn) == {1: (REFUND,), 2: (PRAISE,)}


def test_what_a_split_undid_is_its_own_to_restore(sit: Sit, conn: Connection) -> None:
    session = sit()
    session.choose(REFUND)
    session.change_labels(LabelChange("split", REFUND, names=("wanted", "sent")))
    assert standing(conn) == {}
    session.redo()
    assert "nothing to redo" in session.notice
    sit().redo()
    assert standing(conn) == {}

"""A review: disputed tickets, the most disputed first, decided with what was said in sight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import MakeDataset
from txtal.measures.gold import counting
from txtal.session.session import Session
from txtal.store import answers, gold
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import OVERLAP, REVIEW, Answer, Dataset, Ranked

MakeSession = Callable[..., Session]
REFUND, PRAISE = 1, 2


@pytest.fixture
def dataset(make_dataset: MakeDataset, conn: Connection, path: Path) -> Dataset:
    """Ticket 1: agreed. 2: two to one. 3: one against one. 4: one annotator. 5: nobody."""
    made = make_dataset([f"ticket {n}" for n in range(1, 6)])
    said = {
        "ann": {1: REFUND, 2: REFUND, 3: REFUND, 4: PRAISE},
        "ben": {1: REFUND, 2: PRAISE, 3: PRAISE},
        "cat": {2: REFUND},
    }
    for name, given in said.items():
        ledger = StoreLedger(conn, path, made, annotator=name)
        for ticket, label in given.items():
            ranked = Ranked(ticket, reason=OVERLAP)
            ledger.record(Answer(ticket, "accept", (label,), ranked, answered=1.0))
        ledger.close()
    return made


@pytest.fixture
def session(dataset: Dataset, make_session: MakeSession) -> Session:
    return make_session(dataset, order="disputed")


def standing(conn: Connection, dataset: Dataset) -> dict[int, tuple[int, ...] | None]:
    return {
        one.ticket.id: one.gold.answer.labels if one.gold.answer else None
        for one in gold.read(conn, dataset)
    }


def test_the_most_disputed_comes_first_with_who_said_what(session: Session) -> None:
    question = session.question
    assert question is not None
    assert question.ticket.id == 3
    assert [(one.annotator, one.labels) for one in question.said] == [
        ("ann", (REFUND,)),
        ("ben", (PRAISE,)),
    ]
    assert question.ranked.reason == REVIEW
    assert question.ranked.suggestion == ()


def test_one_key_decides_for_everybody(
    session: Session, conn: Connection, dataset: Dataset
) -> None:
    assert standing(conn, dataset)[3] is None
    session.choose(PRAISE)
    assert standing(conn, dataset)[3] == (PRAISE,)
    assert session.question is not None
    assert session.question.ticket.id == 2
    assert session.question.ranked.suggestion == (REFUND,)
    session.accept()
    assert standing(conn, dataset)[2] == (REFUND,)
    assert session.question is None
    assert len(counting(answers.standing(conn, dataset.id))[2]) == 1


def test_undo_brings_the_dispute_back(session: Session, conn: Connection, dataset: Dataset) -> None:
    session.choose(PRAISE)
    session.undo()
    assert session.question is not None
    assert session.question.ticket.id == 3
    assert len(session.question.said) == 2
    assert standing(conn, dataset)[3] is None


def test_ignoring_takes_the_ticket_out(
    session: Session, conn: Connection, dataset: Dataset
) -> None:
    session.ignore()
    assert standing(conn, dataset)[3] == ()


def test_what_another_decided_meanwhile_is_not_asked(
    session: Session, make_session: MakeSession, dataset: Dataset
) -> None:
    other = make_session(dataset, order="disputed", annotator="dan")
    assert other.question is not None
    assert other.question.ticket.id == 2  # the first is on a screen
    other.accept()
    session.choose(REFUND)
    assert session.question is None

"""Several annotators: who is asked what, and what each sees of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.sessions import session_of
from txtal.store import schema, stats
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import OVERLAP, Answer, Dataset

Make = Callable[..., Dataset]
Sit = Callable[..., StoreLedger]

TEXTS = [f"ticket {n}" for n in range(200)]


@pytest.fixture
def sit(path: Path, conn: Connection, make_dataset: Make) -> Iterator[Sit]:
    """Ledgers of one dataset, each with a connection of its own, as in so many processes."""
    dataset = make_dataset(TEXTS)
    with ExitStack() as opened:

        def make(annotator: str, overlap: float = 0.25) -> StoreLedger:
            own = schema.open_database(path)
            opened.callback(own.close)
            return StoreLedger(own, path, dataset, annotator=annotator, overlap=overlap)

        yield make


def answer_all(ledger: StoreLedger, most: int = 1000) -> set[int]:
    """What a ledger's annotator is asked, in file order, and answers."""
    asked: set[int] = set()
    while len(asked) < most and (ticket_id := ledger.tickets.take_next()) is not None:
        ledger.record(Answer(ticket_id, "accept", (1,)))
        asked.add(ticket_id)
    return asked


def test_a_share_is_asked_of_everybody_and_the_rest_of_one(sit: Sit) -> None:
    ann, bob, cas = (sit(name) for name in ("ann", "bob", "cas"))
    first = answer_all(ann, 80)
    second, third = answer_all(bob), answer_all(cas)
    rest = answer_all(ann)
    everybody = second & third
    assert 0.15 * len(TEXTS) < len(everybody) < 0.35 * len(TEXTS)
    assert everybody == (first | rest) & second
    assert len(first | second | third | rest) == len(TEXTS)
    once = len(first | rest) + len(second) + len(third) - 2 * len(everybody)
    assert once == len(TEXTS)


def test_two_hold_it_at_once_but_not_two_sessions_of_one(sit: Sit) -> None:
    ann, ann_too, bob = sit("ann", 1.0), sit("ann", 1.0), sit("bob", 1.0)
    assert ann.tickets.take_first([1]) == 1
    assert bob.tickets.take_first([1]) == 1
    assert ann_too.tickets.take_first([1]) is None


def test_a_greater_share_holds_the_smaller(sit: Sit) -> None:
    answer_all(sit("ann", 0.0))
    few = answer_all(sit("bob", 0.1))
    more = answer_all(sit("cas", 0.5))
    assert few < more
    assert answer_all(sit("dee", 0.0)) == set()


def test_what_is_open_counts_what_everybody_is_still_to_answer(sit: Sit) -> None:
    ann, bob = sit("ann"), sit("bob")
    answer_all(ann)
    bob.refresh()
    left = bob.open
    assert left > 0
    assert len(answer_all(bob)) == left
    assert (ann.open, bob.open) == (0, 0)
    bob.undo()
    assert bob.open == 1


def test_the_others_are_counted_as_they_answer_and_undo(sit: Sit) -> None:
    ann, bob, cas = sit("ann"), sit("bob"), sit("cas")
    assert not ann.look() or ann.others == {}
    answer_all(bob, 3)
    answer_all(cas, 1)
    assert ann.others == {}  # not before it looks
    assert ann.look()
    assert ann.others == {"bob": 3, "cas": 1}
    assert not ann.look()
    bob.undo()
    cas.undo()
    ann.look()
    assert ann.others == {"bob": 2}
    answer_all(ann, 1)
    assert not ann.look()  # one's own are no news


def test_a_ticket_that_another_answered_comes_soon_and_blindly(sit: Sit) -> None:
    ann = sit("ann", 1.0)
    answered = answer_all(ann, 5)
    bob = sit("bob", 1.0)
    session = session_of(bob, bob.dataset.scheme, audit=0.0)
    session.begin()
    session.update()
    asked = []
    for _ in range(40):
        assert session.question is not None
        assert session.question.previous is None
        asked.append((session.question.ranked.reason, session.question.ticket.id))
        session.choose(1)
    assert {ticket for reason, ticket in asked if reason == OVERLAP} <= answered
    assert answered <= {ticket for _, ticket in asked}
    assert bob.take_shared() is None


def test_agreement_is_in_the_stats(sit: Sit) -> None:
    ann, bob = sit("ann", 1.0), sit("bob", 1.0)
    for ticket_id in range(1, 41):
        label = 1 + ticket_id % 2
        ann.record(Answer(ticket_id, "accept", (label,)))
        bob.record(Answer(ticket_id, "accept", (label if ticket_id > 4 else 3 - label,)))
    agreement = stats.of(ann.file.conn, "d").annotator_agreement
    assert agreement is not None
    found = agreement.overall
    assert found.share.n == 40
    assert found.share.value == pytest.approx(0.9)
    assert found.alpha.value == pytest.approx(0.8, abs=0.01)
    assert found.alpha.low < found.alpha.value < found.alpha.high


def test_what_is_mended_in_sight_of_another_answer_is_no_second_opinion(
    conn: Connection, sit: Sit
) -> None:
    ann, bob = sit("ann", 0.0), sit("bob", 0.0)
    ann.record(Answer(1, "accept", (1,)))
    session = session_of(bob, bob.dataset.scheme, audit=0.0)
    session.begin()
    session.revisit(1)
    session.choose(2)
    assert stats.of(conn, "d").annotator_agreement is None

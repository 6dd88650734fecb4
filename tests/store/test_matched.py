"""Tickets that match a pattern are handed out by how often the pattern was right."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.conftest import MakeDataset
from txtal.store import matched, votes
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import Answer, Dataset, Ranked, SourceVote

TEXTS = [f"ticket {number}" for number in range(40)]


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return make_dataset(TEXTS, "refund,other", None)


@pytest.fixture
def ledger(conn: Connection, path: Path, dataset: Dataset) -> StoreLedger:
    return StoreLedger(conn, path, dataset, annotator="ann")


def pattern(conn: Connection, dataset: Dataset, name: str, tickets: list[int]) -> int:
    source = votes.enter(conn, dataset.id, name, "pattern", name)
    label = dataset.scheme.ids[0]
    votes.add(conn, dataset.id, [SourceVote(source.id, one, (label,)) for one in tickets])
    return source.id


def say(ledger: StoreLedger, ticket: int, label: int, verdict: str = "accept") -> None:
    given = Answer(ticket, verdict, (label,), Ranked(ticket, reason="pattern"), answered=1.0)  # type: ignore[arg-type]
    ledger.record(given)


def test_a_pattern_is_judged_by_what_people_said(
    conn: Connection, dataset: Dataset, ledger: StoreLedger
) -> None:
    refund, other = dataset.scheme.ids
    one = pattern(conn, dataset, "one", [1, 2, 3, 4])
    say(ledger, 1, refund)
    say(ledger, 2, other)
    say(ledger, 3, refund, "reject")
    say(ledger, 4, other, "reject")  # says nothing of it
    right, wrong = matched.tallies(conn, dataset.id)
    assert (right[one], wrong[one]) == (1, 2)
    ledger.undo()
    ledger.undo()
    assert matched.tallies(conn, dataset.id)[1][one] == 1


def test_the_pattern_that_was_right_is_tried_sooner_and_the_other_now_and_then(
    conn: Connection, dataset: Dataset, ledger: StoreLedger
) -> None:
    refund, other = dataset.scheme.ids
    good = pattern(conn, dataset, "good", list(range(1, 11)))
    bad = pattern(conn, dataset, "bad", list(range(11, 21)))
    for ticket in range(1, 6):
        say(ledger, ticket, refund)
        say(ledger, ticket + 10, other)
    rng = random.Random(0)
    first = [matched.by_promise(conn, dataset.id, rng)[0] for _ in range(200)]
    assert first.count(good) > 150
    assert first.count(bad) > 0


def test_every_matching_ticket_is_handed_out_once_and_then_none(
    conn: Connection, dataset: Dataset, ledger: StoreLedger
) -> None:
    pattern(conn, dataset, "one", [5, 7, 9])
    pattern(conn, dataset, "two", [9, 11])
    rng, taken = random.Random(0), []
    while (ticket := ledger.tickets.take_matched(rng)) is not None:
        taken.append(ticket)
        say(ledger, ticket, dataset.scheme.ids[1])
    assert sorted(taken) == [5, 7, 9, 11]


def test_without_patterns_there_is_nothing(ledger: StoreLedger) -> None:
    assert ledger.tickets.take_matched(random.Random(0)) is None


def test_patterns_that_left_the_file_leave(conn: Connection, dataset: Dataset) -> None:
    pattern(conn, dataset, "old", [1])
    pattern(conn, dataset, "new", [2])
    votes.enter(conn, dataset.id, "rule", "rule", "")
    votes.keep_patterns(conn, dataset.id, {"new"})
    assert [one.name for one in votes.sources(conn, dataset.id)] == ["new", "rule"]
    assert [vote.ticket_id for vote in votes.of_dataset(conn, dataset.id)] == [2]

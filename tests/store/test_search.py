"""Finding tickets by their words, and answers by what was said."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import MakeDataset
from txtal.errors import DatabaseError
from txtal.session import lookup
from txtal.session.lookup import Scope, listed
from txtal.session.session import Session
from txtal.store import search, tickets
from txtal.store.ledger import StoreLedger
from txtal.store.search import SearchIndex, shape
from txtal.store.sqlite import Connection
from txtal.types import Answer, LabelChange, Record
from txtal.types.query import Query, parse

TEXTS = [
    "Where is my parcel 4711?",
    "where is my PARCEL 99",
    "The kettle leaks and the parcel was late",
    "Ich möchte mein Geld zurück",
    "เงินคืนเมื่อไหร่",
]


@pytest.fixture
def ledger(path: Path, conn: Connection, make_dataset: MakeDataset) -> Iterator[StoreLedger]:
    dataset = make_dataset(TEXTS, "late/parcel,refund,other")
    tickets.add(conn, dataset.id, [Record("a review", {"channel": "review", "id": "T0006"})])
    made = StoreLedger(conn, path, dataset, annotator="ann")
    made.finder.index.start()
    made.finder.index.wait()
    yield made
    made.close()


def texts(found: list) -> list[str]:
    return [one.ticket.text for one in found]


@pytest.mark.parametrize(
    ("line", "query"),
    [
        ("", Query()),
        ("  late  parcel ", Query(("late", "parcel"))),
        ('"my parcel" by:ann', Query(("my parcel",), by="ann")),
        ("label:late is:flagged", Query(label="late", state="flagged")),
        ('channel:email x:"a b"', Query(meta=(("channel", "email"), ("x", "a b")))),
        ('"half open', Query(("half open",))),
        (":x y:", Query((":x", "y:"))),
        ("see https://x.org is:", Query(("see", "https://x.org"))),
    ],
)
def test_what_is_typed(line: str, query: Query) -> None:
    assert parse(line) == query
    assert bool(query) == bool(line.strip())


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("parcel", {1, 2, 3}),
        ("parc", {1, 2, 3}),
        ('"my parcel"', {1, 2}),
        ("parcel kettle", {3}),
        ("mochte zurück", {4}),
        ("เงินคืน", {5}),
        ("channel:rev", {6}),
        ("id:T0006 review", {6}),
        ('") OR NEAR(', set()),
        ("NOT", set()),
    ],
)
def test_words_and_meta_are_found(ledger: StoreLedger, line: str, ids: set[int]) -> None:
    assert {one.ticket.id for one in ledger.finder.find(parse(line), 10)} == ids


def test_what_is_like_a_ticket_and_what_is_nearly_the_same(ledger: StoreLedger) -> None:
    first = ledger.ticket(1)
    assert texts(ledger.finder.like(first, 10))[:2] == [TEXTS[1], TEXTS[2]]
    assert ledger.finder.alike(first) == [2]
    ledger.record(Answer(2, "accept", (1,)))
    assert ledger.finder.alike(first) == []
    assert shape("?!") != shape("...")
    assert shape("item 7") != shape("item 8")
    assert shape("Thanks!") == shape("thanks")


def test_the_index_goes_on_where_it_was(ledger: StoreLedger, conn: Connection) -> None:
    tickets.add(conn, ledger.dataset.id, [Record(f"number {n} marmalade") for n in range(1200)])
    assert ledger.finder.find(parse("marmalade"), 10) == []
    ledger.finder.index.start()
    ledger.finder.index.wait()
    assert len(ledger.finder.find(parse("marmalade"), 2000)) == 1200
    again = SearchIndex(ledger.file.path, ledger.dataset.id, ledger.finder.index._path.stem[7:])
    assert again.indexed() == 1206
    again.close()


def test_history_is_filtered_by_everything(
    ledger: StoreLedger, conn: Connection, make_session: Callable[..., Session]
) -> None:
    ledger.record(Answer(1, "accept", (1,)))
    ledger.record(Answer(3, "reject", (2,), flagged=True))
    ledger.record(Answer(6, "accept", (2,), comment="100%_odd"))
    ledger.record(Answer(1, "accept", (3,)))  # in place of the first
    bob = StoreLedger(conn, ledger.file.path, ledger.dataset, annotator="bob")
    bob.record(Answer(4, "ignore"))
    for line, ids in {
        "": [4, 1, 6, 3],
        "parcel": [1, 3],
        "label:oth": [1],
        "label:LATE": [],
        "label:refund": [6, 3],
        "by:bob": [4],
        "is:flagged": [3],
        "is:commented": [6],
        "is:reject": [3],
        "channel:review": [6],
        "it's:x": [],
        "100%": [],
    }.items():
        found = ledger.finder.history(parse(line), 10)
        assert [one.ticket.id for one in found] == ids, line
    assert len(ledger.finder.history(Query(), 2)) == 2
    bob.close()


def test_tickets_that_the_index_lacks_are_counted_and_added(
    ledger: StoreLedger, conn: Connection
) -> None:
    tickets.add(conn, ledger.dataset.id, [Record(f"number {n} marmalade") for n in range(3)])
    scope = Scope(ledger.dataset.scheme, None, (), (), frozenset())
    before = listed(ledger.finder, scope, "search", "marmalade")
    assert before.found == ()
    assert before.said == "3 tickets not looked at yet; search again in a moment"
    ledger.finder.index.wait()
    after = listed(ledger.finder, scope, "search", "marmalade")
    assert (len(after.found), after.said) == (3, "")


def test_words_that_many_have_are_found_unranked_and_dont_say_what_is_alike(
    path: Path, conn: Connection, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_COMMON", 4)
    there = [f"my parcel {word}" for word in ("late", "lost", "torn", "wet", "lost again")]
    made = StoreLedger(conn, path, make_dataset(there, "late,refund"), annotator="ann")
    made.finder.index.start()
    made.finder.index.wait()
    assert len(made.finder.find(parse("parcel"), 10)) == len(there)
    ticket = tickets.get(conn, 2)
    assert texts(made.finder.like(ticket, 10)) == ["my parcel lost again"]
    only_common = replace(ticket, text="my parcel")
    assert len(made.finder.like(only_common, 10)) == len(there) - 1
    made.close()


def test_a_file_in_the_place_of_the_folder_is_told_in_words(ledger: StoreLedger) -> None:
    ledger.finder.index.close()
    folder = ledger.file.path.with_name(f"{ledger.file.path.name}.cache")
    shutil.rmtree(folder)
    folder.write_text("")
    with pytest.raises(DatabaseError, match="File exists"):
        ledger.finder.find(parse("parcel"), 10)


def test_a_state_is_looked_for_beyond_the_first_page(
    path: Path, conn: Connection, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tickets with the words come by the hundred, and those answered already come first."""
    monkeypatch.setattr(lookup, "MOST_FOUND", 3)
    dataset = make_dataset([f"parcel {'late ' * (9 - n)}{n}" for n in range(9)], "late,refund")
    made = StoreLedger(conn, path, dataset, annotator="ann")
    made.finder.index.start()
    made.finder.index.wait()
    scope = Scope(dataset.scheme, None, (), (), frozenset({"ann"}))
    first = [one.ticket.id for one in listed(made.finder, scope, "search", "parcel").found]
    for ticket_id in first:
        made.record(Answer(ticket_id, "accept", (1,), annotator="ann"))
    assert len(listed(made.finder, scope, "search", "parcel is:open").found) == 3
    monkeypatch.setattr(lookup, "_MOST_WITH_WORDS", 4)
    found = listed(made.finder, scope, "search", "parcel is:open")
    assert len(found.found) == 1
    assert found.said == "only the first 4 tickets with these words were looked at; add a word"
    made.close()


def test_answers_are_counted_by_label_with_those_merged_into_it(
    path: Path, conn: Connection, make_dataset: MakeDataset
) -> None:
    dataset = make_dataset(["a", "b", "c", "d"], "late,refund,other", task="multilabel")
    made = StoreLedger(conn, path, dataset, annotator="ann")
    for ticket_id, labels in ((1, (1, 2)), (2, (2,)), (3, (3,))):
        made.record(Answer(ticket_id, "accept", labels, annotator="ann"))
    made.record(Answer(4, "reject", (3,), annotator="ann"))
    assert made.used() == {1: 1, 2: 2, 3: 1}
    made.change_labels(LabelChange("merge", 1, into=2))
    assert made.used() == {2: 2, 3: 1}
    made.close()

"""Damage is found, whatever was changed; an untouched file has none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from txtal.store import revisions
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.store.verify import Verified, verify
from txtal.types import (
    Answer,
    Bin,
    Calibration,
    Dataset,
    Estimate,
    LabelCounts,
    Measures,
    Ranked,
    Ranking,
    Revision,
)

SOME = Estimate(10, 0.8, 0.5, 0.9)
MEASURES = Measures(
    4,
    SOME,
    SOME,
    (LabelCounts(1, 4, 3, 2),),
    ((1, 2, 2),),
    Calibration(0.1, (Bin(4, 0.7, 0.5, 0.2, 0.8),), 1.5),
)
SECRET = "my card number is 4929"


@pytest.fixture
def used(path: Path, conn: Connection, make_dataset: Callable[..., Dataset]) -> Connection:
    """Tickets, answers, an undo, a revision and a queue."""
    dataset = make_dataset([f"{SECRET} {n}" for n in range(9)])
    ledger = StoreLedger(conn, path, dataset, annotator="ann")
    for n in range(1, 6):
        ledger.record(
            Answer(n, "accept", (1,), Ranked(n, (1,), ((1, 0.5),)), shown=1, answered=2.5)
        )
    ledger.undo()
    revision = Revision(4, 6, 0.1, "lexical@en", "margin", measures=MEASURES)
    ledger.save_ranking(Ranking(revision, (Ranked(6),)))
    return conn


def test_a_file_nobody_touched_has_no_faults(used: Connection) -> None:
    assert verify(used) == Verified(tickets=9, answers=6, newest=6, faults=())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (f"UPDATE ticket SET text = '{SECRET}!' WHERE id = 3", "ticket 3: its text changed"),
        ("UPDATE ticket SET text = CAST(x'ff' AS TEXT) WHERE id = 3", "ticket 3: its text changed"),
        ("UPDATE ticket SET meta = '{}' WHERE id = 3", "ticket 3: its meta or other keys"),
        ("UPDATE ticket SET extra = '{}' WHERE id = 3", "ticket 3: its meta or other keys"),
        ("UPDATE ticket SET sum = NULL WHERE id = 3", "ticket 3: "),
        ("UPDATE answer SET labels = '[2]' WHERE id = 2", "answer 2: it changed"),
        ("UPDATE answer SET ticket_id = 9 WHERE id = 2", "answer 2: it changed"),
        ("UPDATE answer SET answered = 2.6 WHERE id = 2", "answer 2: it changed"),
        ("UPDATE answer SET undoes = 4 WHERE id = 6", "answer 6: it changed"),
        ("DELETE FROM answer WHERE id = 3", "answer 3: lost"),
        ("DELETE FROM answer WHERE id IN (1, 2)", "answers 1 to 2: lost"),
        ("DELETE FROM answer WHERE id = 6", "answer 6: lost"),
        ("UPDATE queue SET ranking = '{}'", "queue of dataset 1"),
        ("UPDATE measures SET body = '{}'", "measures of revision 1"),
        ("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'revision'", "revision: its counter"),
        ("UPDATE label SET dataset_id = 7 WHERE id = 1", "label 1: refers to a dataset"),
        ("DELETE FROM label WHERE id = 1", "answer 1: names label 1, which its dataset"),
        ("UPDATE ticket SET dataset_id = 7 WHERE id = 1", "answer 1: its ticket is of another"),
        ("DROP INDEX answer_ticket", "answer_ticket: missing"),
        ("DROP VIEW standing_answer", "standing_answer: missing"),
        ("DELETE FROM _sqlite_migrations WHERE name = 'm002_sums'", "m002_sums: not noted"),
    ],
)
def test_what_was_changed_is_found_and_named(used: Connection, change: str, fault: str) -> None:
    used.execute("PRAGMA foreign_keys = OFF")
    used.execute(change)
    faults = verify(used).faults
    assert any(said.startswith(fault) for said in faults), faults
    assert SECRET not in " ".join(faults)


def test_a_redefined_view_is_found(used: Connection) -> None:
    used.execute("DROP VIEW standing_answer")
    used.execute("CREATE VIEW standing_answer AS SELECT * FROM answer")
    assert verify(used).faults == ("standing_answer: not defined as txtal defines it",)


def test_a_table_that_is_called_something_else_is_found(used: Connection) -> None:
    used.execute("PRAGMA writable_schema = ON")
    used.execute("UPDATE sqlite_master SET type = 'tAble' WHERE name = 'dataset'")
    assert verify(used).faults == ("dataset: not defined as txtal defines it",)


def test_a_changed_queue_is_not_asked_from(used: Connection) -> None:
    assert revisions.last_ranking(used, 1)
    used.execute("UPDATE queue SET ranking = replace(ranking, '6', '7')")
    assert revisions.last_ranking(used, 1) is None


def test_measures_come_back_as_they_were_and_not_at_all_once_changed(used: Connection) -> None:
    assert revisions.measures(used, 1) == [(1, MEASURES)]
    used.execute("UPDATE measures SET body = replace(body, '0.8', '0.9')")
    assert revisions.measures(used, 1) == []

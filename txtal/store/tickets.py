"""Tickets: loading them and reading them back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from txtal.errors import DamagedError
from txtal.store.sqlite import Connection, sqlite, transaction
from txtal.store.sums import content_hash, input_hash
from txtal.types import Record, Ticket

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did."""

    added: int
    duplicates: int


def add(conn: Connection, dataset_id: int, records: Iterable[Record]) -> Loaded:
    """Add the records in one transaction; texts the dataset has already are counted, not added.

    If ``records`` raises midway, nothing is added.
    """
    read = 0

    def rows() -> Iterator[tuple[object, ...]]:
        nonlocal read
        for read, record in enumerate(records, start=1):  # noqa: B007 - counted for the caller
            known = input_hash(record.text)
            meta, extra = _dump(record.meta), _dump(record.extra)
            yield (
                *(dataset_id, known, record.text, meta, extra),
                content_hash(dataset_id, known, meta, extra),
            )

    with transaction(conn):
        before = conn.total_changes
        # sqlite-utils' insert_all was measured at half the speed of this.
        conn.executemany(
            "INSERT OR IGNORE INTO ticket (dataset_id, input_hash, text, meta, extra, sum)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            rows(),
        )
        added = conn.total_changes - before
    return Loaded(added, read - added)


def _dump(value: Mapping[str, Any]) -> str | None:
    if not value:
        return None
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # what only Python's own can write, such as integers above 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def count(conn: Connection, dataset_id: int) -> int:
    """How many tickets the dataset holds."""
    row = conn.execute("SELECT count(*) FROM ticket WHERE dataset_id = ?", (dataset_id,)).fetchone()
    return int(row[0])


def id_range(conn: Connection, dataset_id: int) -> tuple[int, int]:
    """The lowest and the highest id of the dataset's tickets; zeros when it has none."""
    row = conn.execute(
        "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM ticket WHERE dataset_id = ?",
        (dataset_id,),
    ).fetchone()
    return int(row[0]), int(row[1])


def find(conn: Connection, dataset_id: int, text: str) -> int | None:
    """The id of the ticket with exactly this text, if the dataset has it."""
    row = conn.execute(
        "SELECT id FROM ticket WHERE dataset_id = ? AND input_hash = ?",
        (dataset_id, input_hash(text)),
    ).fetchone()
    return None if row is None else int(row[0])


def get(conn: Connection, ticket_id: int) -> Ticket:
    """The ticket with this id. Raises KeyError when there is none."""
    row = conn.execute("SELECT * FROM ticket WHERE id = ?", (ticket_id,)).fetchone()
    if row is None:
        raise KeyError(ticket_id)
    return from_row(row)


def from_row(row: sqlite.Row) -> Ticket:
    """The ticket in a row of the table. Raises DamagedError when it can't be read."""
    return Ticket(row["id"], row["text"], *extras(row["id"], row["meta"], row["extra"]))


def extras(
    ticket_id: int, meta: str | None, extra: str | None
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A ticket's meta and other keys. Raises DamagedError when they can't be read."""
    try:
        return json.loads(meta) if meta else {}, json.loads(extra) if extra else {}
    except ValueError:
        raise DamagedError(
            f"ticket {ticket_id} is damaged; `txtal verify` says more, and a backup brings it back"
        ) from None


def ids_after(conn: Connection, dataset_id: int, ticket_id: int = 0) -> list[int]:
    """Ids of the dataset's tickets above ``ticket_id``, in order of loading."""
    rows = conn.execute(
        "SELECT id FROM ticket WHERE dataset_id = ? AND id > ? ORDER BY id", (dataset_id, ticket_id)
    )
    return [row[0] for row in rows]


def texts(conn: Connection, ticket_ids: Sequence[int]) -> list[str]:
    """The texts of these tickets, in the same order. Raises KeyError for an unknown id."""
    found: dict[int, str] = {}
    for start in range(0, len(ticket_ids), _BATCH):
        batch = ticket_ids[start : start + _BATCH]
        marks = ",".join("?" * len(batch))
        rows = conn.execute(f"SELECT id, text FROM ticket WHERE id IN ({marks})", list(batch))
        found.update((row[0], row[1]) for row in rows)
    return [found[ticket_id] for ticket_id in ticket_ids]


def records(conn: Connection, dataset_id: int) -> Iterator[Record]:
    """The dataset's tickets as records, in order of loading.

    Read a part at a time: a transaction that stays open for hours would keep SQLite from tidying
    up behind those who write meanwhile.
    """
    last = 0
    while rows := conn.execute(
        "SELECT * FROM ticket WHERE dataset_id = ? AND id > ? ORDER BY id LIMIT ?",
        (dataset_id, last, _BATCH),
    ).fetchall():
        for ticket in map(from_row, rows):
            yield Record(ticket.text, ticket.meta, ticket.extra)
        last = rows[-1]["id"]

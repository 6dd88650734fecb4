"""Tickets: loading them and reading them back."""

from __future__ import annotations

import itertools
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson

from txtal.errors import DamagedError
from txtal.store import removals
from txtal.store.checksums import input_hash, ticket_sum
from txtal.store.sqlite import Connection, sqlite, transaction
from txtal.types import Record, Ticket

_BATCH = 1000
_LOADING_KIB = 65_536


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did."""

    added: int
    duplicates: int
    forgotten: int = 0
    """Those that were to be forgotten, and so aren't taken again."""


def add(conn: Connection, dataset_id: int, records: Iterable[Record]) -> Loaded:
    """Add the records in one transaction; texts the dataset has already are counted, not added.

    If ``records`` raises midway, nothing is added.
    """
    numbers = itertools.count()
    numbered = zip(records, numbers, strict=False)
    with transaction(conn), roomy(conn):
        wanted = _Wanted(conn, dataset_id, (_row(dataset_id, record) for record, _ in numbered))
        added = _insert(conn, wanted)
    return Loaded(added, next(numbers) - added - wanted.forgotten, wanted.forgotten)


def add_some(conn: Connection, dataset_id: int, records: Sequence[Record]) -> Loaded:
    """The same for a few records while others write too: the lock is held for the writing alone.

    What the dataset has already costs no lock at all.
    """
    wanted = _Wanted(conn, dataset_id, (_row(dataset_id, record) for record in records))
    rows = list(wanted)
    there = _known(conn, dataset_id, [row[1] for row in rows])
    new = [row for row in rows if row[1] not in there]
    if not new:
        return Loaded(0, len(rows), wanted.forgotten)
    with transaction(conn):
        added = _insert(conn, new)
    return Loaded(added, len(rows) - added, wanted.forgotten)


def add_new(conn: Connection, dataset_id: int, record: Record) -> int | None:
    """Add one record inside the caller's transaction. Returns its id, None if it was there."""
    if not _insert(conn, [_row(dataset_id, record)]):
        return None
    return find(conn, dataset_id, record.text)


_Row = tuple[int, int, str, str, str, int]
"""As it is bound: what is NULL in the table is an empty string here."""


class _Wanted:
    """Rows without those of texts that were to be forgotten, which it counts."""

    def __init__(self, conn: Connection, dataset_id: int, rows: Iterable[_Row]) -> None:
        self.forgotten = 0
        self._hashes = removals.forgotten(conn, dataset_id)
        self._rows = rows

    def __iter__(self) -> Iterator[_Row]:
        if not self._hashes:  # as good as always: no look at each row
            return iter(self._rows)
        return self._filtered()

    def _filtered(self) -> Iterator[_Row]:
        for row in self._rows:
            if row[1] in self._hashes:
                self.forgotten += 1
            else:
                yield row


def _row(dataset_id: int, record: Record) -> _Row:
    known = input_hash(record.text)
    meta, extra = _dump(record.meta), _dump(record.extra)
    content = ticket_sum(dataset_id, known, meta or None, extra or None)
    return dataset_id, known, record.text, meta, extra, content


def _insert(conn: Connection, rows: Iterable[_Row]) -> int:
    """Insert those whose text isn't there yet; how many they were."""
    before = conn.total_changes
    # sqlite-utils' insert_all was measured at half the speed of this. For a None that is bound,
    # Python looks for an adapter each time, which takes a third of the whole insertion.
    conn.executemany(
        "INSERT OR IGNORE INTO ticket (dataset_id, input_hash, text, meta, extra, sum)"
        " VALUES (?, ?, ?, nullif(?, ''), nullif(?, ''), ?)",
        rows,
    )
    return conn.total_changes - before


@contextmanager
def roomy(conn: Connection) -> Iterator[None]:
    """A larger page cache: hashes fall all over their index, whose pages else go out and in."""
    usual = conn.execute("PRAGMA cache_size").fetchone()[0]
    conn.execute(f"PRAGMA cache_size = -{_LOADING_KIB}")
    try:
        yield
    finally:
        conn.execute(f"PRAGMA cache_size = {usual}")


def _known(conn: Connection, dataset_id: int, hashes: Sequence[int]) -> set[int]:
    """Those of the input hashes that the dataset has."""
    rows = conn.execute(
        "SELECT input_hash FROM ticket WHERE dataset_id = ?"
        " AND input_hash IN (SELECT value FROM json_each(?))",
        (dataset_id, json.dumps(hashes)),
    )
    return {row[0] for row in rows}


def _dump(value: Mapping[str, Any]) -> str:
    if not value:
        return ""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # what only Python's own can write, such as integers above 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def have_ids(conn: Connection, dataset_id: int) -> bool:
    """Whether any ticket came with an id, its own or in its meta."""
    return _any_id(conn, dataset_id, "json_extract({0}, '$.id') IS NOT NULL")


def have_whole_ids(conn: Connection, dataset_id: int) -> bool:
    """Whether the ids that tickets came with are whole numbers of 64 bits, all of them."""
    # One that is too large for that is a real here.
    other = "typeof(json_extract({0}, '$.id')) NOT IN ('integer', 'null')"
    return not _any_id(conn, dataset_id, other)


def _any_id(conn: Connection, dataset_id: int, holds: str) -> bool:
    """Whether ``holds`` is true of any ticket's own fields or its meta."""
    each = " OR ".join(
        f"({one} LIKE '%\"id\"%' AND {holds.format(one)})" for one in ("extra", "meta")
    )
    found = conn.execute(
        f"SELECT 1 FROM ticket WHERE dataset_id = ? AND ({each}) LIMIT 1", (dataset_id,)
    )
    return found.fetchone() is not None


def count(conn: Connection, dataset_id: int) -> int:
    """How many tickets the dataset holds, synthetic ones aside."""
    row = conn.execute(
        "SELECT (SELECT count(*) FROM ticket WHERE dataset_id = :d)"
        " - (SELECT count(*) FROM synthetic WHERE dataset_id = :d)",
        {"d": dataset_id},
    ).fetchone()
    return int(row[0])


def count_after(conn: Connection, dataset_id: int, ticket_id: int) -> int:
    """Count the dataset's tickets with an id above this one, synthetic ones aside."""
    row = conn.execute(
        "SELECT count(*) FROM ticket AS t WHERE t.dataset_id = ? AND t.id > ?"
        " AND NOT EXISTS (SELECT 1 FROM synthetic WHERE ticket_id = t.id)",
        (dataset_id, ticket_id),
    ).fetchone()
    return int(row[0])


def around_answers(conn: Connection, dataset_id: int) -> tuple[int, int, int]:
    """Count the tickets up to the newest that is answered and those after; and the newest's id."""
    row = conn.execute(
        "SELECT coalesce(max(ticket_id), 0) FROM standing_answer WHERE dataset_id = ?",
        (dataset_id,),
    ).fetchone()
    after = count_after(conn, dataset_id, int(row[0]))
    return count(conn, dataset_id) - after, after, id_range(conn, dataset_id)[1]


def id_range(conn: Connection, dataset_id: int) -> tuple[int, int]:
    """The lowest and the highest id of the dataset's tickets; 0 and 0 when it has none."""
    ends = (
        conn.execute(
            f"SELECT id FROM ticket WHERE dataset_id = ? ORDER BY id {order} LIMIT 1", (dataset_id,)
        ).fetchone()
        for order in ("ASC", "DESC")
    )
    low, high = (row[0] if row else 0 for row in ends)
    return low, high


def find(conn: Connection, dataset_id: int, text: str) -> int | None:
    """The id of the ticket with exactly this text, if the dataset has it."""
    row = conn.execute(
        "SELECT id FROM ticket WHERE dataset_id = ? AND input_hash = ?",
        (dataset_id, input_hash(text)),
    ).fetchone()
    return None if row is None else int(row[0])


def there(conn: Connection, dataset_id: int, ticket_ids: Sequence[int]) -> list[int]:
    """Return those of the ids that are tickets of the dataset."""
    rows = conn.execute(
        "SELECT id FROM ticket WHERE dataset_id = ? AND id IN (SELECT value FROM json_each(?))",
        (dataset_id, json.dumps(ticket_ids)),
    )
    return [row[0] for row in rows]


def get(conn: Connection, ticket_id: int) -> Ticket:
    """The ticket with this id. Raises KeyError when there is none."""
    row = conn.execute(
        "SELECT t.*, EXISTS (SELECT 1 FROM synthetic AS s WHERE s.ticket_id = t.id) AS synthetic"
        " FROM ticket AS t WHERE t.id = ?",
        (ticket_id,),
    ).fetchone()
    if row is None:
        raise KeyError(ticket_id)
    return replace(from_row(row), synthetic=bool(row["synthetic"]))


def some(conn: Connection, ticket_ids: Sequence[int]) -> list[Ticket]:
    """Return those of these tickets that are there and can be read, in order of loading.

    Whoever needs the others hears of them from ``txtal verify``.
    """
    rows = conn.execute(
        "SELECT * FROM ticket WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(ticket_ids),),
    )
    found = []
    for row in rows:
        with suppress(DamagedError):
            found.append(from_row(row))
    return found


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


def ids_after(conn: Connection, dataset_id: int, ticket_id: int = 0) -> array[int]:
    """Ids of the dataset's tickets above ``ticket_id``, in order of loading; 8 bytes each."""
    rows = conn.execute(
        "SELECT id FROM ticket WHERE dataset_id = ? AND id > ? ORDER BY id", (dataset_id, ticket_id)
    )
    return array("q", (row[0] for row in rows))


def metas(conn: Connection, ticket_ids: Sequence[int]) -> list[Mapping[str, Any]]:
    """The meta of these tickets, in the same order; empty for what isn't there or can't be read."""
    found: dict[int, Mapping[str, Any]] = {}
    for start in range(0, len(ticket_ids), _BATCH):
        batch = ticket_ids[start : start + _BATCH]
        marks = ",".join("?" * len(batch))
        for row in conn.execute(f"SELECT id, meta FROM ticket WHERE id IN ({marks})", list(batch)):
            try:
                meta = json.loads(row["meta"]) if row["meta"] else {}
            except ValueError:
                continue
            found[row["id"]] = meta if isinstance(meta, dict) else {}
    return [found.get(ticket_id, {}) for ticket_id in ticket_ids]


def newest(conn: Connection, dataset_id: int, limit: int) -> list[int]:
    """Ids of the dataset's tickets that were loaded last, in order of loading."""
    rows = conn.execute(
        "SELECT id FROM ticket WHERE dataset_id = ? ORDER BY id DESC LIMIT ?", (dataset_id, limit)
    ).fetchall()
    return [row[0] for row in reversed(rows)]


def sample(conn: Connection, dataset_id: int, size: int) -> list[int]:
    """Ids of so many of the dataset's tickets, each as likely as the next: by their hash.

    However many there are, it takes as long; as more come, the sample changes a little at a time.
    """
    rows = conn.execute(
        "SELECT id FROM ticket WHERE dataset_id = ? ORDER BY input_hash LIMIT ?", (dataset_id, size)
    )
    return [row[0] for row in rows]


def texts(conn: Connection, ticket_ids: Sequence[int]) -> list[str]:
    """The texts of these tickets, in the same order. Raises KeyError for an unknown id."""
    found = texts_there(conn, ticket_ids)
    return [found[ticket_id] for ticket_id in ticket_ids]


def texts_there(conn: Connection, ticket_ids: Sequence[int]) -> dict[int, str]:
    """The texts of those of these tickets that there are, by their ids."""
    found: dict[int, str] = {}
    for start in range(0, len(ticket_ids), _BATCH):
        batch = ticket_ids[start : start + _BATCH]
        marks = ",".join("?" * len(batch))
        rows = conn.execute(f"SELECT id, text FROM ticket WHERE id IN ({marks})", list(batch))
        found.update((row[0], row[1]) for row in rows)
    return found


def records(conn: Connection, dataset_id: int) -> Iterator[Record]:
    """The dataset's tickets as records, in order of loading, without the synthetic ones.

    Read a part at a time: a transaction that stays open for hours would keep SQLite from tidying
    up behind writers in the meantime.
    """
    last = 0
    while rows := conn.execute(
        "SELECT * FROM ticket AS t WHERE dataset_id = ? AND id > ? AND NOT EXISTS"
        " (SELECT 1 FROM synthetic AS s WHERE s.ticket_id = t.id) ORDER BY id LIMIT ?",
        (dataset_id, last, _BATCH),
    ).fetchall():
        for ticket in map(from_row, rows):
            yield Record(ticket.text, ticket.meta, ticket.extra)
        last = rows[-1]["id"]

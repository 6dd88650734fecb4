"""Sources of votes and their votes on tickets; none of them is ever an answer."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from txtal.errors import UsageError
from txtal.store import checksums, labels
from txtal.store.sqlite import Connection, transaction
from txtal.types import SourceKind, SourceVote, VoteSource

if TYPE_CHECKING:
    from txtal.store.sqlite import sqlite

_COLUMNS = "id, name, kind, fingerprint, through, note"


def enter(
    conn: Connection, dataset_id: int, name: str, kind: SourceKind, fingerprint: str
) -> VoteSource:
    """Return the source of this name, made or brought up to date.

    Its votes are deleted if another fingerprint made them.
    """
    with transaction(conn):
        there = {one.name: one for one in sources(conn, dataset_id)}.get(name)
        if there is not None and (there.kind, there.fingerprint) == (kind, fingerprint):
            return there
        if there is not None:
            _delete(conn, there.id)
        cursor = conn.execute(
            "INSERT INTO source (dataset_id, name, kind, fingerprint, through, at)"
            " VALUES (?, ?, ?, ?, 0, ?)",
            (dataset_id, name, kind, fingerprint, time.time()),
        )
        return VoteSource(int(cursor.lastrowid or 0), name, kind, fingerprint)


def sources(conn: Connection, dataset_id: int) -> list[VoteSource]:
    """Return the dataset's sources, oldest first."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM source WHERE dataset_id = ? ORDER BY id", (dataset_id,)
    )
    return [VoteSource(*row) for row in rows]


def add(
    conn: Connection,
    dataset_id: int,
    votes: Iterable[SourceVote],
    *,
    through: Iterable[tuple[int, int]] = (),
    notes: Iterable[tuple[int, str]] = (),
) -> None:
    """Store votes, each in the place of the source's earlier one, in one transaction.

    With them goes how far each source has come, and what is to be noted of it, by the source's id.
    """
    now = time.time()
    rows = []
    for vote in votes:
        given = None if vote.labels is None else json.dumps(vote.labels)
        kept = (vote.source, vote.ticket_id, dataset_id, given, vote.confidence, vote.reason, now)
        rows.append((*kept, checksums.content_hash(*kept)))
    with transaction(conn):
        # A source that was removed meanwhile takes its votes with it.
        there = {one.id for one in sources(conn, dataset_id)}
        conn.executemany(
            "INSERT OR REPLACE INTO vote"
            " (source_id, ticket_id, dataset_id, labels, confidence, reason, at, sum)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [row for row in rows if row[0] in there],
        )
        conn.executemany(
            "UPDATE source SET through = max(through, ?) WHERE id = ?",
            [(last, source) for source, last in through],
        )
        conn.executemany(
            "UPDATE source SET note = ? WHERE id = ?", [(note, source) for source, note in notes]
        )


def of_dataset(conn: Connection, dataset_id: int) -> Iterator[SourceVote]:
    """Yield every vote, but for abstentions, in terms of the labels there are now."""
    stands_for = labels.merged(conn, dataset_id)
    rows = conn.execute(
        "SELECT source_id, ticket_id, labels, confidence, reason FROM vote"
        " WHERE dataset_id = ? AND labels IS NOT NULL",
        (dataset_id,),
    )
    for row in rows:
        yield _vote(row, stands_for)


def some(conn: Connection, dataset_id: int, most: int) -> Iterator[SourceVote]:
    """Yield votes like :func:`of_dataset`: all, or about ``most`` of those on open tickets.

    Those on answered tickets are always among them. Which are left out depends on the ticket alone.
    """
    there = conn.execute(
        "SELECT count(*) FROM vote WHERE source_id IN (SELECT id FROM source WHERE dataset_id = ?)",
        (dataset_id,),
    ).fetchone()[0]
    if there <= most:
        yield from of_dataset(conn, dataset_id)
        return
    stands_for = labels.merged(conn, dataset_id)
    rows = conn.execute(
        "SELECT source_id, ticket_id, labels, confidence, reason FROM vote"
        " WHERE dataset_id = ?1 AND labels IS NOT NULL AND"
        " (ticket_id * 40503 & 65535 < ?2"
        " OR ticket_id IN (SELECT ticket_id FROM answer WHERE dataset_id = ?1))",
        (dataset_id, 65_536 * most // there),
    )
    for row in rows:
        yield _vote(row, stands_for)


def on_ticket(conn: Connection, dataset_id: int, ticket_id: int) -> list[SourceVote]:
    """Return the votes on a ticket, but for abstentions, the oldest source's first."""
    rows = conn.execute(
        "SELECT source_id, ticket_id, labels, confidence, reason FROM vote"
        " WHERE ticket_id = ? AND labels IS NOT NULL ORDER BY source_id",
        (ticket_id,),
    ).fetchall()
    stands_for = labels.merged(conn, dataset_id) if rows else {}
    return [_vote(row, stands_for) for row in rows]


@dataclass(frozen=True, slots=True)
class Claim:
    """How many tickets are to be claimed for a command."""

    most: int
    budget: int | None
    """Tickets that it may be asked for in all, by anybody; None: any number."""
    patience: float
    """Seconds after which a ticket that it was asked for in vain may be tried again."""


TRIES = 2
"""How often a command is asked for a ticket of which it says nothing."""

_ASKED = "(asked {})"
"""The reason of a vote that a command was asked for, and hasn't given yet."""

_WAITING = {_ASKED.format(times): times for times in range(1, TRIES + 1)}


def claim(
    conn: Connection, dataset_id: int, source_id: int, wanted: Collection[int], wish: Claim
) -> list[int]:
    """Note that a command is asked for tickets, before it is; return those that it may be asked.

    They are the first of the ``wanted`` ones that nobody has asked it for, or long ago and in vain.
    It is one transaction, so that two sessions never ask for the same ticket at a time, nor for
    more than the budget together.
    """
    if not _free(conn, source_id, wanted, wish):
        return []  # is asked every second, and then nothing is written
    with transaction(conn):
        taken = _free(conn, source_id, wanted, wish)
        noted = [
            SourceVote(source_id, one, None, reason=_ASKED.format(times))
            for one, times in taken.items()
        ]
        spent = asked_for(conn, source_id) + len(taken)
        add(conn, dataset_id, noted)
        conn.execute("UPDATE source SET through = ? WHERE id = ?", (spent, source_id))
    return list(taken)


def _free(conn: Connection, source_id: int, wanted: Collection[int], wish: Claim) -> dict[int, int]:
    """Return the tickets that may be claimed, with how often they will have been asked for."""
    rows = conn.execute(
        "SELECT ticket_id, CASE WHEN labels IS NULL THEN reason ELSE '' END AS reason, at"
        " FROM vote WHERE source_id = ?",
        (source_id,),
    )
    asked = {row["ticket_id"]: (_WAITING.get(row["reason"], TRIES), row["at"]) for row in rows}
    left, before = wish.most, time.time() - wish.patience
    if wish.budget is not None:
        left = min(left, max(0, wish.budget - asked_for(conn, source_id)))
    never = (0, 0.0)
    free = (
        (one, times + 1)
        for one in wanted
        for times, at in [asked.get(one, never)]
        if times < TRIES and at < before
    )
    return dict(islice(free, left))


def release(conn: Connection, source_id: int, claimed: Iterable[int]) -> None:
    """Let tickets be asked for again of which a command has said nothing; they stay paid for."""
    with transaction(conn):
        conn.executemany(
            "DELETE FROM vote WHERE source_id = ? AND ticket_id = ? AND labels IS NULL"
            " AND reason IN (SELECT value FROM json_each(?))",
            [(source_id, one, json.dumps([*_WAITING])) for one in claimed],
        )


def asked_for(conn: Connection, source_id: int) -> int:
    """Return how often a command was asked for a ticket, whatever it said."""
    row = conn.execute(
        "SELECT max(through, (SELECT count(*) FROM vote WHERE source_id = ?1)) FROM source"
        " WHERE id = ?1",
        (source_id,),
    ).fetchone()
    return int(row[0]) if row else 0


def state(conn: Connection, dataset_id: int) -> tuple[int, int, int]:
    """Return what changes whenever votes do, at no cost that grows with those of rules."""
    row = conn.execute(
        "SELECT coalesce(sum(id), 0), coalesce(sum(through), 0),"
        " (SELECT count(*) FROM vote WHERE labels IS NOT NULL AND source_id IN"
        " (SELECT id FROM source WHERE dataset_id = ?1 AND kind = 'command'))"
        " FROM source WHERE dataset_id = ?1",
        (dataset_id,),
    ).fetchone()
    return int(row[0]), int(row[1]), int(row[2])


def remove(conn: Connection, dataset_id: int, name: str) -> int:
    """Delete a source with its votes. Returns how many there were.

    Raises UsageError when there is no such source.
    """
    with transaction(conn):
        there = {one.name: one.id for one in sources(conn, dataset_id)}
        if name not in there:
            known = ", ".join(there) or "none"
            raise UsageError(f"no source of votes is called {name}; there are: {known}")
        return _delete(conn, there[name])


def bring(conn: Connection, from_id: int, to_id: int) -> int:
    """Copy sources that another dataset doesn't have, with their votes on tickets that it has.

    Labels go by their names; a vote for one that isn't there is left out. Returns how many votes
    were copied.
    """
    names, ids = labels.names(conn, from_id), labels.ids(conn, to_id)
    there = {one.name for one in sources(conn, to_id)}
    new = {one.id: one for one in sources(conn, from_id) if one.name not in there}
    made = {
        old: enter(conn, to_id, one.name, one.kind, one.fingerprint).id for old, one in new.items()
    }
    same = dict(
        conn.execute(
            "SELECT a.id, b.id FROM ticket AS a JOIN ticket AS b ON b.input_hash = a.input_hash"
            " AND b.text = a.text WHERE a.dataset_id = ? AND b.dataset_id = ?",
            (from_id, to_id),
        ).fetchall()
    )
    copied = [
        replace(
            vote,
            source=made[vote.source],
            ticket_id=same[vote.ticket_id],
            labels=tuple(ids[names[label]] for label in vote.labels or ()),
        )
        for vote in of_dataset(conn, from_id)
        if vote.source in made
        and vote.ticket_id in same
        and all(names[label] in ids for label in vote.labels or ())
    ]
    add(conn, to_id, copied, notes=[(made[old], one.note) for old, one in new.items()])
    return len(copied)


def keep_patterns(conn: Connection, dataset_id: int, names: Collection[str]) -> None:
    """Delete the sources that are patterns of other names, with their votes."""
    with transaction(conn):
        for one in sources(conn, dataset_id):
            if one.kind == "pattern" and one.name not in names:
                _delete(conn, one.id)


def _delete(conn: Connection, source_id: int) -> int:
    deleted = conn.execute("DELETE FROM vote WHERE source_id = ?", (source_id,)).rowcount
    conn.execute("DELETE FROM source WHERE id = ?", (source_id,))
    return deleted


def _vote(row: sqlite.Row, stands_for: dict[int, int]) -> SourceVote:
    given: Sequence[int] = json.loads(row["labels"])
    now = tuple(dict.fromkeys(stands_for.get(label, label) for label in given))
    return SourceVote(row["source_id"], row["ticket_id"], now, row["confidence"], row["reason"])

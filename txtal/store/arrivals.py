"""Tickets that arrived by a stream, and what became of each; they are tickets like any other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence

from txtal.store import checksums, labels, leases, tickets
from txtal.store.sqlite import Connection, sqlite, transaction
from txtal.store.tickets import Loaded
from txtal.types import Predicted, Ranked, Record, Settled, Spending, Ticket


def add(conn: Connection, dataset_id: int, session_id: int, records: Iterable[Record]) -> Loaded:
    """Add the records as :func:`tickets.add`, and note the new ones as arrived, all or nothing."""
    with transaction(conn):
        last = conn.execute("SELECT coalesce(max(id), 0) FROM ticket").fetchone()[0]
        loaded = tickets.add(conn, dataset_id, records)
        conn.execute(
            "INSERT INTO arrival (ticket_id, dataset_id, session_id, arrived)"
            " SELECT id, dataset_id, ?, ? FROM ticket WHERE id > ? AND dataset_id = ? ORDER BY id",
            (session_id, time.time(), last, dataset_id),
        )
        _seal(conn, "ticket_id > ? AND dataset_id = ?", (last, dataset_id))
    return loaded


def pending(conn: Connection, dataset_id: int, limit: int) -> list[int]:
    """Ids of the first tickets whose fate is open, in the order of their arrival."""
    rows = conn.execute(
        "SELECT ticket_id FROM arrival WHERE dataset_id = ? AND fate IS NULL"
        " ORDER BY ticket_id LIMIT ?",
        (dataset_id, limit),
    )
    return [row[0] for row in rows]


def is_pending(conn: Connection, ticket_id: int) -> bool:
    """Whether the ticket has arrived and its fate is open."""
    found = conn.execute("SELECT 1 FROM arrival WHERE ticket_id = ? AND fate IS NULL", (ticket_id,))
    return found.fetchone() is not None


def count_pending(conn: Connection, dataset_id: int) -> int:
    """How many tickets' fate is open."""
    row = conn.execute(
        "SELECT count(*) FROM arrival WHERE dataset_id = ? AND fate IS NULL", (dataset_id,)
    ).fetchone()
    return int(row[0])


def settle(
    conn: Connection,
    ticket_id: int,
    settled: Settled,
    threshold: float | None,
    revision: int | None,
) -> None:
    """Write what became of a ticket, inside the caller's transaction."""
    ranked = settled.ranked
    conn.execute(
        "UPDATE arrival SET fate = ?, reason = ?, score = ?, threshold = ?,"
        " selection_probability = ?, labels = ?, probability = ?, revision_id = ?, settled = ?"
        " WHERE ticket_id = ?",
        (
            settled.fate,
            ranked.reason,
            ranked.score,
            threshold,
            ranked.selection_probability if settled.fate == "ask" else None,
            json.dumps(ranked.suggestion),
            settled.probability,
            revision,
            time.time(),
            ticket_id,
        ),
    )
    _seal(conn, "ticket_id = ?", (ticket_id,))


def _seal(conn: Connection, where: str, values: Sequence[object]) -> None:
    conn.execute(f"UPDATE arrival SET sum = {checksums.ARRIVAL} WHERE {where}", values)


def spending(conn: Connection, dataset_id: int) -> Spending:
    """What the dataset's stream has come to."""
    row = conn.execute(
        "SELECT decided, asked, predicted, credit, threshold FROM stream WHERE dataset_id = ?",
        (dataset_id,),
    ).fetchone()
    return Spending() if row is None else Spending(*row)


def save_spending(conn: Connection, dataset_id: int, spent: Spending) -> None:
    """Write that, inside the caller's transaction."""
    conn.execute(
        "INSERT OR REPLACE INTO stream (dataset_id, decided, asked, predicted, credit, threshold)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (dataset_id, spent.decided, spent.asked, spent.predicted, spent.credit, spent.threshold),
    )


def next_waiting(
    conn: Connection, dataset_id: int, session_id: int, after: int = 0
) -> Ranked | None:
    """The first ticket above ``after`` that is to be asked and open to this session."""
    row = conn.execute(
        "SELECT r.* FROM arrival AS r JOIN ticket AS t ON t.id = r.ticket_id"
        " WHERE r.dataset_id = :dataset AND r.fate = 'ask' AND r.ticket_id > :after"
        f" AND {leases.OPEN} ORDER BY r.ticket_id LIMIT 1",
        {"dataset": dataset_id, "after": after, "session": session_id, "now": time.time()},
    ).fetchone()
    return None if row is None else _ranked(row, labels.merged(conn, dataset_id))


def waiting(conn: Connection, dataset_id: int, limit: int) -> list[int]:
    """Ids of the first tickets that are to be asked, and on no screen yet."""
    rows = conn.execute(
        "SELECT r.ticket_id FROM arrival AS r WHERE r.dataset_id = ? AND r.fate = 'ask'"
        " AND NOT EXISTS (SELECT 1 FROM standing_answer AS a WHERE a.ticket_id = r.ticket_id)"
        " AND NOT EXISTS (SELECT 1 FROM lease AS l WHERE l.ticket_id = r.ticket_id)"
        " ORDER BY r.ticket_id LIMIT ?",
        (dataset_id, limit),
    )
    return [row[0] for row in rows]


def _ranked(row: sqlite.Row, stands_for: dict[int, int]) -> Ranked:
    suggestion = _labels(row["labels"], stands_for)
    share = row["probability"]
    return Ranked(
        row["ticket_id"],
        suggestion,
        ((suggestion[0], share),) if suggestion and share is not None else (),
        row["reason"],
        row["score"],
        row["selection_probability"],
    )


def _labels(text: str, stands_for: dict[int, int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(stands_for.get(label, label) for label in json.loads(text)))


def count_waiting(conn: Connection, dataset_id: int, after: int) -> tuple[int, int]:
    """How many tickets above ``after`` are to be asked and not answered.

    And an id that all of those are above, to count from the next time.
    """
    row = conn.execute(
        "SELECT count(*) FILTER (WHERE open), min(ticket_id) FILTER (WHERE open), max(ticket_id)"
        " FROM (SELECT r.ticket_id, NOT EXISTS"
        "  (SELECT 1 FROM standing_answer AS s WHERE s.ticket_id = r.ticket_id) AS open"
        "  FROM arrival AS r WHERE r.dataset_id = ? AND r.fate = 'ask' AND r.ticket_id > ?)",
        (dataset_id, after),
    ).fetchone()
    return int(row[0]), after if row[2] is None else (row[1] or row[2] + 1) - 1


def predictions(conn: Connection, dataset_id: int) -> Iterator[Predicted]:
    """Tickets that only the model has labelled, in the order of their arrival."""
    stands_for = labels.merged(conn, dataset_id)
    rows = conn.execute(
        "SELECT r.*, t.text, t.meta, t.extra FROM arrival AS r JOIN ticket AS t"
        " ON t.id = r.ticket_id WHERE r.dataset_id = ? AND r.fate = 'predict' AND NOT EXISTS"
        " (SELECT 1 FROM standing_answer AS s WHERE s.ticket_id = r.ticket_id)"
        " ORDER BY r.ticket_id",
        (dataset_id,),
    )
    for row in rows:
        extras = tickets.extras(row["ticket_id"], row["meta"], row["extra"])
        yield Predicted(
            Ticket(row["ticket_id"], row["text"], *extras),
            _labels(row["labels"], stands_for),
            row["probability"],
            row["revision_id"],
            row["settled"],
        )

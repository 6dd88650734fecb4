"""The answer log in names, row by row, for programs that follow it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from txtal.store import labels, tickets
from txtal.store.sqlite import Connection, sqlite

_ROWS = (
    "SELECT id, ticket_id, annotator, verdict, undoes, labels, reason, answered, flagged, comment"
    " FROM answer WHERE dataset_id = ?"
)


def after(conn: Connection, dataset_id: int, cursor: int, limit: int) -> list[dict[str, Any]]:
    """Return rows of the log with an id above ``cursor``, the oldest first, ``limit`` at most.

    Rows are written one after the other, so that none appears later below an id that was read.
    """
    rows = conn.execute(f"{_ROWS} AND id > ? ORDER BY id LIMIT ?", (dataset_id, cursor, limit))
    return _in_names(conn, dataset_id, rows.fetchall())


def row(conn: Connection, dataset_id: int, answer_id: int) -> dict[str, Any] | None:
    """Return one row; None where it is gone, as that of a forgotten ticket is."""
    rows = conn.execute(f"{_ROWS} AND id = ?", (dataset_id, answer_id))
    return next(iter(_in_names(conn, dataset_id, rows.fetchall())), None)


def given(
    conn: Connection, dataset_id: int, ticket_id: int, annotator: str, session_id: int
) -> dict[str, Any] | None:
    """Return the annotator's answer to a ticket, if it stands and was given since a session began.

    Through that session, or through another that went on with its lease.
    """
    found = conn.execute(
        "SELECT id FROM standing_answer WHERE dataset_id = :dataset AND ticket_id = :ticket"
        " AND annotator = :annotator AND answered >= (SELECT started FROM session"
        " WHERE id = :session AND dataset_id = :dataset AND annotator = :annotator)",
        {
            "dataset": dataset_id,
            "ticket": ticket_id,
            "annotator": annotator,
            "session": session_id,
        },
    ).fetchone()
    return row(conn, dataset_id, found[0]) if found else None


def _in_names(
    conn: Connection, dataset_id: int, rows: Sequence[sqlite.Row]
) -> list[dict[str, Any]]:
    names, stands_for = labels.names(conn, dataset_id), labels.merged(conn, dataset_id)
    ids = list(dict.fromkeys(one["ticket_id"] for one in rows))
    there = {one.id: one for one in tickets.some(conn, ids)} if ids else {}
    found = []
    for one in rows:
        ticket = there[one["ticket_id"]]
        said = [stands_for.get(label, label) for label in json.loads(one["labels"])]
        found.append(
            {
                "id": one["id"],
                "ticket": ticket.id,
                "text": ticket.text,
                "meta": dict(ticket.meta),
                "verdict": one["verdict"],
                "labels": [names[label] for label in dict.fromkeys(said) if label in names],
                "undoes": one["undoes"],
                "annotator": one["annotator"],
                "reason": one["reason"],
                "answered": one["answered"],
                "flagged": bool(one["flagged"]),
                "comment": one["comment"],
            }
        )
    return found

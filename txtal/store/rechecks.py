"""Rechecks: picking tickets to show again, and comparing the two answers."""

from __future__ import annotations

import json
import random

from txtal.store import answers, labels, leases
from txtal.store.sqlite import Connection
from txtal.types import RECHECK, Answer, reasons

APART = 20
"""Minimum number of the annotator's answers between the first and the second."""

_TRIES = 64


def take_earlier(
    conn: Connection, session_id: int, dataset_id: int, annotator: str, rng: random.Random
) -> Answer | None:
    """Lease a ticket that this annotator has answered, picked uniformly; None if none is found.

    Runs inside the caller's transaction. A ticket is picked only once, and only if it was answered
    on a screen by itself: not if it was imported, ignored, or answered together with others.
    """
    newest = conn.execute(
        "SELECT id FROM answer WHERE dataset_id = ? AND annotator = ? AND verdict IS NOT NULL"
        " ORDER BY id DESC LIMIT 1 OFFSET ?",
        (dataset_id, annotator, APART),
    ).fetchone()
    if newest is None:
        return None
    kept_out = json.dumps(reasons.never_repeated())
    for _ in range(_TRIES):  # as for random tickets: trying random ids costs a few look-ups
        row = conn.execute(
            "SELECT * FROM standing_answer WHERE id = ? AND dataset_id = ? AND annotator = ?"
            " AND verdict <> 'ignore' AND shown > 0 AND reason NOT IN"
            " (SELECT value FROM json_each(?))",
            (rng.randint(1, newest[0]), dataset_id, annotator, kept_out),
        ).fetchone()
        if row and not leases.held_elsewhere(conn, session_id, row["ticket_id"]):
            leases.hold(conn, session_id, row["ticket_id"])
            return answers.from_row(row, labels.merged(conn, dataset_id))
    return None


def pairs(conn: Connection, dataset_id: int) -> list[tuple[Answer, Answer]]:
    """Return pairs of an annotator's first and second answer to a ticket, without undone ones."""
    stands_for = labels.merged(conn, dataset_id)
    rows = conn.execute(
        "SELECT r.id, (SELECT max(e.id) FROM answer AS e"
        "  WHERE e.ticket_id = r.ticket_id AND e.annotator = r.annotator AND e.id < r.id"
        "   AND e.verdict IS NOT NULL"
        "   AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = e.id)) AS first"
        " FROM answer AS r WHERE r.dataset_id = ? AND r.reason = ? AND r.verdict IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = r.id)",
        (dataset_id, RECHECK),
    ).fetchall()
    said = []
    for second, first in rows:
        if first is not None:
            one, other = answers.by_id(conn, (first, second), stands_for)
            said.append((one, other))
    return said

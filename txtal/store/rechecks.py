"""Earlier answers asked again: drawn, and compared with what was said then."""

from __future__ import annotations

import json
import random

from txtal.store import answers, labels, leases
from txtal.store.sqlite import Connection
from txtal.types import RECHECK, Answer, reasons

APART = 20
"""Answers of the annotator's that lie at least between the first and the second."""

_TRIES = 64


def take_earlier(
    conn: Connection, session_id: int, dataset_id: int, annotator: str, rng: random.Random
) -> Answer | None:
    """Lease a ticket with an answer of this annotator's own, drawn uniformly; None without luck.

    Inside the caller's transaction. Each is drawn once, and only what was answered on a screen, for
    itself: not what was imported, ignored, or answered along with another ticket.
    """
    newest = conn.execute(
        "SELECT id FROM answer WHERE dataset_id = ? AND annotator = ? AND verdict IS NOT NULL"
        " ORDER BY id DESC LIMIT 1 OFFSET ?",
        (dataset_id, annotator, APART),
    ).fetchone()
    if newest is None:
        return None
    kept_out = json.dumps(reasons.never_repeated())
    for _ in range(_TRIES):  # as tickets are drawn at random: throwing darts costs a few look-ups
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
    """What each annotator said first and, asked again, second; undone answers left out."""
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

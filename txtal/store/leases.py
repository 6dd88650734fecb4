"""Who is looking at what, so that two terminals on one file aren't asked the same ticket."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from itertools import islice

from txtal.store.sqlite import Connection, transaction

SECONDS = 15 * 60.0
"""How long a ticket on a screen is kept for it; after a crash it comes back when this is over."""

_BATCH = 64
"""Tickets looked at with one statement."""

PARTS = 1 << 20
"""What a session's share of tickets that everybody is asked is counted in."""

IS_SHARED = f"(t.input_hash & {PARTS - 1}) < s.overlap"
"""Ticket ``t`` is one of those that session ``s`` is asked though others have answered them.

By its hash, so that all sessions with the same share, and those with more, mean the same tickets.
"""

OPEN = f"""
    NOT EXISTS (SELECT 1 FROM answer AS a JOIN session AS s ON s.id = :session
                WHERE a.ticket_id = t.id AND a.verdict IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = a.id)
                AND (a.annotator = s.annotator OR NOT {IS_SHARED}))
    AND NOT EXISTS (SELECT 1 FROM lease AS l JOIN session AS s ON s.id = :session
                    WHERE l.ticket_id = t.id AND l.session_id <> s.id AND l.expires > :now
                    AND (NOT {IS_SHARED}
                         OR (SELECT annotator FROM session WHERE id = l.session_id) = s.annotator))
    AND NOT EXISTS (SELECT 1 FROM synthetic WHERE ticket_id = t.id)
"""
"""No answer to ticket ``t`` stands, no other session holds it, and it isn't synthetic.

Of a ticket that everybody is asked: none of the session's own annotator.
"""


def take_first(
    conn: Connection, session_id: int, dataset_id: int, ticket_ids: Iterable[int]
) -> int | None:
    """Lease the first of these that is an open ticket of the dataset; None when none is."""
    ids = iter(ticket_ids)
    with transaction(conn):
        while batch := list(islice(ids, _BATCH)):
            found = conn.execute(
                "SELECT t.id FROM json_each(:ids) AS j CROSS JOIN ticket AS t ON t.id = j.value"
                f" WHERE t.dataset_id = :dataset AND {OPEN} ORDER BY j.key LIMIT 1",
                {
                    "ids": json.dumps(batch),
                    "dataset": dataset_id,
                    "session": session_id,
                    "now": time.time(),
                },
            ).fetchone()
            if found is not None:
                hold(conn, session_id, found[0])
                return int(found[0])
    return None


def take_next(conn: Connection, session_id: int, dataset_id: int, after: int) -> int | None:
    """Lease the dataset's first open ticket with an id above ``after``, in order of loading."""
    now = time.time()
    with transaction(conn):
        found = conn.execute(
            f"SELECT t.id FROM ticket AS t WHERE t.dataset_id = :dataset AND t.id > :after"
            f" AND {OPEN} ORDER BY t.id LIMIT 1",
            {"dataset": dataset_id, "after": after, "session": session_id, "now": now},
        ).fetchone()
        if found is None:
            return None
        hold(conn, session_id, found[0])
        return int(found[0])


def is_open(conn: Connection, session_id: int, ticket_id: int) -> bool:
    """Whether the session may be asked the ticket: see ``OPEN``."""
    found = conn.execute(
        f"SELECT 1 FROM ticket AS t WHERE t.id = :ticket AND {OPEN}",
        {"ticket": ticket_id, "session": session_id, "now": time.time()},
    ).fetchone()
    return found is not None


def held_elsewhere(conn: Connection, session_id: int, ticket_id: int) -> bool:
    """Another session holds the ticket."""
    found = conn.execute(
        "SELECT 1 FROM lease WHERE ticket_id = ? AND session_id <> ? AND expires > ?",
        (ticket_id, session_id, time.time()),
    ).fetchone()
    return found is not None


def held(conn: Connection, dataset_id: int) -> list[int]:
    """Return the ids of the dataset's tickets that sessions hold now."""
    rows = conn.execute(
        "SELECT DISTINCT l.ticket_id FROM lease AS l JOIN ticket AS t ON t.id = l.ticket_id"
        " WHERE t.dataset_id = ? AND l.expires > ?",
        (dataset_id, time.time()),
    )
    return [int(row[0]) for row in rows]


def hold(conn: Connection, session_id: int, ticket_id: int) -> None:
    """Lease the ticket, whoever else has it; taking one lets go of the one before."""
    now = time.time()
    conn.execute(
        "DELETE FROM lease WHERE session_id = ? OR (ticket_id = ? AND expires <= ?)",
        (session_id, ticket_id, now),
    )
    conn.execute(
        "INSERT INTO lease (ticket_id, session_id, expires) VALUES (?, ?, ?)",
        (ticket_id, session_id, now + SECONDS),
    )


def renew(conn: Connection, session_id: int) -> None:
    """Keep what the session holds for as long again."""
    with transaction(conn):
        conn.execute(
            "UPDATE lease SET expires = ? WHERE session_id = ?", (time.time() + SECONDS, session_id)
        )


def release(conn: Connection, session_id: int) -> None:
    """Release every ticket that the session holds."""
    with transaction(conn):
        conn.execute("DELETE FROM lease WHERE session_id = ?", (session_id,))


def open_count(conn: Connection, dataset_id: int, session_id: int = 0) -> int:
    """How many of the dataset's tickets have no standing answer, synthetic ones aside.

    For a session, one that everybody is asked counts until its own annotator has answered it.
    """
    row = conn.execute(
        "SELECT (SELECT count(*) FROM ticket WHERE dataset_id = :d)"
        " - (SELECT count(*) FROM synthetic WHERE dataset_id = :d)"
        " - (SELECT count(DISTINCT ticket_id) FROM standing_answer WHERE dataset_id = :d"
        "    AND ticket_id NOT IN (SELECT ticket_id FROM synthetic))"
        " + (SELECT count(DISTINCT t.id) FROM session AS s"
        "    JOIN standing_answer AS a ON a.dataset_id = s.dataset_id"
        "    JOIN ticket AS t ON t.id = a.ticket_id"
        f"   WHERE s.id = :s AND s.overlap > 0 AND {IS_SHARED}"
        "    AND t.id NOT IN (SELECT ticket_id FROM synthetic)"
        "    AND NOT EXISTS (SELECT 1 FROM standing_answer AS own"
        "                    WHERE own.ticket_id = t.id AND own.annotator = s.annotator))",
        {"d": dataset_id, "s": session_id},
    ).fetchone()
    return int(row[0])

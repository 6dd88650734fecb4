"""Tickets nobody sent, composed of two others to be asked: they teach, and count for no more."""

from __future__ import annotations

import time

from txtal.store import tickets
from txtal.store.sqlite import Connection, transaction
from txtal.types import Composed, Record


def add(conn: Connection, dataset_id: int, composed: Composed) -> int | None:
    """Store the ticket. Returns its id; None when the dataset has its text already."""
    with transaction(conn):
        ticket_id = tickets.add_new(conn, dataset_id, Record(composed.text))
        if ticket_id is None:
            return None
        conn.execute(
            "INSERT INTO synthetic (ticket_id, dataset_id, first, second, at)"
            " VALUES (?, ?, ?, ?, ?)",
            (ticket_id, dataset_id, *composed.of, time.time()),
        )
    return ticket_id


def ids(conn: Connection, dataset_id: int) -> frozenset[int]:
    """Ids of the dataset's synthetic tickets."""
    rows = conn.execute("SELECT ticket_id FROM synthetic WHERE dataset_id = ?", (dataset_id,))
    return frozenset(row[0] for row in rows)


def count(conn: Connection, dataset_id: int) -> int:
    """How many there are."""
    row = conn.execute(
        "SELECT count(*) FROM synthetic WHERE dataset_id = ?", (dataset_id,)
    ).fetchone()
    return int(row[0])

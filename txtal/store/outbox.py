"""Deliveries that hooks still wait for: written with the answer, deleted once delivered.

A row names its answer by its id alone. The text is read on delivery, so that the table holds
nothing of a ticket that was forgotten in the meantime.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from txtal.store.sqlite import Connection, transaction

Event = Literal["answer", "train", "stop", "drift"]
EVENTS: tuple[Event, ...] = get_args(Event)


@dataclass(frozen=True, slots=True)
class Hook:
    """Whom a dataset tells of a kind of event."""

    dataset_id: int
    dataset: str
    event: Event
    target: str
    """A command, or an address that begins with http:// or https://."""
    secret: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to deliver to a hook."""

    id: int
    dataset_id: int
    dataset: str
    event: Event
    answer_id: int | None
    detail: Mapping[str, Any]
    at: float
    """When it happened, seconds since the epoch."""
    due: float
    """When it is to be tried next."""
    tries: int
    dead: bool
    """Whether it was given up."""
    error: str
    """What went wrong the last time."""


def hooks(conn: Connection) -> list[Hook]:
    """Return every dataset's hooks."""
    rows = conn.execute(
        "SELECT h.dataset_id, d.name, h.event, h.target, h.secret FROM hook AS h"
        " JOIN dataset AS d ON d.id = h.dataset_id ORDER BY h.dataset_id, h.event"
    )
    return [Hook(*row) for row in rows]


def keep_hook(conn: Connection, dataset_id: int, event: Event, target: str) -> None:
    """Tell ``target`` of these events from now on; of an empty one, nobody.

    The secret stays while there is a hook. Without one, what waits for it is dropped.
    """
    with transaction(conn):
        if target:
            conn.execute(
                "INSERT INTO hook (dataset_id, event, target, secret) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET target = excluded.target",
                (dataset_id, event, target, secrets.token_hex(32)),
            )
            return
        for table in ("hook", "outbox"):
            conn.execute(
                f"DELETE FROM {table} WHERE dataset_id = ? AND event = ?", (dataset_id, event)
            )


def note_answer(conn: Connection, dataset_id: int, answer_id: int) -> None:
    """Note a row of the answer log, inside the caller's transaction, if there is a hook for it."""
    now = time.time()
    conn.execute(
        "INSERT INTO outbox (dataset_id, event, answer_id, at, due)"
        " SELECT :dataset, 'answer', :answer, :now, :now"
        " WHERE EXISTS (SELECT 1 FROM hook WHERE dataset_id = :dataset AND event = 'answer')",
        {"dataset": dataset_id, "answer": answer_id, "now": now},
    )


def note(conn: Connection, dataset_id: int, event: Event, detail: Mapping[str, Any]) -> None:
    """Note anything else, if there is a hook for it; ``detail`` holds no ticket's text."""
    now = time.time()
    with transaction(conn):
        conn.execute(
            "INSERT INTO outbox (dataset_id, event, detail, at, due) SELECT ?, ?, ?, ?, ?"
            " WHERE EXISTS (SELECT 1 FROM hook WHERE dataset_id = ? AND event = ?)",
            (dataset_id, event, json.dumps(detail), now, now, dataset_id, event),
        )


_COLUMNS = (
    "SELECT o.id, o.dataset_id, d.name, o.event, o.answer_id, o.detail, o.at, o.due, o.tries,"
    " o.dead, o.error FROM outbox AS o JOIN dataset AS d ON d.id = o.dataset_id"
)


def every(conn: Connection, *, dead: bool | None = None) -> list[Delivery]:
    """Return all that wait or were given up, the oldest first."""
    rows = conn.execute(f"{_COLUMNS} WHERE :dead IS NULL OR o.dead = :dead ORDER BY o.id",
                        {"dead": dead})  # fmt: skip
    return [_delivery(row) for row in rows]


def claim(conn: Connection, hooks: Iterable[Hook], seconds: float) -> Delivery | None:
    """Take the oldest of these hooks that is due, for so many seconds in which nobody else does."""
    now = time.time()
    row = conn.execute(
        f"{_COLUMNS} WHERE o.dead = 0 AND o.due <= ? AND {_OF_HOOKS} ORDER BY o.id LIMIT 1",
        (now, _listed(hooks)),
    ).fetchone()
    if row is None:
        return None
    with transaction(conn):
        taken = conn.execute(
            "UPDATE outbox SET due = ? WHERE id = ? AND dead = 0 AND due = ?",
            (now + seconds, row["id"], row["due"]),
        )
    return _delivery(row) if taken.rowcount else claim(conn, hooks, seconds)


def next_due(conn: Connection, hooks: Iterable[Hook]) -> float | None:
    """Return when the next of these hooks is due; None where none waits."""
    found: float | None = conn.execute(
        f"SELECT min(o.due) FROM outbox AS o WHERE o.dead = 0 AND {_OF_HOOKS}", (_listed(hooks),)
    ).fetchone()[0]
    return found


_OF_HOOKS = "o.dataset_id || ' ' || o.event IN (SELECT value FROM json_each(?))"


def _listed(hooks: Iterable[Hook]) -> str:
    return json.dumps([f"{one.dataset_id} {one.event}" for one in hooks])


def delivered(conn: Connection, delivery_id: int) -> None:
    """Forget one that was delivered."""
    with transaction(conn):
        conn.execute("DELETE FROM outbox WHERE id = ?", (delivery_id,))


def failed(conn: Connection, delivery_id: int, error: str, due: float | None) -> None:
    """Note that it failed, to be tried again at ``due``; None gives it up."""
    with transaction(conn):
        conn.execute(
            "UPDATE outbox SET tries = tries + 1, error = ?, dead = ?, due = coalesce(?, due)"
            " WHERE id = ?",
            (error, due is None, due, delivery_id),
        )


def retry(conn: Connection, ids: Sequence[int] = ()) -> int:
    """Make these due now, dead or not; all of them where none is named. Returns how many."""
    with transaction(conn):
        return conn.execute(
            "UPDATE outbox SET dead = 0, tries = 0, due = 0"
            " WHERE :all OR id IN (SELECT value FROM json_each(:ids))",
            {"all": not ids, "ids": json.dumps(list(ids))},
        ).rowcount


def drop(conn: Connection, ids: Sequence[int] = ()) -> int:
    """Delete these, or all that were given up where none is named. Returns how many."""
    with transaction(conn):
        return conn.execute(
            "DELETE FROM outbox WHERE CASE WHEN :all THEN dead = 1"
            " ELSE id IN (SELECT value FROM json_each(:ids)) END",
            {"all": not ids, "ids": json.dumps(list(ids))},
        ).rowcount


def counts(conn: Connection, dataset_id: int) -> tuple[int, int]:
    """Return how many wait, and how many were given up."""
    row = conn.execute(
        "SELECT count(*) FILTER (WHERE dead = 0), count(*) FILTER (WHERE dead = 1)"
        " FROM outbox WHERE dataset_id = ?",
        (dataset_id,),
    ).fetchone()
    return int(row[0]), int(row[1])


def _delivery(row: Any) -> Delivery:
    return Delivery(
        row["id"],
        row["dataset_id"],
        row["name"],
        row["event"],
        row["answer_id"],
        json.loads(row["detail"]),
        row["at"],
        row["due"],
        row["tries"],
        bool(row["dead"]),
        row["error"],
    )

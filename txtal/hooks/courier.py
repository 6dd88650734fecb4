"""The courier: takes what is due out of the outbox, delivers it, and tries again what fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from txtal.errors import LockedError
from txtal.hooks import targets, trust
from txtal.hooks.targets import DeliveryError, Parcel
from txtal.store import answer_feed, outbox, schema
from txtal.store.outbox import Delivery, Hook
from txtal.store.sqlite import Connection, foreseen

PAUSES = (1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)
"""Seconds before each new try; what fails once more after the last is given up."""

LOOK_SECONDS = 0.5
"""Between two looks into the outbox."""

SLOW_SECONDS = 1.0
"""A hook that failed after more than this is left for the next look: others are due, too."""

_CLAIM_SECONDS = 120.0
"""Longer than any delivery takes; what a courier had that was killed is tried again after it."""

_LINGER_SECONDS = 6.0
"""A courier that isn't needed any more stays for what is due so soon."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a courier works."""

    pauses: Sequence[float] = PAUSES
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep
    deliver: Callable[[str, Parcel], None] = field(default=targets.deliver)


def body_of(conn: Connection, delivery: Delivery) -> bytes | None:
    """Return the event as JSON, with today's names; None if it is gone with a forgotten ticket."""
    told: Any = delivery.detail
    if delivery.answer_id is not None:
        told = answer_feed.row(conn, delivery.dataset_id, delivery.answer_id)
        if told is None:
            return None
    body = {
        "event": delivery.event,
        "delivery": delivery.id,
        "at": delivery.at,
        "dataset": delivery.dataset,
        delivery.event: told,
    }
    return json.dumps(body).encode()


def deliver_due(database: Path, manner: Manner | None = None) -> int:
    """Deliver what is due now and whose hook this user has confirmed. Returns how much was.

    Raises DatabaseError.
    """
    manner, done = manner or Manner(), 0
    with closing(schema.open_database(database)) as conn, foreseen(database):
        hooks = trust.trusted(database, outbox.hooks(conn))
        while hooks and (delivery := outbox.claim(conn, hooks, _CLAIM_SECONDS)) is not None:
            hook = next(one for one in hooks if _is_of(delivery, one))
            began = time.monotonic()
            if _delivered(conn, delivery, hook, manner):
                done += 1
            elif time.monotonic() - began > SLOW_SECONDS:
                hooks.remove(hook)
    return done


def _is_of(delivery: Delivery, hook: Hook) -> bool:
    return (delivery.dataset_id, delivery.event) == (hook.dataset_id, hook.event)


def _delivered(conn: Connection, delivery: Delivery, hook: Hook, manner: Manner) -> bool:
    """Deliver one, and note what came of it."""
    body = body_of(conn, delivery)
    if body is None:
        outbox.delivered(conn, delivery.id)
        return False
    try:
        manner.deliver(hook.target, Parcel(hook.event, delivery.id, body, hook.secret))
    except DeliveryError as error:
        again = manner.pauses[delivery.tries] if delivery.tries < len(manner.pauses) else None
        due = None if again is None else manner.clock() + again
        outbox.failed(conn, delivery.id, str(error), due)
        return False
    outbox.delivered(conn, delivery.id)
    return True


def work(database: Path, wanted: Callable[[], bool], manner: Manner | None = None) -> None:
    """Deliver as long as ``wanted`` says so, and then what is due soon. Raises DatabaseError."""
    manner = manner or Manner()
    while True:
        staying = wanted()
        with suppress(LockedError):  # somebody writes: at the next look
            deliver_due(database, manner)
        if not staying and not _due_soon(database, manner):
            return
        manner.sleep(LOOK_SECONDS)


def _due_soon(database: Path, manner: Manner) -> bool:
    with closing(schema.open_readonly(database)) as conn, foreseen(database):
        due = outbox.next_due(conn, trust.trusted(database, outbox.hooks(conn)))
    return due is not None and due < manner.clock() + _LINGER_SECONDS

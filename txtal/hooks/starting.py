"""Starting a courier's process: beside a session, or after a command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from txtal import logs
from txtal.hooks import trust
from txtal.store import datasets, outbox, schema
from txtal.store.sqlite import Connection, foreseen

PROGRAM = (sys.executable, "-P", "-m", "txtal.hooks")
"""With -P nothing is ever imported from the working directory."""


@dataclass(frozen=True, slots=True)
class CourierProcess:
    """``python -m txtal.hooks``. It ends by itself once it isn't wanted and nothing is due soon."""

    process: subprocess.Popen[bytes]

    def close(self) -> None:
        """Want it no longer; never waits for it."""
        with suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()


def courier(database: Path) -> CourierProcess | None:
    """Start a courier if this user has confirmed a hook; returns at once. Raises DatabaseError."""
    with closing(schema.open_readonly(database)) as conn, foreseen(database):
        if not trust.trusted(database, outbox.hooks(conn)):
            return None
    with logs.path().open("a", encoding="utf-8") as complaints:
        process = subprocess.Popen(
            [*PROGRAM, str(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
        )
    return CourierProcess(process)


def send_now(database: Path) -> None:
    """Have what is due delivered, by a process that nobody waits for."""
    started = courier(database)
    if started is not None:
        started.close()


def tell(database: Path, dataset: str, event: outbox.Event, told: Mapping[str, Any]) -> None:
    """Have a dataset's hook told of an event now; ``told`` holds no ticket's text.

    Writes nothing where it has no such hook. Raises DatabaseError.
    """
    with closing(schema.open_readonly(database)) as conn, foreseen(database):
        if not any((one.dataset, one.event) == (dataset, event) for one in outbox.hooks(conn)):
            return
    with closing(schema.open_database(database)) as conn, foreseen(database):
        outbox.note(conn, datasets.get(conn, dataset).id, event, told)
    send_now(database)


def keep(conn: Connection, database: Path, dataset_id: int, given: Mapping[str, str]) -> list[str]:
    """Keep a dataset's hooks by event, confirmed for this user; an empty target ends one.

    Returns what to say of each. Raises UsageError for what can't be one.
    """
    from txtal.hooks import targets  # which loads the client of HTTP

    for event, target in given.items():
        if target:
            targets.check(f"--on-{event}", target)
    for event in outbox.EVENTS:
        if event in given:
            outbox.keep_hook(conn, dataset_id, event, given[event])
    own = [one for one in outbox.hooks(conn) if one.dataset_id == dataset_id]
    with suppress(OSError):
        trust.trust(database, [one for one in own if one.event in given])
    return [f"on {event}: {target or 'no hook'}" for event, target in given.items()]

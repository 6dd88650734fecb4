"""Settings kept with a dataset: what it is labelled with until an option says otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress

from txtal.store.sqlite import Connection, transaction

Value = str | float
"""A setting's value, as it was given on the command line."""


def kept(conn: Connection, dataset_id: int) -> dict[str, Value]:
    """Return the dataset's settings by name; what can't be read is left out."""
    rows = conn.execute(
        "SELECT name, value FROM setting WHERE dataset_id = ? ORDER BY name", (dataset_id,)
    )
    found: dict[str, Value] = {}
    for row in rows:
        with suppress(ValueError):
            found[row["name"]] = json.loads(row["value"])
    return found


def keep(
    conn: Connection, dataset_id: int, given: Mapping[str, Value]
) -> dict[str, tuple[Value | None, Value]]:
    """Keep these settings. Returns those that are new or changed, each with what was before."""
    with transaction(conn):
        before = kept(conn, dataset_id)
        changed = {
            name: (before.get(name), value)
            for name, value in given.items()
            if before.get(name) != value
        }
        conn.executemany(
            "INSERT OR REPLACE INTO setting (dataset_id, name, value) VALUES (?, ?, ?)",
            [(dataset_id, name, json.dumps(value)) for name, (_, value) in changed.items()],
        )
    return changed


def forget(conn: Connection, dataset_id: int, names: Iterable[str]) -> list[str]:
    """Keep these settings no longer. Returns the names of those that were kept."""
    with transaction(conn):
        there = kept(conn, dataset_id).keys()
        gone = [name for name in names if name in there]
        conn.executemany(
            "DELETE FROM setting WHERE dataset_id = ? AND name = ?",
            [(dataset_id, name) for name in gone],
        )
    return gone

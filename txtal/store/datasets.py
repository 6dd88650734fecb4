"""Datasets and their label schemes."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from txtal.errors import UsageError
from txtal.store.sqlite import Connection, transaction
from txtal.types import Dataset, Label, Scheme, Task

LabelSpec = tuple[str, str]
"""A label's name and description."""


def names(conn: Connection) -> list[str]:
    """Every dataset's name, in order of creation."""
    return [row[0] for row in conn.execute("SELECT name FROM dataset ORDER BY id")]


def get(conn: Connection, name: str) -> Dataset:
    """The dataset called ``name``. Raises UsageError, with the names there are."""
    row = conn.execute("SELECT id, name, task FROM dataset WHERE name = ?", (name,)).fetchone()
    if row is None:
        there = ", ".join(names(conn)) or "none yet"
        raise UsageError(f"no dataset called {name!r}; there are: {there}")
    return Dataset(row["id"], row["name"], Scheme(row["task"], _labels(conn, row["id"])))


def _labels(conn: Connection, dataset_id: int) -> tuple[Label, ...]:
    rows = conn.execute(
        "SELECT id, name, description FROM label WHERE dataset_id = ? AND NOT retired "
        "ORDER BY position, id",
        (dataset_id,),
    )
    return tuple(Label(row["id"], row["name"], row["description"]) for row in rows)


def prepare(
    conn: Connection, name: str, labels: Sequence[LabelSpec] = (), task: Task | None = None
) -> Dataset:
    """Make the dataset, or bring its scheme up to what is asked for, in one transaction.

    New labels are added after those that are there; none is ever removed. ``task`` None keeps what
    the dataset has, else takes ``binary`` for a single label and ``exclusive`` otherwise. Raises
    UsageError when answers stand in the way of another task.
    """
    with transaction(conn):
        row = conn.execute("SELECT id, task FROM dataset WHERE name = ?", (name,)).fetchone()
        if row is None:
            dataset_id = _create(conn, name, task or _natural_task(labels))
        else:
            dataset_id = row["id"]
            _change_task(conn, dataset_id, name, row["task"], labels, task)
        _add_labels(conn, dataset_id, labels)
    return get(conn, name)


def _natural_task(labels: Sequence[LabelSpec]) -> Task:
    return "binary" if len(labels) == 1 else "exclusive"


def _create(conn: Connection, name: str, task: Task) -> int:
    if not name.strip() or not name.isprintable():
        raise UsageError(f"{name!r} can't name a dataset; use printable characters")
    cursor = conn.execute(
        "INSERT INTO dataset (name, task, created) VALUES (?, ?, ?)", (name, task, time.time())
    )
    return int(cursor.lastrowid or 0)


def _change_task(
    conn: Connection,
    dataset_id: int,
    name: str,
    current: Task,
    labels: Sequence[LabelSpec],
    task: Task | None,
) -> None:
    known = {label.name for label in _labels(conn, dataset_id)}
    total = len(known | {label for label, _ in labels})
    answered = conn.execute(
        "SELECT 1 FROM answer WHERE dataset_id = ? LIMIT 1", (dataset_id,)
    ).fetchone()
    if task is None:
        # A dataset made by `load` has no labels yet: its task is still open.
        task = current if known or not labels else _natural_task(labels)
    if task == "binary" and total > 1:
        raise UsageError(
            f"{name}: a binary dataset has one label, not {total}; "
            "choose another dataset, or --task exclusive or multilabel before the first answer"
        )
    if task != current:
        if answered:
            raise UsageError(f"{name}: has {current} answers, so it can't become {task}")
        conn.execute("UPDATE dataset SET task = ? WHERE id = ?", (task, dataset_id))


def _add_labels(conn: Connection, dataset_id: int, labels: Sequence[LabelSpec]) -> None:
    position = conn.execute(
        "SELECT coalesce(max(position), 0) FROM label WHERE dataset_id = ?", (dataset_id,)
    ).fetchone()[0]
    for offset, (label, description) in enumerate(labels, start=1):
        cursor = conn.execute(
            "INSERT OR IGNORE INTO label (dataset_id, name, description, position) "
            "VALUES (?, ?, ?, ?)",
            (dataset_id, label, description, position + offset),
        )
        if cursor.rowcount:
            conn.execute(
                "INSERT INTO label_event (dataset_id, label_id, at, action, detail) "
                "VALUES (?, ?, ?, 'add', ?)",
                (dataset_id, cursor.lastrowid, time.time(), json.dumps({"name": label})),
            )


def label_names(conn: Connection, dataset_id: int) -> dict[int, str]:
    """Every label's name by id, retired ones too: old answers still name them."""
    rows = conn.execute("SELECT id, name FROM label WHERE dataset_id = ?", (dataset_id,))
    return {row[0]: row[1] for row in rows}


def cache_name(conn: Connection, dataset_id: int) -> str:
    """A name for the dataset's feature cache that no other dataset has ever had.

    A new file at an old path starts its ids again, so the id alone would find another's features.
    """
    row = conn.execute("SELECT created FROM dataset WHERE id = ?", (dataset_id,)).fetchone()
    return f"{dataset_id}-{int(row[0] * 1e6):x}"

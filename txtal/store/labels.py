"""The labels of a dataset, and the log of what was done to them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from txtal.errors import DamagedError, DatabaseError
from txtal.store.sqlite import Connection
from txtal.types import Label, Scheme

LabelSpec = tuple[str, str]
"""A label's name and description."""


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a scheme, as it was logged."""

    id: int
    at: float
    action: str
    label: int
    detail: Mapping[str, Any]
    undone: bool


def scheme(conn: Connection, dataset_id: int) -> Scheme:
    """The label scheme of the dataset with this id. Raises DatabaseError when it is gone."""
    row = conn.execute("SELECT task FROM dataset WHERE id = ?", (dataset_id,)).fetchone()
    if row is None:
        raise DatabaseError("the dataset is no longer in the database; quit and start again")
    return Scheme(
        row[0],
        _labels(conn, dataset_id),
        _labels(conn, dataset_id, retired=True),
        merged(conn, dataset_id),
    )


def _labels(conn: Connection, dataset_id: int, *, retired: bool = False) -> tuple[Label, ...]:
    rows = conn.execute(
        "SELECT id, name, description FROM label WHERE dataset_id = ? AND retired = ? "
        "ORDER BY position, id",
        (dataset_id, int(retired)),
    )
    return tuple(Label(row["id"], row["name"], row["description"]) for row in rows)


def add(conn: Connection, dataset_id: int, labels: Sequence[LabelSpec]) -> list[int]:
    """Add labels behind those that are there, inside the caller's transaction. Returns their ids.

    A name that a label has or once had is no new label: who repeats an old command line doesn't
    bring back what was renamed, merged or retired since. A label without a description gets the one
    that is given; one that has another keeps it.
    """
    there = ids(conn, dataset_id)
    new = {name: about for name, about in labels if name not in there}
    added = [insert(conn, dataset_id, name, about) for name, about in new.items()]
    for name, label_id in zip(new, added, strict=True):
        log(conn, dataset_id, label_id, "add", {"name": name})
    given = {name: about for name, about in labels if name not in new}
    for label in _labels(conn, dataset_id):
        about = given.get(label.name, "")
        if about and not label.description:
            conn.execute("UPDATE label SET description = ? WHERE id = ?", (about, label.id))
            log(conn, dataset_id, label.id, "describe", {"from": "", "to": about})
    return added


def insert(conn: Connection, dataset_id: int, name: str, description: str = "") -> int:
    """Add one label, which its caller logs, inside the caller's transaction. Returns its id."""
    cursor = conn.execute(
        "INSERT INTO label (dataset_id, name, description, position) VALUES (:dataset, :name,"
        " :about, (SELECT coalesce(max(position), 0) + 1 FROM label WHERE dataset_id = :dataset))",
        {"dataset": dataset_id, "name": name, "about": description},
    )
    return int(cursor.lastrowid or 0)


def log(
    conn: Connection, dataset_id: int, label_id: int, action: str, detail: Mapping[str, object]
) -> None:
    """Note a change, inside the caller's transaction."""
    conn.execute(
        "INSERT INTO label_event (dataset_id, label_id, at, action, detail) VALUES (?, ?, ?, ?, ?)",
        (dataset_id, label_id, time.time(), action, json.dumps(detail)),
    )


def events(conn: Connection, dataset_id: int) -> list[Event]:
    """Every change of the scheme, oldest first. Raises DamagedError when one can't be read."""
    rows = conn.execute(
        "SELECT id, action, detail, at, label_id FROM label_event WHERE dataset_id = ? ORDER BY id",
        (dataset_id,),
    ).fetchall()
    details = {row["id"]: _detail(*row) for row in rows}
    undone = {details[row["id"]]["undoes"] for row in rows if row["action"] == "undo"}
    return [
        Event(
            row["id"],
            row["at"],
            row["action"],
            row["label_id"],
            details[row["id"]],
            row["id"] in undone,
        )
        for row in rows
    ]


_NEEDED = {
    "merge": {"into"},
    "rename": {"from", "to"},
    "describe": {"from", "to"},
    "split": {"into", "added", "undone"},
    "undo": {"undoes"},
}
"""What the detail of an action is of no use without."""


def _detail(event_id: int, action: str, detail: str, *_: object) -> dict[str, Any]:
    with suppress(ValueError):
        found = json.loads(detail)
        if isinstance(found, dict) and found.keys() >= _NEEDED.get(action, set()):
            return found
    raise DamagedError(
        f"label change {event_id} is damaged; `txtal verify` says more, a backup brings it back"
    )


def newest_event(conn: Connection, dataset_id: int) -> int:
    """Id of the newest change; 0 when there is none."""
    row = conn.execute(
        "SELECT coalesce(max(id), 0) FROM label_event WHERE dataset_id = ?", (dataset_id,)
    ).fetchone()
    return int(row[0])


def merged(conn: Connection, dataset_id: int) -> dict[int, int]:
    """For each label that was merged into another, which one it now stands for."""
    into: dict[int, int] = {}
    for event in events(conn, dataset_id):
        if event.action == "merge" and not event.undone:
            into[event.label] = event.detail["into"]
        elif event.action == "undo":  # of a split: its parts count as it until they are back
            into |= dict.fromkeys(event.detail.get("parts", ()), event.label)
        elif event.action == "add" and not event.undone:
            into.pop(event.label, None)
        elif event.action == "split" and not event.undone:
            for part in event.detail["added"]:
                into.pop(part, None)
    return {label_id: _last(label_id, into) for label_id in into}


def merged_on_purpose(conn: Connection, dataset_id: int) -> set[int]:
    """Return the labels that were merged into another, without the parts of an undone split."""
    changes = events(conn, dataset_id)
    return {event.label for event in changes if event.action == "merge" and not event.undone}


def _last(label_id: int, into: Mapping[int, int]) -> int:
    while label_id in into:  # a merge into a former label can't be made, so this ends
        label_id = into[label_id]
    return label_id


def names(conn: Connection, dataset_id: int) -> dict[int, str]:
    """Every label's name by id, retired ones too: old answers still name them."""
    rows = conn.execute("SELECT id, name FROM label WHERE dataset_id = ?", (dataset_id,))
    return {row[0]: row[1] for row in rows}


def current_names(conn: Connection, dataset_id: int) -> dict[str, str]:
    """Return what a label is called now, by every name that one has or had."""
    called = names(conn, dataset_id)
    return {name: called[label_id] for name, label_id in ids(conn, dataset_id).items()}


def ids(conn: Connection, dataset_id: int) -> dict[str, int]:
    """The label that now stands for every name that one has or had."""
    stands_for = merged(conn, dataset_id)
    renamed = {
        event.detail["from"]: event.label
        for event in events(conn, dataset_id)
        if event.action == "rename" and not event.undone
    }
    found = {**renamed, **{name: label_id for label_id, name in names(conn, dataset_id).items()}}
    return {name: stands_for.get(label_id, label_id) for name, label_id in found.items()}

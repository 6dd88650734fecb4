"""Datasets and their label schemes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from txtal.errors import UsageError
from txtal.store import labels
from txtal.store.labels import LabelSpec
from txtal.store.sqlite import Connection, transaction
from txtal.text import normalise_label, shorten
from txtal.types import Dataset, Task, grades


def names(conn: Connection) -> list[str]:
    """Every dataset's name, in order of creation."""
    return [row[0] for row in conn.execute("SELECT name FROM dataset ORDER BY id")]


def get(conn: Connection, name: str) -> Dataset:
    """The dataset called ``name``. Raises UsageError, with the names there are."""
    row = conn.execute("SELECT id, name, task FROM dataset WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise UsageError(_unknown(name, names(conn)))
    return Dataset(row["id"], row["name"], labels.scheme(conn, row["id"]))


def check(conn: Connection, name: str) -> None:
    """Raise UsageError, as :func:`get`, where there is no such dataset; also of an older file."""
    there = names(conn)
    if name not in there:
        raise UsageError(_unknown(name, there))


def _unknown(name: str, there: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, there, n=1)
    said = f"no dataset called {name!r}" + (f", perhaps {near[0]!r}" if near else "")
    listed = ", ".join(there[:_MANY]) or "none yet"
    if len(there) > _MANY:
        listed += f" and {len(there) - _MANY:,} more"
    return f"{said}; there are: {listed}"


_MANY = 20
"""Names of datasets that a message lists at most."""


def prepare(
    conn: Connection, name: str, specs: Sequence[LabelSpec] = (), task: Task | None = None
) -> Dataset:
    """Make the dataset, or bring its scheme up to what is asked for, in one transaction.

    New labels are added after those that are there; none is ever removed, and none that was
    renamed, merged or retired comes back. ``task`` None keeps what
    the dataset has, else takes ``binary`` for a single label and ``exclusive`` otherwise. Raises
    UsageError when answers stand in the way of another task, or labels are no grades of a rating.
    Names are kept as :func:`txtal.text.normalise_label` makes them good.
    """
    specs = list({normalise_label(label): about for label, about in specs}.items())
    with transaction(conn):
        row = conn.execute("SELECT id, task FROM dataset WHERE name = ?", (name,)).fetchone()
        if row is None:
            dataset_id = _create(conn, name, task or _natural_task(specs))
        else:
            dataset_id = row["id"]
            if row["task"] == "rating":
                _check_same_grades(get(conn, name), specs)
            _change_task(conn, dataset_id, name, row["task"], specs, task)
        labels.add(conn, dataset_id, specs)
        dataset = get(conn, name)
        if dataset.scheme.task == "rating":
            _check_grades(dataset)
    return dataset


def otherwise(dataset: Dataset, specs: Sequence[LabelSpec]) -> Iterator[str]:
    """Say what the dataset has otherwise than these labels, which doesn't change for them."""
    current = {label.name: label.description for label in dataset.scheme.labels}
    given = {normalise_label(label): about for label, about in specs}
    for name in [name for name in given if name not in current]:
        yield f"{name} was renamed, merged or retired; see `txtal label log {dataset.name}`"
    kept = [name for name, about in given.items() if about and current.get(name, about) != about]
    if kept:
        yield (
            f"the dataset keeps its own descriptions of {shorten(', '.join(kept), 60)}; "
            f"`txtal label describe {dataset.name} LABEL TEXT` changes one"
        )


def _check_same_grades(dataset: Dataset, specs: Sequence[LabelSpec]) -> None:
    there = [label.name for label in dataset.scheme.labels]
    if there and specs and [name for name, _ in specs] != there:
        raise UsageError(
            f"{dataset.name}: has the {grades.noun(there)}s {grades.span(there)}, and they stay as "
            "they are; choose another dataset for other labels"
        )


def _check_grades(dataset: Dataset) -> None:
    names = [label.name for label in dataset.scheme.labels]
    if names and not grades.are_grades(names):
        shown = ", ".join(shorten(name, 20) for name in names[: grades.HIGHEST])
        raise UsageError(
            f"{shown}: no scale of grades; a rating has whole numbers in a row, as --rating 1-5 "
            "or --score 0-100 makes them"
        )


def _natural_task(specs: Sequence[LabelSpec]) -> Task:
    return "binary" if len(specs) == 1 else "exclusive"


def check_name(name: str) -> None:
    """Raises UsageError for what can't name a dataset."""
    if not name.strip() or not name.isprintable():
        raise UsageError(f"{name!r} can't name a dataset; use printable characters")


def _create(conn: Connection, name: str, task: Task) -> int:
    check_name(name)
    cursor = conn.execute(
        "INSERT INTO dataset (name, task, created) VALUES (?, ?, ?)", (name, task, time.time())
    )
    return int(cursor.lastrowid or 0)


def _change_task(
    conn: Connection,
    dataset_id: int,
    name: str,
    current: Task,
    specs: Sequence[LabelSpec],
    task: Task | None,
) -> None:
    known = set(labels.scheme(conn, dataset_id).ids)
    new = {name for name, _ in specs} - labels.ids(conn, dataset_id).keys()
    total = len(known) + len(new)
    answered = conn.execute(
        "SELECT 1 FROM answer WHERE dataset_id = ? LIMIT 1", (dataset_id,)
    ).fetchone()
    if task is None:
        # A dataset made by `load` has no labels yet: its task is still open.
        task = current if known or not specs else _natural_task(specs)
    if task == "binary" and total > 1:
        raise UsageError(
            f"{name}: a binary dataset has one label, not {total}; "
            "choose another dataset, or --task exclusive or multilabel before the first answer"
        )
    if task != current:
        if answered:
            raise UsageError(f"{name}: has {current} answers, so it can't become {task}")
        conn.execute("UPDATE dataset SET task = ? WHERE id = ?", (task, dataset_id))


def cache_name(conn: Connection, dataset_id: int) -> str:
    """A name for the dataset's feature cache that no other dataset has ever had.

    A new file at an old path starts its ids again, so the id alone would find another's features.
    """
    row = conn.execute("SELECT created FROM dataset WHERE id = ?", (dataset_id,)).fetchone()
    return f"{dataset_id}-{int(row[0] * 1e6):x}"

"""Keeping house: datasets renamed, merged and dropped, and tickets forgotten for good."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from txtal.errors import LockedError, UsageError
from txtal.store import answers, cache_folder, datasets, labels, removals, tickets, votes
from txtal.store.sqlite import Connection, transaction
from txtal.types import Answer, Dataset, Ranked, reasons


@dataclass(frozen=True, slots=True)
class Copied:
    """What a merge brought over."""

    tickets: tickets.Loaded
    answers: int
    there: int
    """Answers left out, for the same annotator has answered the ticket there."""
    left_out: int
    """Answers left out, for their ticket is synthetic, or was forgotten there."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was taken out with tickets that were to be forgotten."""

    tickets: int
    answers: int
    """Rows of the log, undos included."""
    composed: int
    """Synthetic tickets made of them."""


def rename(conn: Connection, name: str, new: str) -> None:
    """Give a dataset another name. Raises UsageError when it is taken, or can't be one."""
    with transaction(conn):
        dataset = datasets.get(conn, name)
        if new in datasets.names(conn):
            raise UsageError(f"there is a dataset {new} already; `txtal dataset merge` joins two")
        datasets.check_name(new)
        _check_idle(conn, dataset)
        conn.execute("UPDATE dataset SET name = ? WHERE id = ?", (new, dataset.id))


def merge(conn: Connection, name: str, into: str, annotator: str) -> Copied:
    """Copy a dataset's tickets and standing answers into another, in one transaction.

    The labels go by their names. Votes of rules and commands come along, but for those of a source
    that the other dataset has, too. What was said of how tickets were picked isn't brought over,
    nor what the model labelled: the other dataset's measures and bounds rest on its own draws.
    Raises UsageError for tasks that differ.
    """
    if name == into:
        raise UsageError(f"{name} can't be merged into itself")
    with transaction(conn):
        source, target = datasets.get(conn, name), datasets.get(conn, into)
        specs = [(label.name, label.description) for label in source.scheme.labels]
        target = datasets.prepare(conn, into, specs, source.scheme.task)
        loaded = tickets.add(conn, target.id, tickets.records(conn, source.id))
        there = {(one.ticket_id, one.annotator) for one in answers.standing(conn, target.id)}
        session_id = answers.open_session(conn, target.id, annotator, "merge")
        given = answers.standing(conn, source.id)
        brought = list(_brought(conn, source, target, given))
        new = [one for one in brought if (one.ticket_id, one.annotator) not in there]
        for answer in new:
            answers.append(conn, target.id, session_id, answer)
        votes.bring(conn, source.id, target.id)
        _end(conn, session_id)
    return Copied(loaded, len(new), len(brought) - len(new), len(given) - len(brought))


def _brought(
    conn: Connection, source: Dataset, target: Dataset, given: Sequence[Answer]
) -> Iterator[Answer]:
    """The answers in terms of the other dataset's tickets and labels."""
    names, ids = labels.names(conn, source.id), labels.ids(conn, target.id)
    for answer in given:
        ticket = tickets.get(conn, answer.ticket_id)
        found = tickets.find(conn, target.id, ticket.text)
        if ticket.synthetic or found is None:
            continue
        yield replace(
            answer,
            id=0,
            ticket_id=found,
            labels=tuple(_label(conn, target, names[one], ids) for one in answer.labels),
            ranked=Ranked(found, reason=reasons.LOADED),
            revision=None,
        )


def _label(conn: Connection, target: Dataset, name: str, ids: dict[str, int]) -> int:
    """The label of this name, added if it isn't there: a retired one may still have answers."""
    if name not in ids:
        (ids[name],) = labels.add(conn, target.id, [(name, "")])
    return ids[name]


def drop(conn: Connection, path: Path, name: str) -> None:
    """Delete a dataset with all that is in it, and its caches. Raises LockedError while in use."""
    with _erasing(conn):
        dataset = datasets.get(conn, name)
        _check_idle(conn, dataset)
        cache = datasets.cache_name(conn, dataset.id)
        rows = conn.execute("SELECT id FROM answer WHERE dataset_id = ?", (dataset.id,))
        removals.note_answers(conn, [row[0] for row in rows], f"dataset {dataset.id} was dropped")
        conn.execute(
            "DELETE FROM lease WHERE session_id IN (SELECT id FROM session WHERE dataset_id = ?)",
            (dataset.id,),
        )
        for table in _tables_of_a_dataset(conn):
            conn.execute(f"DELETE FROM {table} WHERE dataset_id = ?", (dataset.id,))
        conn.execute("DELETE FROM dataset WHERE id = ?", (dataset.id,))
    _clear_caches(path, cache)


def _tables_of_a_dataset(conn: Connection) -> list[str]:
    """Tables with rows of a dataset, those that refer to others first: the newest made, mostly."""
    rows = conn.execute(
        "SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c"
        " WHERE m.type = 'table' AND c.name = 'dataset_id' ORDER BY m.rowid DESC"
    )
    late = ["revision", "session", "label_event", "label", "ticket"]
    names = [row[0] for row in rows]
    return [*(name for name in names if name not in late), *late]


def forget(
    conn: Connection, path: Path, dataset: Dataset, ticket_ids: Iterable[int], *, again: bool
) -> Erased:
    """Take tickets out for good: texts, answers, and all that was worked out from them.

    Unless ``again``, their hash stays, so that they aren't loaded once more. Raises LockedError
    while the dataset is being labelled.
    """
    wanted = list(dict.fromkeys(ticket_ids))
    with _erasing(conn):
        _check_idle(conn, dataset)
        cache = datasets.cache_name(conn, dataset.id)
        composed = [child for one in wanted for child in _composed_of(conn, one)]
        gone = list(dict.fromkeys([*wanted, *composed]))
        answer_ids = [row for one in gone for row in _answers_to(conn, one)]
        removals.note_answers(conn, answer_ids, "a ticket was forgotten")
        if not again:
            removals.note_forgotten(conn, dataset.id, [_hash(conn, one) for one in wanted])
        for ticket_id in gone:
            for table in ("lease", "arrival", "synthetic", "vote", "prediction", "answer"):
                conn.execute(f"DELETE FROM {table} WHERE ticket_id = ?", (ticket_id,))
            conn.execute("DELETE FROM ticket WHERE id = ?", (ticket_id,))
        # The ranking may hold texts that were composed of it.
        conn.execute("DELETE FROM queue WHERE dataset_id = ?", (dataset.id,))
    _clear_caches(path, cache)
    return Erased(len(wanted), len(answer_ids), len(gone) - len(wanted))


def _composed_of(conn: Connection, ticket_id: int) -> list[int]:
    rows = conn.execute(
        "SELECT ticket_id FROM synthetic WHERE first = ? OR second = ?", (ticket_id, ticket_id)
    )
    return [row[0] for row in rows]


def _answers_to(conn: Connection, ticket_id: int) -> list[int]:
    rows = conn.execute("SELECT id FROM answer WHERE ticket_id = ?", (ticket_id,))
    return [row[0] for row in rows]


def _hash(conn: Connection, ticket_id: int) -> int:
    row = conn.execute("SELECT input_hash FROM ticket WHERE id = ?", (ticket_id,)).fetchone()
    return int(row[0])


def copies(path: Path) -> list[Path]:
    """Return the copies that upgrades and restores left beside the database."""
    return sorted(path.parent.glob(f"{path.name}.*.bak"))


@contextmanager
def _erasing(conn: Connection) -> Iterator[None]:
    """One transaction after which nothing of what it deleted is left in the file or its log."""
    conn.execute("PRAGMA secure_delete = ON")
    with transaction(conn):
        conn.execute("PRAGMA defer_foreign_keys = ON")
        yield
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _check_idle(conn: Connection, dataset: Dataset) -> None:
    """Raises LockedError while a session has a ticket of the dataset on its screen."""
    row = conn.execute(
        "SELECT s.annotator, max(l.expires) FROM lease AS l JOIN session AS s"
        " ON s.id = l.session_id WHERE s.dataset_id = ? AND s.ended IS NULL AND l.expires > ?"
        " GROUP BY s.annotator",
        (dataset.id, time.time()),
    ).fetchone()
    if row is not None:
        minutes = max(1, round((row[1] - time.time()) / 60))
        raise LockedError(
            f"{dataset.name}: {row[0]} is labelling it; quit that session first (if it was killed,"
            f" its ticket is free again in {minutes} min)"
        )


def _end(conn: Connection, session_id: int) -> None:
    conn.execute("UPDATE session SET ended = ? WHERE id = ?", (time.time(), session_id))


def _clear_caches(path: Path, name: str) -> None:
    """Delete the features and the search index of a dataset; both are made again when needed."""
    folder = cache_folder(path)
    for found in (*folder.glob(f"{name}*"), *folder.glob(f"search-{name}.db*")):
        with suppress(OSError):
            shutil.rmtree(found) if found.is_dir() else found.unlink()

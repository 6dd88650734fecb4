"""Why one ticket is shown to an annotator, or isn't."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from txtal.store import answers, labels, leases, removals, revisions
from txtal.store.checksums import input_hash
from txtal.store.sqlite import Connection
from txtal.text import percent
from txtal.types import Dataset


@dataclass(frozen=True, slots=True)
class Circumstance:
    """Something that is so of a ticket."""

    code: str
    words: str
    excludes: bool
    """It keeps the ticket from being shown."""


def of(conn: Connection, dataset: Dataset, ticket_id: int, annotator: str) -> list[Circumstance]:
    """Return what there is to say of the ticket, what keeps it from being shown first."""
    found = [
        *_answered(conn, dataset, ticket_id, annotator),
        *_held(conn, ticket_id),
        *_synthetic(conn, ticket_id),
        *_arrived(conn, ticket_id),
        *_ranked(conn, dataset, ticket_id),
    ]
    return sorted(found, key=lambda one: not one.excludes)


def of_text(conn: Connection, dataset: Dataset, text: str) -> list[Circumstance]:
    """Return why there is no ticket with this text."""
    since = removals.forgotten(conn, dataset.id).get(input_hash(text))
    if since is not None:
        words = f"it was forgotten on {_day(since)}, and isn't loaded again"
        return [Circumstance("forgotten", words, True)]
    return [Circumstance("unknown", f"{dataset.name} has no ticket with exactly this text", True)]


def _answered(
    conn: Connection, dataset: Dataset, ticket_id: int, annotator: str
) -> Iterator[Circumstance]:
    names, stands_for = labels.names(conn, dataset.id), labels.merged(conn, dataset.id)
    rows = conn.execute(
        "SELECT * FROM standing_answer WHERE ticket_id = ? ORDER BY id", (ticket_id,)
    ).fetchall()
    standing = [answers.from_row(row, stands_for) for row in rows]
    mine = any(answer.annotator == annotator for answer in standing)
    for answer in standing:
        given = ", ".join(names[label] for label in answer.labels)
        words = f"{answer.annotator} answered it on {_day(answer.answered)}: {answer.verdict}"
        words += f" {given} (#{answer.id})" if given else f" (#{answer.id})"
        if not mine:
            words += f"; --overlap {_overlap(conn, ticket_id):.2f} would show it to you, too"
        yield Circumstance("answered", words, True)


def _overlap(conn: Connection, ticket_id: int) -> float:
    """The least overlap, in hundredths, by which a ticket is shown to every annotator."""
    row = conn.execute("SELECT input_hash FROM ticket WHERE id = ?", (ticket_id,)).fetchone()
    part: int = (row[0] & (leases.PARTS - 1)) + 1
    return ceil(100 * part / leases.PARTS) / 100


def _held(conn: Connection, ticket_id: int) -> Iterator[Circumstance]:
    rows = conn.execute(
        "SELECT s.annotator, l.expires FROM lease AS l JOIN session AS s ON s.id = l.session_id"
        " WHERE l.ticket_id = ? AND l.expires > ?",
        (ticket_id, time.time()),
    )
    for who, expires in rows:
        minutes = max(1, round((expires - time.time()) / 60))
        words = f"it is on {who}'s screen; if that session was killed, it is free in {minutes} min"
        yield Circumstance("held", words, True)


def _synthetic(conn: Connection, ticket_id: int) -> Iterator[Circumstance]:
    if conn.execute("SELECT 1 FROM synthetic WHERE ticket_id = ?", (ticket_id,)).fetchone():
        words = "it was composed of two tickets: such ones are shown once, when they are made"
        yield Circumstance("synthetic", words, True)


def _arrived(conn: Connection, ticket_id: int) -> Iterator[Circumstance]:
    row = conn.execute(
        "SELECT fate, score, threshold, probability FROM arrival WHERE ticket_id = ?", (ticket_id,)
    ).fetchone()
    if row is None:
        return
    fate, score, threshold = row["fate"], row["score"], row["threshold"]
    if fate is None:
        words = "it arrived by a stream, and nothing is decided of it yet"
    elif fate == "ask":
        words = "it arrived by a stream, and waits to be shown there"
    elif fate == "predict":
        words = (
            f"the model labelled it when it arrived (probability {percent(row['probability'], 0)})"
        )
    elif score is not None and threshold is not None:
        words = f"it was set aside when it arrived: score {score:.3f}, threshold {threshold:.3f}"
    else:
        words = "it was set aside when it arrived"
    if fate in ("predict", "let go"):
        words += "; teach shows it without --stream, as any other"
    yield Circumstance("arrived", words, False)


def _ranked(conn: Connection, dataset: Dataset, ticket_id: int) -> Iterator[Circumstance]:
    """Where it stands in the queue; a ticket that isn't there may still come by chance."""
    stored = revisions.last_ranking(conn, dataset.id)
    if stored is None:
        return
    queue = [one.ticket_id for one in stored[1].items]
    strategy = stored[1].revision.strategy
    if ticket_id in queue:
        words = f"it is number {queue.index(ticket_id) + 1} in the queue, by {strategy}"
        yield Circumstance("queued", words, False)
    elif ticket_id in {one.ticket_id for one in stored[1].audit}:
        yield Circumstance("audit", "it was drawn for the audit, and comes as one of those", False)
    else:
        words = f"it isn't among the {len(queue)} tickets that {strategy} would show next"
        yield Circumstance("not queued", words, False)


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at)) if at else "a day nobody noted"

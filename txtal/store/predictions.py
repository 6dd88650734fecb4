"""Labels that a model gave to open tickets under a bound on its precision, and their checks.

A prediction is no answer: whoever answers the ticket is believed. A part of the predictions, drawn
uniformly, is shown to people without saying so; when they find more errors than the bound allows
for, it is withdrawn, and its predictions count no more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum, lgamma, log, log1p
from typing import Any

from txtal.measures.gold import counting, settle, vote_of
from txtal.store import answers, checksums, labels, tickets
from txtal.store.sqlite import Connection, transaction
from txtal.types import AUDIT, CHECK, Predicted, Ticket

LEVEL = 0.05
"""A bound is withdrawn if as many errors, or more, had at most this probability."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound on the precision of predictions, with the evidence that it rests on."""

    id: int
    at: float
    precision: float
    evidence: Mapping[str, Any]
    withdrawn: float | None
    why: str
    labelled: int
    """Tickets that were given a label under it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What people said of the predictions that were shown to them."""

    checks: int
    errors: int
    waiting: int
    """Those still to be shown."""


def store(
    conn: Connection,
    dataset_id: int,
    precision: float,
    evidence: Mapping[str, Any],
    made: Sequence[tuple[int, tuple[int, ...], float, bool]],
    revision: int | None = None,
) -> int:
    """Store predictions in the place of the dataset's earlier ones. Returns the bound's id.

    Each is (ticket, labels, probability, whether it is to be checked).
    """
    now = time.time()
    with transaction(conn):
        cursor = conn.execute(
            "INSERT INTO bound (dataset_id, at, precision, evidence) VALUES (?, ?, ?, ?)",
            (dataset_id, now, precision, json.dumps(evidence)),
        )
        bound = int(cursor.lastrowid or 0)
        _withdraw(conn, dataset_id, "another one took its place", but=bound)
        rows = []
        for ticket, label_ids, probability, checked in made:
            given = (ticket, dataset_id, bound, json.dumps(label_ids), probability, int(checked))
            row = (*given, revision, now)
            rows.append((*row, checksums.content_hash(*row)))
        conn.executemany(
            "INSERT INTO prediction (ticket_id, dataset_id, bound_id, labels, probability, checked,"
            " revision_id, at, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    return bound


TRIED = "labelled nothing"
"""Why a bound holds no more that was only tried for."""


def begin_try(conn: Connection, dataset_id: int, precision: float, state: str) -> int:
    """Note that a bound is tried for, and return which try it is, counted from 1.

    One with the same ``state`` as an earlier one is that one again: it can't come out otherwise.
    """
    with transaction(conn):
        rows = conn.execute(
            "SELECT id, evidence FROM bound WHERE dataset_id = ? ORDER BY id", (dataset_id,)
        )
        states = dict.fromkeys(json.loads(row["evidence"]).get("state", row["id"]) for row in rows)
        if state not in states:
            now = time.time()
            conn.execute(
                "INSERT INTO bound (dataset_id, at, precision, evidence, withdrawn, why)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (dataset_id, now, precision, json.dumps({"state": state}), now, TRIED),
            )
            states[state] = None
    return list(states).index(state) + 1


def withdraw(conn: Connection, dataset_id: int, why: str) -> None:
    """Withdraw the model's labels; the dataset's bounds no longer hold."""
    with transaction(conn):
        _withdraw(conn, dataset_id, why)


def _withdraw(conn: Connection, dataset_id: int, why: str, but: int = 0) -> None:
    conn.execute(
        "UPDATE bound SET withdrawn = ?, why = ?"
        " WHERE dataset_id = ? AND withdrawn IS NULL AND id <> ?",
        (time.time(), why, dataset_id, but),
    )
    conn.execute("DELETE FROM prediction WHERE dataset_id = ? AND bound_id <> ?", (dataset_id, but))


def bound(conn: Connection, dataset_id: int) -> Bound | None:
    """Return the newest bound, withdrawn or not; None where nothing was ever labelled so."""
    row = conn.execute(
        "SELECT b.*, (SELECT count(*) FROM prediction AS p WHERE p.bound_id = b.id) AS labelled"
        " FROM bound AS b WHERE dataset_id = ? AND why <> ? ORDER BY id DESC LIMIT 1",
        (dataset_id, TRIED),
    ).fetchone()
    if row is None:
        return None
    return Bound(
        row["id"],
        row["at"],
        row["precision"],
        json.loads(row["evidence"]),
        row["withdrawn"],
        row["why"],
        row["labelled"],
    )


def labelled(conn: Connection, dataset_id: int) -> list[int]:
    """Return the ids of tickets that have a prediction under a bound that holds."""
    rows = conn.execute(
        "SELECT ticket_id FROM prediction WHERE dataset_id = ? ORDER BY ticket_id", (dataset_id,)
    )
    return [row[0] for row in rows]


def to_check(conn: Connection, dataset_id: int, limit: int = 50) -> list[int]:
    """Return predictions that are to be shown to people and weren't yet, in their drawn order."""
    rows = conn.execute(
        "SELECT p.ticket_id FROM prediction AS p JOIN ticket AS t ON t.id = p.ticket_id"
        " WHERE p.dataset_id = ? AND p.checked AND NOT EXISTS"
        " (SELECT 1 FROM standing_answer AS a WHERE a.ticket_id = p.ticket_id)"
        " ORDER BY t.input_hash LIMIT ?",
        (dataset_id, limit),
    )
    return [row[0] for row in rows]


def checked(conn: Connection, dataset_id: int) -> Checked:
    """Compare predictions with what people said of those that were drawn uniformly."""
    rows = conn.execute(
        "SELECT p.ticket_id, p.labels FROM prediction AS p WHERE p.dataset_id = ?"
        " AND EXISTS (SELECT 1 FROM answer AS a WHERE a.ticket_id = p.ticket_id"
        "  AND a.verdict IS NOT NULL AND a.reason IN (?, ?) AND a.answered >= p.at"
        "  AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = a.id))",
        (dataset_id, CHECK, AUDIT),
    ).fetchall()
    waiting = conn.execute(
        "SELECT count(*) FROM prediction AS p WHERE p.dataset_id = ? AND p.checked AND NOT EXISTS"
        " (SELECT 1 FROM standing_answer AS a WHERE a.ticket_id = p.ticket_id)",
        (dataset_id,),
    ).fetchone()[0]
    if not rows:
        return Checked(0, 0, waiting)
    scheme = labels.scheme(conn, dataset_id)
    stands_for = labels.merged(conn, dataset_id)
    said = counting(answers.standing(conn, dataset_id))
    checks = errors = 0
    for row in rows:
        given = said.get(row["ticket_id"])
        answer = settle(given, scheme).answer if given else None
        vote = vote_of(answer, scheme) if answer is not None else None
        if vote is None:
            continue
        now = {stands_for.get(label, label) for label in json.loads(row["labels"])}
        ours = frozenset(place for place, label in enumerate(scheme.ids) if label in now)
        checks += 1
        errors += vote.for_ != ours
    return Checked(checks, errors, waiting)


def withdraw_if_wrong(conn: Connection, dataset_id: int) -> str:
    """Withdraw the bound if the checks speak against it. Returns why; nothing if it holds."""
    found = bound(conn, dataset_id)
    if found is None or found.withdrawn is not None:
        return ""
    seen = checked(conn, dataset_id)
    if at_least(seen.errors, seen.checks, 1 - found.precision) > LEVEL:
        return ""
    why = (
        f"{seen.errors} of {seen.checks} labels that were checked are wrong, more than a precision "
        f"of {found.precision:g} allows for"
    )
    withdraw(conn, dataset_id, why)
    return why


def at_least(errors: int, checks: int, rate: float) -> float:
    """Return the probability of so many errors or more, each coming about with this rate."""
    whole = lgamma(checks + 1)
    fewer = (
        exp(
            whole - lgamma(e + 1) - lgamma(checks - e + 1)
            + e * log(rate) + (checks - e) * log1p(-rate)
        )
        for e in range(errors)
    )  # fmt: skip
    return max(0.0, 1.0 - fsum(fewer))


def predictions(conn: Connection, dataset_id: int) -> Iterator[Predicted]:
    """Yield what was labelled under a bound that holds and nobody has answered since."""
    found = bound(conn, dataset_id)
    if found is None:
        return
    stands_for = labels.merged(conn, dataset_id)
    rows = conn.execute(
        "SELECT p.*, t.text, t.meta, t.extra FROM prediction AS p JOIN ticket AS t"
        " ON t.id = p.ticket_id WHERE p.bound_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM standing_answer AS a WHERE a.ticket_id = p.ticket_id)"
        " ORDER BY p.ticket_id",
        (found.id,),
    )
    for row in rows:
        extras = tickets.extras(row["ticket_id"], row["meta"], row["extra"])
        given = json.loads(row["labels"])
        yield Predicted(
            Ticket(row["ticket_id"], row["text"], *extras),
            tuple(dict.fromkeys(stands_for.get(label, label) for label in given)),
            row["probability"],
            row["revision_id"],
            row["at"],
            found.precision,
        )

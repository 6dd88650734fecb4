"""What stands of each ticket, or every answer that counts, streamed with its ticket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from txtal.measures.gold import Gold, Rule, counting, dispute, settle
from txtal.store import answers, labels, tickets
from txtal.store.sqlite import Connection
from txtal.types import Answer, Dataset, Ticket


@dataclass(frozen=True, slots=True)
class Selection:
    """Which answers are wanted."""

    rule: Rule | None = "majority"
    """How the answers to a ticket become one; None for every answer that stands."""
    annotators: tuple[str, ...] = ()
    """Only theirs; everybody's if none is named."""
    since: float = 0.0
    """Only tickets that were answered since, in seconds since the epoch."""
    labels: frozenset[int] = frozenset()
    """Only answers that name one of these labels."""
    flagged: bool = False
    """Only tickets that an annotator flagged."""


EVERYTHING = Selection(rule=None)


@dataclass(frozen=True, slots=True)
class GoldTicket:
    """A ticket with what stands of it."""

    ticket: Ticket
    gold: Gold
    session_id: int
    """Of the newest answer."""


def read(
    conn: Connection, dataset: Dataset, selection: Selection = Selection()
) -> Iterator[GoldTicket]:
    """Yield what stands of each ticket, or nothing but the answers where the rule decides nothing.

    In the order of the newest answers; one answer at a time is held in memory, and those beside it.
    """
    rows = conn.execute(
        "SELECT a.*, t.text, t.meta, t.extra, s.ticket_id AS synthetic,"
        " EXISTS (SELECT 1 FROM answer AS o"
        "  WHERE o.ticket_id = a.ticket_id AND o.annotator <> a.annotator) AS shared"
        " FROM standing_answer AS a LEFT JOIN synthetic AS s ON s.ticket_id = a.ticket_id"
        " JOIN ticket AS t ON t.id = a.ticket_id"
        " WHERE a.dataset_id = :dataset AND (:everybody OR a.annotator IN"
        "  (SELECT value FROM json_each(:annotators)))"
        " ORDER BY a.id",
        {
            "dataset": dataset.id,
            "everybody": not selection.annotators,
            "annotators": json.dumps(selection.annotators),
        },
    )
    stands_for = labels.merged(conn, dataset.id)
    for row in rows:
        extras = tickets.extras(row["ticket_id"], row["meta"], row["extra"])
        answer = answers.from_row(row, stands_for)
        said: Sequence[Answer] = (answer,)
        if row["shared"] and selection.rule:
            said = _beside(conn, answer, stands_for, selection.annotators)
            if said[-1].id != answer.id:
                continue  # told with the newest
        gold = settle(said, dataset.scheme, selection.rule or "newest")
        if _wanted(gold, selection):
            synthetic = bool(row["synthetic"])
            ticket = Ticket(row["ticket_id"], row["text"], *extras, synthetic=synthetic)
            yield GoldTicket(ticket, gold, row["session_id"])


def _beside(
    conn: Connection, answer: Answer, stands_for: dict[int, int], annotators: Sequence[str]
) -> list[Answer]:
    """The answers to the same ticket that count, oldest first."""
    rows = conn.execute(
        "SELECT * FROM standing_answer WHERE ticket_id = ?", (answer.ticket_id,)
    ).fetchall()
    said = [answers.from_row(row, stands_for) for row in rows]
    kept = [one for one in said if not annotators or one.annotator in annotators]
    return counting(kept)[answer.ticket_id]


def _wanted(gold: Gold, selection: Selection) -> bool:
    """Whether the selection takes what stands of a ticket; of what is undecided, what was said."""
    named = [gold.answer] if gold.answer else gold.said
    return (
        max(answer.answered for answer in gold.said) >= selection.since
        and (not selection.flagged or any(answer.flagged for answer in gold.said))
        and (not selection.labels or any(selection.labels & {*one.labels} for one in named))
    )


def disputed(conn: Connection, dataset: Dataset) -> list[tuple[Answer, ...]]:
    """Return the answers to each ticket on which annotators differ, the most disputed first."""
    rows = conn.execute(
        "SELECT * FROM standing_answer WHERE dataset_id = :dataset AND ticket_id IN"
        " (SELECT ticket_id FROM standing_answer WHERE dataset_id = :dataset"
        "  GROUP BY ticket_id HAVING count(*) > 1)",
        {"dataset": dataset.id},
    ).fetchall()
    stands_for = labels.merged(conn, dataset.id)
    said = counting(answers.from_row(row, stands_for) for row in rows)
    scored = [(dispute(of, dataset.scheme), ticket) for ticket, of in said.items()]
    apart = sorted((-by, ticket) for by, ticket in scored if by > 0)
    return [tuple(said[ticket]) for _, ticket in apart]


def annotators(conn: Connection, dataset_id: int) -> list[str]:
    """Everybody with an answer that stands, in alphabetical order."""
    rows = conn.execute(
        "SELECT DISTINCT annotator FROM standing_answer WHERE dataset_id = ? ORDER BY annotator",
        (dataset_id,),
    )
    return [row[0] for row in rows]

"""Answers as a matrix of tickets and labels: what a model learns from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from txtal.learning.arrays import Cells, Indices
from txtal.types import ONE_OF, Answer, Scheme, Task, reasons

IS, NOT, UNKNOWN = 1, 0, -1


@dataclass(frozen=True, eq=False)
class AnswerMatrix:
    """What the answers say of each ticket: a row per ticket, a column per label."""

    ticket_ids: Indices
    """int64 (n,), ascending; only tickets whose answers say something."""
    cells: Cells
    """int8 (n, k) of IS (1), NOT (0) and UNKNOWN (-1); columns in the scheme's order."""


def answer_matrix(answers: Sequence[Answer], scheme: Scheme) -> AnswerMatrix:
    """Make the answer matrix of a dataset.

    Of several answers of one annotator to a ticket the newest counts, by id, never by clock, and
    one that was given in sight of what was said before takes the place of everybody's. An
    ``ignore`` teaches nothing. Labels the scheme has lost are skipped. Where annotators don't say
    the same, what more of them say than don't is so, and the rest is UNKNOWN; where one label
    applies it is one of those they named.

    exclusive, rating: an accept is one IS, the rest NOT. An accept that names several labels says
    the ticket is one of those, and a reject that it is none of those named: the labels that
    remain are UNKNOWN, unless just one remains, which then IS. Naming no label teaches nothing.
    multilabel: an accept is IS for the labels named (perhaps none) and NOT for all others; a
    reject is NOT for the labels named.
    binary: an accept is IS and a reject NOT for the one label, named or not.
    """
    columns = {label: column for column, label in enumerate(scheme.ids)}
    rows = {
        ticket: _together([_row(one, scheme.task, columns) for one in said], scheme.task)
        for ticket, said in _current(answers).items()
    }
    known = sorted(ticket for ticket, row in rows.items() if any(cell != UNKNOWN for cell in row))
    cells = np.array([rows[ticket] for ticket in known], np.int8).reshape(-1, len(columns))
    return AnswerMatrix(np.array(known, np.int64), cells)


def _current(answers: Sequence[Answer]) -> dict[int, list[Answer]]:
    """Gather each ticket's answers that count: the newest of each annotator."""
    found: dict[int, dict[str, Answer]] = {}
    for answer in sorted(answers, key=lambda answer: answer.id):
        said = found.setdefault(answer.ticket_id, {})
        if answer.ranked is not None and reasons.in_sight(answer.ranked.reason):
            said.clear()
        said[answer.annotator] = answer
    return {ticket: list(said.values()) for ticket, said in found.items()}


def _together(rows: Sequence[list[int]], task: Task) -> list[int]:
    """Merge several annotators' rows about the same ticket into one."""
    if len(rows) == 1:
        return rows[0]
    if task in ONE_OF:
        return _one_of_them(rows)
    return [_majority(cells) for cells in zip(*rows, strict=True)]


def _majority(cells: Sequence[int]) -> int:
    """Return IS or NOT, whichever more say; UNKNOWN for a tie."""
    lead = cells.count(IS) - cells.count(NOT)
    return UNKNOWN if lead == 0 else IS if lead > 0 else NOT


def _one_of_them(rows: Sequence[list[int]]) -> list[int]:
    """Keep the labels that all leave possible; if there are none, more than half, or else any."""
    k = len(rows[0])
    left = [frozenset(i for i in range(k) if row[i] != NOT) for row in rows]
    left = [possible for possible in left if len(possible) < k]  # who says nothing has no vote
    agreed = frozenset(range(k)).intersection(*left)
    if not agreed:
        most, votes = Counter(left).most_common(1)[0]
        agreed = most if 2 * votes > len(left) else frozenset().union(*left)
    return _one_of(set(agreed), True, k) if len(agreed) < k else [UNKNOWN] * k


def _row(answer: Answer, task: Task, columns: Mapping[int, int]) -> list[int]:
    unknown = [UNKNOWN] * len(columns)
    if answer.verdict == "ignore":
        return unknown
    if task == "binary":
        return [IS if answer.verdict == "accept" else NOT] * len(columns)
    named = {columns[label] for label in answer.labels if label in columns}
    if task in ONE_OF:
        return _one_of(named, answer.verdict == "accept", len(columns)) if named else unknown
    if answer.verdict == "reject":
        return [NOT if column in named else UNKNOWN for column in range(len(columns))]
    return [IS if column in named else NOT for column in range(len(columns))]


def _one_of(named: set[int], accepted: bool, k: int) -> list[int]:
    """Make the row of a ticket whose one label is among those named, or among the others."""
    possible = [column for column in range(k) if (column in named) == accepted]
    mark = IS if len(possible) == 1 else UNKNOWN
    return [mark if column in possible else NOT for column in range(k)]

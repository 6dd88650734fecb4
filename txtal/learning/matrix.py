"""Answers as a matrix of tickets and labels: what a model learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from txtal.learning.arrays import Cells, Indices
from txtal.measures.gold import NONE_OF_THEM, counting, possible
from txtal.types import ONE_OF, Answer, Scheme, Task, Verdict

IS, NOT, UNKNOWN = 1, 0, -1


@dataclass(frozen=True, eq=False)
class AnswerMatrix:
    """What is known of each ticket: a row a ticket, a column a label."""

    ticket_ids: Indices
    """int64 (n,), ascending; only tickets of which something is known."""
    cells: Cells
    """int8 (n, k) of IS (1), NOT (0) and UNKNOWN (-1); columns in the scheme's order."""


def answer_matrix(answers: Sequence[Answer], scheme: Scheme) -> AnswerMatrix:
    """The answer matrix of a dataset.

    Of several answers to a ticket those count that :mod:`txtal.measures.gold` says. An ``ignore``
    teaches nothing. Labels the scheme has lost are skipped. Where annotators differ, the majority
    decides each label; the rest is UNKNOWN. Where one label applies, it is among those that most
    of them leave possible; of grades it is the median, or one of the two in the middle.

    exclusive, rating: an accept is one IS, the rest NOT. An accept that names several labels says
    the ticket is one of those, and a reject that it is none of those named: the labels that
    remain are UNKNOWN, unless just one remains, which then IS. Naming no label teaches nothing.
    multilabel: an accept is IS for the labels named (perhaps none) and NOT for all others; a
    reject is NOT for the labels named.
    binary: an accept is IS and a reject NOT for the one label, named or not.
    """
    columns = {label: column for column, label in enumerate(scheme.ids)}
    said = counting(answers)
    # Many tickets were given the same answer: the row of each kind of answer is worked out once.
    kinds: dict[tuple[tuple[Verdict, tuple[int, ...]], ...], int] = {}
    rows: list[list[int]] = []
    kind_of: dict[int, int] = {}
    for ticket, given in said.items():
        kind = tuple((answer.verdict, answer.labels) for answer in given)
        if kind not in kinds:
            kinds[kind] = len(rows)
            rows.append(_together([_row(one, scheme.task, columns) for one in given], scheme.task))
        kind_of[ticket] = kinds[kind]
    cells = np.array(rows, np.int8).reshape(-1, len(columns))
    teaches = (cells != UNKNOWN).any(axis=1)
    known = sorted(ticket for ticket, kind in kind_of.items() if teaches[kind])
    return AnswerMatrix(
        np.array(known, np.int64), cells[np.array([kind_of[one] for one in known], np.int64)]
    )


def _together(rows: Sequence[list[int]], task: Task) -> list[int]:
    """One row of several annotators' rows about the same ticket."""
    if len(rows) == 1:
        return rows[0]
    if task in ONE_OF:
        return _one_of_them(rows, graded=task == "rating")
    return [_majority(cells) for cells in zip(*rows, strict=True)]


def _majority(cells: Sequence[int]) -> int:
    """IS or NOT, whichever more say; UNKNOWN for a tie."""
    lead = cells.count(IS) - cells.count(NOT)
    return UNKNOWN if lead == 0 else IS if lead > 0 else NOT


def _one_of_them(rows: Sequence[list[int]], *, graded: bool) -> list[int]:
    """The labels that most of them leave possible."""
    k = len(rows[0])
    left = [frozenset(i for i in range(k) if row[i] != NOT) for row in rows]
    votes = [may or frozenset({NONE_OF_THEM}) for may in left if len(may) < k]
    may = possible(votes, graded=graded) if votes else frozenset(range(k))
    if NONE_OF_THEM in may:
        return [NOT if len(may) == 1 else UNKNOWN] * k
    return _one_of(set(may), True, k) if len(may) < k else [UNKNOWN] * k


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
    """A row with exactly one IS: the label is among those named, or among the others."""
    possible = [column for column in range(k) if (column in named) == accepted]
    mark = IS if len(possible) == 1 else UNKNOWN
    return [mark if column in possible else NOT for column in range(k)]

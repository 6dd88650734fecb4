"""Answers as a matrix of tickets and labels: what a model learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from txtal.learning.arrays import Cells, Indices
from txtal.types import ONE_OF, Answer, Scheme, Task

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

    Of several answers to one ticket the newest counts, by id, never by clock. An ``ignore``
    teaches nothing. Labels the scheme has lost are skipped.

    exclusive, rating: an accept is one IS, the rest NOT. An accept that names several labels says
    the ticket is one of those, and a reject that it is none of those named: the labels that
    remain are UNKNOWN, unless just one remains, which then IS. Naming no label teaches nothing.
    multilabel: an accept is IS for the labels named (perhaps none) and NOT for all others; a
    reject is NOT for the labels named.
    binary: an accept is IS and a reject NOT for the one label, named or not.
    """
    columns = {label: column for column, label in enumerate(scheme.ids)}
    current = _current(answers)
    rows = {ticket: _row(answer, scheme.task, columns) for ticket, answer in current.items()}
    known = sorted(ticket for ticket, row in rows.items() if any(cell != UNKNOWN for cell in row))
    cells = np.array([rows[ticket] for ticket in known], np.int8).reshape(-1, len(columns))
    return AnswerMatrix(np.array(known, np.int64), cells)


def _current(answers: Sequence[Answer]) -> dict[int, Answer]:
    newest: dict[int, Answer] = {}
    for answer in answers:
        known = newest.get(answer.ticket_id)
        if known is None or answer.id >= known.id:
            newest[answer.ticket_id] = answer
    return newest


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

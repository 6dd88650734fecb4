"""JSON Lines of text and label: what a classifier is trained on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from txtal.formats.exports import Target
from txtal.formats.rows import ExportRow, PredictedRow, Row, Written, ticket_id
from txtal.formats.writers.full import grade_as_number, predicted
from txtal.formats.writers.lines import write_lines
from txtal.formats.writers.training import unsaid
from txtal.types import SYNTHETIC


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write a line for each answer that says which labels apply, and each such prediction."""
    with target.text() as out:
        return write_lines(rows, out, lines, unsaid)


def lines(row: Row) -> list[dict[str, Any]]:
    """Text and label, with the ticket's id if it has one; none where nothing applies to learn."""
    if isinstance(row, ExportRow):
        return _answered(row)
    return _predicted(row) if isinstance(row, PredictedRow) else []


def _answered(row: ExportRow) -> list[dict[str, Any]]:
    if unsaid(row) not in ("", SYNTHETIC):  # which its line is marked as
        return []
    key = ticket_id(row.ticket)
    named: dict[str, Any] = {} if key is None else {"id": key}
    named["text"] = row.ticket.text
    if row.scheme.task == "multilabel":
        return [named | {"labels": list(row.labels)}]
    if row.scheme.task == "binary":  # a no is to be learned from, too
        label = row.scheme.labels[0].name
        return [named | {"label": label, "answer": row.answer.verdict}]
    return [named | {"label": row.labels[0]} | grade_as_number(row)]


def _predicted(row: PredictedRow) -> list[dict[str, Any]]:
    """With the mark that it was predicted; none where it was that the label doesn't apply."""
    full_line = predicted(row)
    if full_line["predicted"] == "reject":
        return []
    wanted = ("text", "label", "labels", "predicted")
    return [{key: full_line[key] for key in wanted if key in full_line}]

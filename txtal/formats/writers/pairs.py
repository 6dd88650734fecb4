"""JSON Lines of text and label: what a classifier is trained on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from txtal.formats.exports import Target
from txtal.formats.rows import ExportRow, PredictedRow, Row, Written
from txtal.formats.writers.full import grade_as_number, predicted
from txtal.formats.writers.lines import write_lines


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write a line for each accepted answer and for each label that was predicted to apply."""
    with target.text() as out:
        return write_lines(rows, out, lines)


def lines(row: Row) -> list[dict[str, Any]]:
    """Text and label, nothing else; none for what was rejected or ignored."""
    return _answered(row) if isinstance(row, ExportRow) else _predicted(row)


def _answered(row: ExportRow) -> list[dict[str, Any]]:
    if row.answer.verdict != "accept":
        return []
    if row.scheme.task == "multilabel":
        return [{"text": row.ticket.text, "labels": list(row.labels)}]
    return [
        {"text": row.ticket.text, "label": label} | grade_as_number(row) for label in row.labels
    ]


def _predicted(row: PredictedRow) -> list[dict[str, Any]]:
    """With the mark that it was predicted; none where it was that the label doesn't apply."""
    full_line = predicted(row)
    if full_line["predicted"] == "reject":
        return []
    wanted = ("text", "label", "labels", "predicted")
    return [{key: full_line[key] for key in wanted if key in full_line}]

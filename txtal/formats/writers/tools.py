"""Answers as the files that other annotation tools import: Label Studio, doccano, Argilla."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from txtal.formats.exports import Target
from txtal.formats.rows import ExportRow, Row, Writable, Written, ticket_id, to_json, when
from txtal.formats.writers.training import Example, Examples

_NAMESPACE = uuid.UUID("6f0ff1c4-1f3a-5b0c-9a55-5f1d5a1b7c10")
"""Of the user ids that stand for annotators in Argilla: the same name is always the same user."""


def write_studio(rows: Iterable[Row], target: Target) -> Written:
    """Write Label Studio's tasks: a list of ``data`` with one annotation each."""
    return _write_list(rows, target, _studio, needs_label=True)


def write_doccano(rows: Iterable[Row], target: Target) -> Written:
    """Write doccano's JSON Lines for text classification, ``label`` a list."""
    examples = Examples(rows, needs_label=True)
    with target.text() as out:
        for example in examples:
            out.write(to_json(_doccano(example), example.row.ticket.id) + "\n")
    return examples.written


def write_argilla(rows: Iterable[Row], target: Target) -> Written:
    """Write a list of Argilla's records (version 2), each with one submitted response."""
    return _write_list(rows, target, _argilla, needs_label=False)


def _write_list(
    rows: Iterable[Row],
    target: Target,
    made: Callable[[Example], dict[str, Any]],
    *,
    needs_label: bool,
) -> Written:
    examples = Examples(rows, needs_label=needs_label)
    with target.text() as out:
        _in_list((to_json(made(one), one.row.ticket.id) for one in examples), out)
    return examples.written


def _in_list(lines: Iterable[str], out: Writable) -> None:
    before = "[\n"
    for line in lines:
        out.write(before + line)
        before = ",\n"
    out.write("[]\n" if before == "[\n" else "\n]\n")


def _studio(example: Example) -> dict[str, Any]:
    row = example.row
    said: Any
    if row.scheme.task == "rating":
        kind, said = "number" if row.scheme.scored else "rating", int(example.labels[0])
    else:
        kind, said = "choices", list(_positive(example))
    result = {"from_name": "label", "to_name": "text", "type": kind, "value": {kind: said}}
    annotation: dict[str, Any] = {"result": [result], "created_at": when(row.answer.answered)}
    if row.answer.annotator:
        annotation["created_username"] = row.answer.annotator
    return {"data": _described(row) | {"text": example.text}, "annotations": [annotation]}


def _doccano(example: Example) -> dict[str, Any]:
    line = _described(example.row)
    comments = [example.row.answer.comment] if example.row.answer.comment else []
    return line | {"text": example.text, "label": list(_positive(example)), "Comments": comments}


def _argilla(example: Example) -> dict[str, Any]:
    row, task = example.row, example.row.scheme.task
    value: Any = list(example.labels)
    if task == "exclusive":
        value = example.labels[0]
    elif task == "rating":  # Argilla's ratings end at 10: a score is a label there
        value = example.labels[0] if row.scheme.scored else int(example.labels[0])
    user = uuid.uuid5(_NAMESPACE, row.answer.annotator)
    said = {"value": value, "user_id": str(user), "status": "submitted"}
    meta = {key: one for key, one in row.ticket.meta.items() if isinstance(one, str | int | float)}
    key = ticket_id(row.ticket)
    return {
        "id": str(row.ticket.id if key is None else key),
        "status": "completed",
        "fields": {"text": example.text},
        "metadata": meta,
        "suggestions": {},
        "responses": {"labels" if isinstance(value, list) else "label": [said]},
        "vectors": {},
    }


def _positive(example: Example) -> tuple[str, ...]:
    """The labels, where a no must be a label, too."""
    if example.labels or example.row.scheme.task != "binary":
        return example.labels
    return (f"not {example.row.scheme.labels[0].name}",)


def _described(row: ExportRow) -> dict[str, Any]:
    """The ticket's id and meta, side by side."""
    key = ticket_id(row.ticket)
    return dict(row.ticket.meta) | ({} if key is None else {"id": key})

"""An answer as the task that Prodigy would have stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from txtal.formats.exports import Target
from txtal.formats.prodigy import TASK_KEYS, input_hash, task_hash
from txtal.formats.rows import ExportRow, Row, Written, with_own_keys
from txtal.formats.writers.lines import write_lines
from txtal.types import ONE_OF

_HASHES = frozenset({"_input_hash", "_task_hash"})
RESERVED = frozenset({
    "label", "labels", "options", "accept", "config", "answer", "flagged",
    "_view_id", "_timestamp", "_annotator_id", "_session_id",
})  # fmt: skip


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write the task or tasks of each answer."""
    with target.text() as out:
        return write_lines(rows, out, lines)


def lines(row: Row) -> list[dict[str, Any]]:
    """The tasks of an answer; none for a prediction, which Prodigy has no mark for."""
    return tasks(row) if isinstance(row, ExportRow) else []


def tasks(row: ExportRow) -> list[dict[str, Any]]:
    """The Prodigy task or tasks for one answer; the data's unknown keys are given back.

    Binary answers and refused labels are ``classification`` tasks, all else is ``choice``. An
    ``_input_hash`` in the data is trusted, and its ``_task_hash`` too as long as the question is
    still the same: another question under an old hash would look like a duplicate.
    """
    if row.scheme.task == "binary":
        label = row.labels[0] if row.labels else row.scheme.labels[0].name
        return [_task(row, "classification", {"label": label})]
    if row.answer.verdict == "reject" and row.labels:
        # A rejected choice doesn't say which label was refused; a rejected label does.
        return [_task(row, "classification", {"label": label}) for label in row.labels]
    accepted = list(row.labels) if row.answer.verdict == "accept" else []
    style = "single" if row.scheme.task in ONE_OF else "multiple"
    options = [{"id": label.name, "text": label.name} for label in row.scheme.labels]
    asked = {"options": options, "accept": accepted, "config": {"choice_style": style}}
    return [_task(row, "choice", asked)]


def _task(row: ExportRow, view: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    extra, answer = row.ticket.extra, row.answer
    inputs = _trusted(extra, "_input_hash")
    if inputs is None:
        inputs = input_hash(row.ticket.text)
    task_now = {key: extra[key] for key in ("spans", "arcs") if key in extra} | dict(asked)
    old = _trusted(extra, "_task_hash") if _same_question(extra, task_now) else None
    hashes = {
        "_input_hash": inputs,
        "_task_hash": task_hash(inputs, task_now) if old is None else old,
    }
    ours = {
        **asked,
        **hashes,
        "answer": answer.verdict,
        "_view_id": view,
        "_timestamp": int(answer.answered),
        "_annotator_id": answer.annotator,
        "_session_id": row.session,
    }
    if answer.flagged:
        ours["flagged"] = True
    replaced = {key for key in _HASHES & extra.keys() if extra[key] != hashes[key]}
    return with_own_keys(row.ticket, ours, RESERVED | replaced)


def _trusted(extra: Mapping[str, Any], key: str) -> int | None:
    value = extra.get(key)
    return value if type(value) is int else None


def _same_question(extra: Mapping[str, Any], task: Mapping[str, Any]) -> bool:
    return all(extra.get(key) == task.get(key) for key in TASK_KEYS)

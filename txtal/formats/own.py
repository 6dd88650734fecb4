"""The keys of txtal's own exports, and the record that was loaded, back from such a line."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, cast

from txtal.errors import UsageError
from txtal.formats.rows import ORIGINAL
from txtal.formats.votes import PREDICTED_SOURCES, SOURCES, is_ours
from txtal.types import TASKS, Record, Scheme, Task
from txtal.types.grades import are_grades
from txtal.types.grades import scale as scale_of

TASK = "task"
"""What kind of dataset the answer is from."""

RATING = "rating"
"""The grade of an answer as a number."""

ANSWER_KEYS = frozenset({
    "answer", "annotator", "timestamp", "seconds", "suggestion", "reason",
    "selection_probability", "revision", "flagged", "comment",
})  # fmt: skip
"""What every exported answer has, beside ``label`` or ``labels``."""

PREDICTION_KEYS = frozenset({"predicted", "probability", "revision", "timestamp"})

TASK_KEYS = frozenset({"task", "scale"})
"""What was asked: the task, and of a rating the scale."""

VOTE_KEYS = frozenset({"votes", "voters"})
"""Where several annotators answered a ticket: how many said so, and how many said anything."""

RESERVED = ANSWER_KEYS | TASK_KEYS | VOTE_KEYS | {"label", "labels", "accept"}
"""``accept`` too: left beside our answer, Prodigy's would read as part of it."""


def task_keys(scheme: Scheme) -> dict[str, str]:
    """``{"task": "exclusive"}``, and of a rating ``{"task": "rating", "scale": "1-5"}``."""
    names = [label.name for label in scheme.labels]
    if scheme.task == "rating" and are_grades(names):
        return {"task": scheme.task, "scale": f"{names[0]}-{names[-1]}"}
    return {"task": scheme.task}


def task_of(extra: Mapping[str, Any]) -> tuple[Task, tuple[str, ...]] | None:
    """Return the task of a line that an export wrote, and its grades; None for any other line."""
    task = extra.get("task")
    if not extra.keys() >= ANSWER_KEYS or task not in TASKS:
        return None
    scale = extra.get("scale")
    if task != "rating":
        return cast(Task, task), ()
    try:
        return "rating", scale_of(str(scale))
    except UsageError:
        return None


def restored(record: Record) -> Record:
    """The record that was loaded, from one that an export wrote; any other record as it is."""
    extra = record.extra
    votes = {SOURCES} if SOURCES in extra and is_ours(extra[SOURCES]) else set()
    if "timestamp" not in extra or not ("label" in extra or "labels" in extra):
        # Most are somebody else's: every line of a file comes by here.
        return _without(record, votes | TASK_KEYS) if votes else record
    named = extra.get("task") in TASKS  # exports of 0.1 didn't name it, nor the votes
    ours = (RESERVED if named else RESERVED - TASK_KEYS - VOTE_KEYS) | votes
    if extra.keys() >= PREDICTION_KEYS:
        by = {"source"} if extra.get("source") in [*PREDICTED_SOURCES] else set()
        return _without(record, ours | PREDICTION_KEYS | {"precision"} | by)
    return _without(record, ours) if extra.keys() >= ANSWER_KEYS else record


def _without(record: Record, ours: Set[str]) -> Record:
    own = {key: value for key, value in record.extra.items() if key not in ours}
    if record.extra.get("task") == "rating" and str(own.get(RATING)) == record.extra.get("label"):
        own.pop(RATING, None)
    return Record(record.text, record.meta, own | own.pop(ORIGINAL, {}))

"""txtal's own exports, read back."""

from __future__ import annotations

from dataclasses import replace

from txtal.formats.labelled import (
    Stated,
    seconds,
    stated_by,
    when,
    who,
)
from txtal.formats.own import ANSWER_KEYS, task_of
from txtal.formats.reading import Fields
from txtal.formats.shapes import Shape
from txtal.types import Task


def _own(fields: Fields) -> bool:
    return fields.keys() >= ANSWER_KEYS and ("label" in fields or "labels" in fields)


def _own_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    if not _own(fields):
        return _as_any(fields, label, separator)
    said = stated_by(fields)
    if said is None:
        return ()
    comment = fields.get("comment")
    return (
        replace(
            said,
            annotator=who(fields.get("annotator")),
            at=when(fields.get("timestamp")),
            seconds=seconds(fields.get("seconds")),
            flagged=fields.get("flagged") is True,
            comment=comment if isinstance(comment, str) else "",
            kind="whole",
            task=_own_task(fields, said),
            grades=named[1] if (named := task_of(fields)) else (),
        ),
    )


def _own_task(fields: Fields, said: Stated) -> Task | None:
    """The task that the line names; one from before lines named it may still tell."""
    named = task_of(fields)
    if named is not None:
        return named[0]
    if "rating" in fields:
        return "rating"
    # A list of refused labels is no sign of a multilabel dataset.
    return "multilabel" if "labels" in fields and said.verdict != "reject" else None


def _as_any(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    """As from any file, with the name of its annotator if it has one."""
    said = stated_by(fields, separator)
    if said is None:
        return ()
    return (replace(said, annotator=who(fields.get("annotator"))),)


SHAPES = (Shape("txtal", _own, answers=_own_answers),)

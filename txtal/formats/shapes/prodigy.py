"""Prodigy's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from txtal.formats.labelled import (
    Stated,
    names,
    verdict_of,
    when,
    who,
)
from txtal.formats.reading import Fields
from txtal.formats.shapes import Shape
from txtal.formats.votes import is_vote
from txtal.types import Task


def _prodigy(fields: Fields) -> bool:
    return bool(fields.keys() & _PRODIGYS) or (
        isinstance(fields.get("options"), list) and isinstance(fields.get("accept"), list)
    )


_PRODIGYS = frozenset({
    "_task_hash", "_input_hash", "_view_id", "_annotator_id", "_session_id", "_timestamp",
})  # fmt: skip


def _prodigy_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    if is_vote(fields):
        return ()
    verdict = verdict_of(fields.get("answer")) or "accept"
    chosen = fields.get("accept")
    if isinstance(chosen, list):
        found = names(chosen, "accept") or ()
        config = fields.get("config")
        style = config.get("choice_style") if isinstance(config, Mapping) else None
        several = style == "multiple" or len(found) > 1
        said = Stated(
            verdict,
            () if verdict == "reject" else found,
            kind="whole",
            task="multilabel" if several else "exclusive" if style == "single" else None,
        )
    else:
        found = names(fields.get("label"), "label") or ()
        if not found and ("spans" in fields or verdict == "accept"):
            return ()  # a question about something else than the text's label
        task: Task | None = "multilabel" if len(found) > 1 else None
        said = Stated(verdict, found, kind="asked", task=task)
    return (
        replace(
            said,
            annotator=who(fields.get("_annotator_id")) or who(fields.get("_session_id")),
            at=when(fields.get("_timestamp")),
            flagged=fields.get("flagged") is True,
        ),
    )


def _with_text_of_html(fields: Fields) -> Fields:
    if "text" in fields or not isinstance(fields.get("html"), str):
        return fields
    from txtal.formats.markup import plain_text

    return fields | {"text": plain_text(fields["html"])}


SHAPES = (Shape("Prodigy", _prodigy, flat=_with_text_of_html, answers=_prodigy_answers),)

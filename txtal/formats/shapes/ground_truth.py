"""Answers of SageMaker Ground Truth: output manifests of its text classification jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from txtal.formats.labelled import Stated, name, when
from txtal.formats.reading import Fields
from txtal.formats.shapes import Shape

_NOTES = "-metadata"
"""What the key of a job's notes ends with, after the job's own."""


def _jobs(fields: Fields) -> Iterable[str]:
    """The jobs that say what class the text has."""
    for key, notes in fields.items():
        if key.endswith(_NOTES) and isinstance(notes, Mapping):
            kind = str(notes.get("type", ""))
            if kind.startswith("groundtruth/text-classification") or "class-name" in notes:
                yield key.removesuffix(_NOTES)


def _is_manifest(fields: Fields) -> bool:
    return isinstance(fields.get("source"), str) and any(
        key.endswith(_NOTES) and isinstance(notes, Mapping) for key, notes in fields.items()
    )


def _answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    notes = fields.get(f"{label}{_NOTES}")
    if not isinstance(notes, Mapping):
        return ()
    classes: Any = notes.get("class-map")
    several = isinstance(classes, Mapping)
    given = list(classes.values()) if several else [notes.get("class-name")]
    found = tuple(one for one in map(name, given) if one)
    if not found and not several:
        return ()
    task: Any = "multilabel" if several else None
    return (Stated("accept", found, at=when(notes.get("creation-date")), kind="whole", task=task),)


SHAPES = (Shape("Ground Truth", _is_manifest, answers=_answers, text=("source",), questions=_jobs),)

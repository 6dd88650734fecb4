"""Label Studio's exports: tasks with their annotations, and JSON-MIN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from txtal.formats.labelled import (
    Stated,
    names,
    seconds,
    when,
    who,
)
from txtal.formats.reading import Fields
from txtal.formats.shapes import Shape


def _studio(fields: Fields) -> bool:
    return isinstance(fields.get("data"), dict) and bool(
        fields.keys() & {"annotations", "completions", "predictions"}
    )


def _studio_task(fields: Fields) -> Fields:
    others = {
        key: value for key, value in fields.items() if key in ("id", "meta", "inner_id") and value
    }
    return {**others, **fields["data"]}


def _studio_annotations(fields: Fields) -> list[Mapping[str, Any]]:
    found = fields.get("annotations") or fields.get("completions") or []
    return [one for one in found if isinstance(one, Mapping)]


_STUDIO_VALUES = ("choices", "taxonomy", "rating")


def _studio_results(annotation: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """(control, kind, value) of each result that is about the whole text."""
    found = []
    for result in annotation.get("result") or []:
        if isinstance(result, Mapping) and result.get("type") in _STUDIO_VALUES:
            value = result.get("value") or {}
            kind = str(result["type"])
            found.append((str(result.get("from_name")), kind, value.get(kind)))
    return found


def _studio_controls(fields: Fields) -> Iterable[str]:
    for annotation in _studio_annotations(fields):
        yield from (control for control, _, _ in _studio_results(annotation))


def _studio_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    said = []
    for one in _studio_annotations(fields):
        labels: list[Any] = []
        results = [found for found in _studio_results(one) if label in ("", found[0])]
        for _, kind, value in results:
            if kind == "taxonomy":
                labels += [" / ".join(map(str, path)) for path in value or []]
            else:
                labels += value if isinstance(value, list) else [value]
        cancelled = bool(one.get("was_cancelled"))
        if not results and not cancelled:
            continue
        said.append(
            Stated(
                "ignore" if cancelled else "accept",
                () if cancelled else names(labels, "choices") or (),
                who(one.get("completed_by")),
                when(one.get("updated_at"), one.get("created_at")),
                seconds(one.get("lead_time")),
                kind="whole",
                task="multilabel" if len(labels) > 1 else None,
            )
        )
    return tuple(said)


_MINIMAL = frozenset({
    "annotation_id", "annotator", "created_at", "id", "lead_time", "updated_at", "agreement",
})  # fmt: skip


def _studio_minimal(fields: Fields) -> bool:
    return fields.keys() >= {"annotation_id", "lead_time"} or (
        fields.keys() >= {"annotation_id", "annotator", "created_at"}
    )


def _studio_columns(fields: Fields) -> Iterable[str]:
    """The control's field: with choices in it, else the only one that isn't the text."""
    own = [key for key in fields if key not in _MINIMAL and key != "text"]
    marked = [key for key in own if _has_choices(fields[key])]
    return marked or own


def _has_choices(value: object) -> bool:
    return (isinstance(value, Mapping) and "choices" in value) or (
        isinstance(value, str) and value.startswith('{"choices"')
    )


def _studio_minimal_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    found = names(fields.get(label), label, separator)
    if found is None:
        return ()
    return (
        Stated(
            "accept",
            found,
            who(fields.get("annotator")),
            when(fields.get("updated_at"), fields.get("created_at")),
            seconds(fields.get("lead_time")),
            kind="whole",
            task="multilabel" if len(found) > 1 else None,
        ),
    )


SHAPES = (
    Shape(
        "Label Studio",
        _studio,
        flat=_studio_task,
        answers=_studio_answers,
        id="id",
        questions=_studio_controls,
    ),
    Shape(
        "Label Studio",
        _studio_minimal,
        answers=_studio_minimal_answers,
        id="id",
        questions=_studio_columns,
    ),
)

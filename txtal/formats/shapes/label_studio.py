"""Answers as Label Studio exports them: its JSON, and JSON_MIN or CSV, a field for each control."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from txtal.formats.guesses import is_label_name
from txtal.formats.labelled import Stated, names, seconds, when, who
from txtal.formats.reading import Fields
from txtal.formats.shapes import Shape


def _is_task(fields: Fields) -> bool:
    return isinstance(fields.get("data"), dict) and bool(
        fields.keys() & {"annotations", "completions", "predictions"}
    )


def _task(fields: Fields) -> Fields:
    others = {
        key: value for key, value in fields.items() if key in ("id", "meta", "inner_id") and value
    }
    return {**others, **fields["data"]}


def _annotations(fields: Fields) -> list[Mapping[str, Any]]:
    found = fields.get("annotations") or fields.get("completions") or []
    return [one for one in found if isinstance(one, Mapping)]


_VALUES = ("choices", "taxonomy", "rating")
_NUMBER = "number"
"""What a score is there; beside a control for labels it is something else about the text."""


def _results(annotation: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """(control, kind, value) of each result that is about the whole text."""
    found = []
    for result in annotation.get("result") or []:
        if isinstance(result, Mapping) and result.get("type") in (*_VALUES, _NUMBER):
            value = result.get("value") or {}
            kind = str(result["type"])
            found.append((str(result.get("from_name")), kind, value.get(kind)))
    return [one for one in found if one[1] != _NUMBER] or found


def _controls(fields: Fields) -> Iterable[str]:
    for annotation in _annotations(fields):
        yield from (control for control, _, _ in _results(annotation))


def _answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    said = []
    for one in _annotations(fields):
        labels: list[Any] = []
        results = [found for found in _results(one) if label in ("", found[0])]
        for _, kind, value in results:
            labels += _labels(kind, value)
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


def _minimal(fields: Fields) -> bool:
    return fields.keys() >= {"annotation_id", "lead_time"} or (
        fields.keys() >= {"annotation_id", "annotator", "created_at"}
    )


def _columns(fields: Fields) -> Iterable[str]:
    """The controls' fields: those written as only a control's are, else called like a label.

    A choice of one is its bare name, which a field of the data may be, too: then it is any field
    but the text.
    """
    own = [key for key in fields if key not in _MINIMAL and key != "text"]
    marked = [key for key in own if _written(fields[key]) is not None]
    return marked or [key for key in own if is_label_name(key)] or own


def _written(value: object) -> list[Any] | None:
    """The labels of ``{"choices": [...]}``, ``[{"rating": 4}]`` or ``[{"taxonomy": [[...]]}]``.

    None for what is written otherwise. In CSV they are cells of JSON.
    """
    if isinstance(value, str):
        if not value.startswith(_MARKS):
            return None
        try:
            value = json.loads(value)
        except ValueError:
            return None
    results = value if isinstance(value, list) else [value]
    found: list[Any] = []
    for one in results:
        if not isinstance(one, Mapping) or not one.keys() & {*_VALUES}:
            return None
        for kind in one.keys() & {*_VALUES}:
            found += _labels(kind, one[kind])
    return found if results else None


_MARKS = ('{"choices"', *(f'[{{"{kind}"' for kind in _VALUES))


def _labels(kind: str, value: Any) -> list[Any]:
    """The labels of a result: a path of a taxonomy is one."""
    if kind == "taxonomy":
        return [" / ".join(map(str, path)) for path in value or []]
    return value if isinstance(value, list) else [value]


def _minimal_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    given = fields.get(label)
    marked = _written(given)
    found = names(given if marked is None else marked, label, separator)
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
        _is_task,
        flat=_task,
        answers=_answers,
        id="id",
        questions=_controls,
    ),
    Shape(
        "Label Studio",
        _minimal,
        answers=_minimal_answers,
        id="id",
        questions=_columns,
    ),
)

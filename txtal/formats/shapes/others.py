"""Tools with few fields: doccano and spaCy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from txtal.formats.labelled import (
    Stated,
    name,
    names,
    who,
)
from txtal.formats.reading import Fields
from txtal.formats.shapes import Shape

# --- doccano and spaCy ----------------------------------------------------------------------------


def _doccano(fields: Fields) -> bool:
    return isinstance(fields.get("text"), str) and (
        ("Comments" in fields and isinstance(fields.get("label"), list))
        or _is_by_user(fields.get("annotations"))
    )


def _is_by_user(value: object) -> bool:
    return isinstance(value, list) and any(
        isinstance(one, Mapping) and {"label", "user"} <= one.keys() for one in value
    )


def _doccano_data(fields: Fields) -> bool:
    """As some versions write it, with ``data`` for the text."""
    return (
        isinstance(fields.get("data"), str)
        and isinstance(fields.get("label"), list)
        and "text" not in fields
    )


def _with_data_as_text(fields: Fields) -> Fields:
    return {"text" if key == "data" else key: value for key, value in fields.items()}


def _doccano_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    by_user: dict[str, list[Any]] = {}
    if "label" in fields:
        found = names(fields["label"], "label")
        if found:  # an empty list is a text that nobody has looked at
            by_user[""] = list(found)
    else:
        for one in fields.get("annotations") or []:
            by_user.setdefault(who(one.get("user")), []).append(one.get("label"))
    return tuple(
        Stated(
            "accept",
            names(labels, "label") or (),
            user,
            kind="whole",
            task="multilabel" if len(labels) > 1 else None,
        )
        for user, labels in by_user.items()
    )


def _cats(fields: Fields) -> bool:
    return isinstance(fields.get("cats"), dict)


def _cats_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    scores = fields["cats"]
    if not isinstance(scores, Mapping) or not scores:
        return ()
    applies = tuple(
        found
        for one, score in scores.items()
        if isinstance(score, int | float) and score >= 0.5 and (found := name(one))
    )
    task: Any = None if len(applies) == 1 else "multilabel"
    return (Stated("accept", applies, kind="whole", task=task),)


SHAPES = (
    Shape("doccano", _doccano, answers=_doccano_answers, id="id"),
    Shape("doccano", _doccano_data, flat=_with_data_as_text, answers=_doccano_answers, id="id"),
    Shape("spaCy", _cats, answers=_cats_answers),
)

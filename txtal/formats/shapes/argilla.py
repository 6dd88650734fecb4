"""Argilla's records, of its versions 1 and 2 and from the Hub."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from txtal.formats.labelled import (
    Stated,
    names,
    who,
)
from txtal.formats.reading import Fields
from txtal.formats.shapes import Shape


def _argilla_1(fields: Fields) -> bool:
    return "annotation" in fields and bool(fields.keys() & {"inputs", "status", "prediction"})


def _argilla_1_record(fields: Fields) -> Fields:
    inputs, meta = fields.get("inputs"), fields.get("metadata")
    made = {key: value for key, value in fields.items() if key not in ("inputs", "metadata")}
    if isinstance(inputs, dict) and not isinstance(made.get("text"), str):
        made |= inputs
    if isinstance(meta, dict) and meta:
        made["meta"] = meta
    return made


def _argilla_1_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    if fields.get("status") == "Discarded":
        return (Stated("ignore", (), who(fields.get("annotation_agent"))),)
    found = names(fields.get("annotation"), "annotation")
    if found is None:
        return ()
    several = fields.get("multi_label") is True or len(found) > 1
    task: Any = "multilabel" if several else None
    return (Stated("accept", found, who(fields.get("annotation_agent")), kind="whole", task=task),)


def _argilla_2(fields: Fields) -> bool:
    return isinstance(fields.get("fields"), dict | list) and "responses" in fields


def _argilla_2_record(fields: Fields) -> Fields:
    inner = fields["fields"]
    if isinstance(inner, list):
        inner = {str(one.get("name")): one.get("value") for one in inner if isinstance(one, dict)}
    made = {key: fields[key] for key in ("id", "external_id") if fields.get(key) is not None}
    meta = fields.get("metadata")
    if isinstance(meta, dict) and meta:
        made["meta"] = meta
    return {**made, **inner}


def _argilla_responses(fields: Fields) -> Iterable[tuple[str, Any, str, str]]:
    """(question, value, user, status) of each response, as versions 1 and 2 have them."""
    responses = fields.get("responses")
    if isinstance(responses, dict):
        for question, given in responses.items():
            for one in given if isinstance(given, list) else []:
                if isinstance(one, Mapping):
                    yield (
                        question,
                        one.get("value"),
                        who(one.get("user_id")),
                        str(one.get("status") or "submitted"),
                    )
    for one in responses if isinstance(responses, list) else []:
        status = str(one.get("status") or "submitted")
        for question, given in (one.get("values") or {}).items():
            value = given.get("value") if isinstance(given, Mapping) else given
            yield question, value, who(one.get("user_id")), status
        if not one.get("values") and status == "discarded":
            yield "", None, who(one.get("user_id")), status


def _argilla_questions(fields: Fields) -> Iterable[str]:
    return (question for question, value, *_ in _argilla_responses(fields) if _is_label(value))


def _is_label(value: object) -> bool:
    """Whether a response may be a label: free texts and rankings aren't."""
    if isinstance(value, list):
        return all(isinstance(one, str | int) for one in value)
    return isinstance(value, int) or (isinstance(value, str) and len(value) <= 100)


def _argilla_2_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    said = []
    for question, value, user, status in _argilla_responses(fields):
        if question not in ("", label) and label:
            continue
        if status == "discarded":
            said.append(Stated("ignore", (), user, kind="whole"))
        elif status == "submitted" and _is_label(value):
            task: Any = "multilabel" if isinstance(value, list) else None
            found = names(value, question) or ()
            said.append(Stated("accept", found, user, kind="whole", task=task))
    return tuple(said)


def _argilla_hub(fields: Fields) -> bool:
    return any(key.endswith(".responses") for key in fields)


def _argilla_hub_questions(fields: Fields) -> Iterable[str]:
    for key, value in fields.items():
        if key.endswith(".responses") and value and all(map(_is_label, value)):
            yield key.removesuffix(".responses")


def _argilla_hub_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    values = fields.get(f"{label}.responses") or []
    users = fields.get(f"{label}.responses.users") or [""] * len(values)
    statuses = fields.get(f"{label}.responses.status") or ["submitted"] * len(values)
    said: list[Stated] = []
    for value, user, status in zip(values, users, statuses, strict=False):
        if status == "discarded":
            said.append(Stated("ignore", (), who(user), kind="whole"))
        elif status == "submitted":
            task: Any = "multilabel" if isinstance(value, list) else None
            found = names(value, label) or ()
            said.append(Stated("accept", found, who(user), kind="whole", task=task))
    return tuple(said)


SHAPES = (
    Shape(
        "Argilla",
        _argilla_2,
        flat=_argilla_2_record,
        answers=_argilla_2_answers,
        id="id",
        questions=_argilla_questions,
    ),
    Shape("Argilla", _argilla_1, flat=_argilla_1_record, answers=_argilla_1_answers, id="id"),
    Shape(
        "Argilla",
        _argilla_hub,
        answers=_argilla_hub_answers,
        id="id",
        questions=_argilla_hub_questions,
    ),
)

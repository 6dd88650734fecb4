"""Answers as other labelling tools export them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from txtal.formats.labelled import (
    Stated,
    name,
    names,
    seconds,
    stated_by,
    verdict_of,
    when,
    who,
)
from txtal.formats.own import ANSWER_KEYS, task_of
from txtal.formats.reading import Fields
from txtal.formats.shapes import Shape, studio
from txtal.types import Task

# --- txtal's own ----------------------------------------------------------------------------------


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


# --- Prodigy --------------------------------------------------------------------------------------


def _prodigy(fields: Fields) -> bool:
    return bool(fields.keys() & _PRODIGYS) or (
        isinstance(fields.get("options"), list) and isinstance(fields.get("accept"), list)
    )


_PRODIGYS = frozenset({
    "_task_hash", "_input_hash", "_view_id", "_annotator_id", "_session_id", "_timestamp",
})  # fmt: skip


def _prodigy_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
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


# --- Argilla --------------------------------------------------------------------------------------


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


def _doccano_answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    by_user: dict[str, list[Any]] = {}
    if "label" in fields:
        found = names(fields["label"], "label")
        if found:  # an empty list is a text that nobody has looked at
            by_user[""] = list(found)
    else:
        for one in fields["annotations"]:
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
    Shape("txtal", _own, answers=_own_answers),
    *studio.SHAPES,
    Shape("Prodigy", _prodigy, flat=_with_text_of_html, answers=_prodigy_answers),
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
    Shape("doccano", _doccano, answers=_doccano_answers, id="id"),
    Shape("spaCy", _cats, answers=_cats_answers),
)

"""A record's fields as a ticket: which make its text, its id, and what is shown beneath it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from txtal.formats.labelled import Stated
from txtal.formats.readers.jsonl import KINDS
from txtal.formats.reading import Fields
from txtal.text import shorten
from txtal.types import Record
from txtal.types.conversation import THREAD

ANSWERS = ("label", "labels", "accept", "answer")
"""Columns of a table that say how a ticket is labelled, and aren't shown beneath it."""

JOINT = "\n\n"
"""Between two fields that make a text together."""


class RowFault(ValueError):  # noqa: N818 - a fault of the file's, not of ours
    """Why a record can't be a ticket."""


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """What the fields of a source's records mean."""

    record: Callable[[Fields], Record]
    """The ticket; takes the fields apart. Raises RowFault."""
    stated: Callable[[Fields], tuple[Stated, ...]]
    """What they say of themselves. Raises RowFault and DataError."""


@dataclass(frozen=True, slots=True)
class ChosenFields:
    """Fields by what they are for."""

    text: tuple[str, ...] = ("text",)
    id: str = ""
    meta: tuple[str, ...] = ()
    """Shown beneath the text; none: as the format has it."""
    aside: tuple[str, ...] = ()
    """Columns of a table that are kept but not shown, as they say how it is labelled."""
    columns: bool = False
    """Whether it is a table."""
    polish: Callable[[str], str] | None = None
    """Makes the text of each field."""
    thread: str = ""
    """The messages before the text, wherever they are; empty: a list called ``thread``."""


def value_of(fields: Any, name: str) -> Any:
    """The value of a field, or of one within it: ``ticket.comments.0.body``. None without one."""
    if isinstance(fields, dict) and name in fields:
        return fields[name]
    at = fields
    for part in name.split("."):
        if isinstance(at, dict):
            at = at.get(part)
        elif isinstance(at, list) and part.isdecimal() and int(part) < len(at):
            at = at[int(part)]
        else:
            return None
    return at


def recorder(choice: ChosenFields) -> Callable[[Fields], Record]:
    """The function that makes a ticket of fields: the plain ones don't pay for what is chosen."""
    if choice.thread:
        return partial(_with_thread, choice=choice, made=recorder(replace(choice, thread="")))
    if choice == ChosenFields():
        return _of_object
    if choice == ChosenFields(columns=True, aside=choice.aside):
        return partial(_of_row, aside=choice.aside)
    return partial(_chosen, choice=choice)


def _with_thread(fields: Fields, choice: ChosenFields, made: Callable[[Fields], Record]) -> Record:
    """The ticket, with the chosen messages in its meta and nowhere else."""
    said = value_of(fields, choice.thread)
    fields.pop(choice.thread, None)
    record = made(fields)
    return Record(record.text, {**record.meta, THREAD: said}, record.extra) if said else record


def _of_object(fields: Fields) -> Record:
    try:
        text = fields.pop("text")
    except KeyError:
        keys = shorten(", ".join(map(repr, fields)), 80)
        raise RowFault(f'no "text" among its keys ({keys})') from None
    meta = fields.pop("meta", None)
    if not isinstance(text, str):
        raise RowFault(f'"text" is {KINDS[type(text)]}, not a string')
    if text.isspace() or not text:
        raise RowFault('"text" is blank')
    if meta is None:
        meta = {}
    elif not isinstance(meta, dict):
        raise RowFault(f'"meta" is {KINDS[type(meta)]}, not an object')
    if THREAD in fields and isinstance(fields[THREAD], list) and THREAD not in meta:
        meta = {**meta, THREAD: fields.pop(THREAD)}
    return Record(text, meta, fields)


def _of_row(fields: Fields, aside: Sequence[str], text: str | None = None) -> Record:
    """A table's row: whatever doesn't label it is meta."""
    if text is None:
        text = fields.pop("text", "")
    if type(text) is not str:
        if type(text) is int or type(text) is float:  # as a spreadsheet keeps a message of digits
            return _of_row(fields, aside, str(text))
        raise RowFault(f"'text' is {KINDS.get(type(text), 'no text')}, not a string")
    if not text or text.isspace():
        raise RowFault("'text' is blank")
    extra = {}
    for name in aside:
        if name in fields:
            extra[name] = fields.pop(name)
    if "meta" in fields and isinstance(fields["meta"], dict):
        inner = fields.pop("meta")
        fields.update((key, value) for key, value in inner.items() if value is not None)
    return Record(text, fields, extra)


def _chosen(fields: Fields, choice: ChosenFields) -> Record:
    text = _text(fields, choice)
    key = value_of(fields, choice.id) if choice.id else None
    shown = {name: value for name in choice.meta if (value := value_of(fields, name)) is not None}
    for name in choice.text:
        fields.pop(name, None)
    if choice.columns and not choice.meta:
        made = _of_row(fields, choice.aside, text)
    else:
        meta = fields.pop("meta", None)
        inner = meta if isinstance(meta, dict) else {} if meta is None else {"meta": meta}
        for name in choice.meta:
            fields.pop(name, None)
        if isinstance(fields.get(THREAD), list):
            inner = {THREAD: fields.pop(THREAD), **inner}
        made = Record(text, {**inner, **shown}, fields)
    if key is None or (choice.id == "id" and "id" in made.meta):
        return made
    return Record(made.text, made.meta, {**made.extra, "id": key})


def _text(fields: Fields, choice: ChosenFields) -> str:
    parts: list[str] = []
    for name in choice.text:
        value = value_of(fields, name)
        if type(value) is int or type(value) is float:
            value = str(value)
        if value is not None and not isinstance(value, str):
            raise RowFault(f"{name!r} is {KINDS.get(type(value), 'no text')}, not a string")
        if value and choice.polish:
            value = choice.polish(value)
        if value and not value.isspace():
            parts.append(value)
    if not parts:
        named = " and ".join(map(repr, choice.text))
        raise RowFault(f"{named} {'is' if len(choice.text) == 1 else 'are'} blank")
    return JOINT.join(parts)

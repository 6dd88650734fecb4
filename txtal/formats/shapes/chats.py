"""Conversations with a language model: messages with roles, as its training data has them."""

from __future__ import annotations

from typing import Any

from txtal.formats.labelled import Stated, names, stated_by
from txtal.formats.reading import Fields
from txtal.formats.shapes import Shape
from txtal.types.conversation import THREAD

_LISTS = ("messages", "conversations")
_ROLES = ("role", "from")
_TEXTS = ("content", "value")
_PEOPLE = frozenset({"user", "human", "customer"})

_INSTRUCTIONS = frozenset({"system", "developer"})
_TOOLS = frozenset({"tool", "function"})
"""Who answers the model, and not the person."""


def _chat(fields: Fields) -> bool:
    found = _messages(fields)
    return bool(found) and "text" not in fields and any(_is_persons(one) for one in found)


def _messages(fields: Fields) -> list[Any]:
    lists = (fields[one] for one in _LISTS if isinstance(fields.get(one), list))
    found: list[Any] = next(lists, [])
    return found if all(isinstance(one, dict) for one in found) else []


def _first(message: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((message[key] for key in keys if key in message), "")


def _is_persons(message: dict[str, Any]) -> bool:
    return _first(message, _ROLES) in _PEOPLE


def _text(message: dict[str, Any]) -> str:
    """What a message says; it may be in parts, of which pictures say nothing."""
    content = _first(message, _TEXTS)
    if isinstance(content, list):
        parts = [one.get("text") for one in content if isinstance(one, dict)]
        return "\n\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _last_of_person(fields: Fields) -> int:
    messages = _messages(fields)
    return max((n for n, one in enumerate(messages) if _is_persons(one)), default=-1)


def _flat(fields: Fields) -> Fields:
    """The last message of the person is the text, those before it are its thread."""
    messages, last = _messages(fields), _last_of_person(fields)
    text = _text(messages[last]) if last >= 0 else ""
    before = [
        {"role": role, "text": _text(one)}
        for one in messages[: max(last, 0)]
        if (role := _first(one, _ROLES)) not in _INSTRUCTIONS
    ]
    return {**fields, "text": text, **({THREAD: before} if before else {})}


def _answers(fields: Fields, label: str, separator: str) -> tuple[Stated, ...]:
    """A field of that name, else what the model is to reply."""
    said = stated_by(fields, separator)
    if said is not None:
        return (said,)
    after = _messages(fields)[_last_of_person(fields) + 1 :]
    replies = [text for one in after if _first(one, _ROLES) not in _TOOLS and (text := _text(one))]
    found = names(replies[-1], "reply", separator) if replies else None
    if not found:
        return ()
    return (Stated("accept", found, task="multilabel" if len(found) > 1 else None),)


SHAPES = (Shape("language models", _chat, flat=_flat, answers=_answers, id="id"),)

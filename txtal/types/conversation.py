"""The conversation that a ticket is part of: the messages before it, kept in its meta."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

THREAD = "thread"
"""The key of a ticket's meta that holds what was written before it."""

_AUTHORS = ("author", "from", "name", "sender", "user", "role", "speaker")
_TEXTS = ("text", "body", "message", "content", "plain_body", "comment")


def messages(meta: Mapping[str, Any]) -> list[str]:
    """Return the messages before a ticket, the oldest first, each with its author if it has one.

    A thread is a list of texts, or of objects such as ``{"author": "ana", "text": "hello"}``; or
    one text, which may be such a list as JSON. A single word, an id perhaps, is none.
    """
    value = meta.get(THREAD)
    if isinstance(value, str):
        value = _listed(value)
    return [said for one in value if (said := _message(one))] if isinstance(value, list) else []


def _listed(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, list):
            return found
    return [text] if len(text.split()) > 1 else []


def _message(one: Any) -> str:
    if isinstance(one, str):
        return one.strip()
    if not isinstance(one, dict):
        return ""
    text = next((one[key] for key in _TEXTS if isinstance(one.get(key), str)), "")
    author = next((one[key] for key in _AUTHORS if isinstance(one.get(key), str)), "")
    if not text.strip():
        return ""
    return f"{author}: {text.strip()}" if author else text.strip()

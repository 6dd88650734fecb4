"""What is typed to find tickets: ``late parcel label:refund channel:email is:flagged``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from txtal.errors import UsageError

STATES = ("open", "unsure", "accept", "reject", "ignore", "flagged", "commented")
"""What may stand behind ``is:``."""

MOST_WORDS = 32
LONGEST_WORD = 200

_PART = re.compile(r'(?:([^\s:"]+):)?(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions that all must hold."""

    words: tuple[str, ...] = ()
    """Words, or phrases that stood in quotes, of the text."""
    label: str = ""
    """What a label's name begins with."""
    by: str = ""
    """Who answered."""
    state: str = ""
    """One of :data:`STATES`."""
    meta: tuple[tuple[str, str], ...] = ()
    """Keys of the meta, with what they hold."""

    def __bool__(self) -> bool:
        return self != Query()


def parse(line: str) -> Query:
    """Return the conditions in a line. A key nobody knows is one of the tickets' meta.

    Raises UsageError for a state that there isn't, and for more words than can be searched for.
    """
    words: list[str] = []
    meta: list[tuple[str, str]] = []
    known = {"label": "", "by": "", "is": ""}
    for key, quoted, plain in _PART.findall(line):
        value = quoted or plain
        if not key:
            words += [value] if value.removesuffix(":") not in known else []
        elif key in known:
            known[key] = value
        elif plain.startswith("//"):  # an address
            words.append(f"{key}:{value}")
        else:
            meta.append((key, value))
    if known["is"] and known["is"] not in STATES:
        raise UsageError(f"is: takes {', '.join(STATES)} (got {known['is']!r})")
    distinct = tuple(dict.fromkeys(filter(None, words)))
    if len(distinct) + len(meta) > MOST_WORDS:
        raise UsageError(f"a search takes at most {MOST_WORDS} words (got {len(distinct):,})")
    if any(len(value) > LONGEST_WORD for value in (*distinct, *known.values(), *sum(meta, ()))):
        raise UsageError(f"a word to search for has at most {LONGEST_WORD} characters")
    return Query(distinct, known["label"], known["by"], known["is"], tuple(meta))

"""What a typed line means: a command with what follows it, or labels by number or name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from txtal.session.session import Session
from txtal.text import clean, shorten
from txtal.ui import keys, picker, words
from txtal.ui.keyboard import Keyboard
from txtal.ui.keys import Action

_SPACE = "space"
_MOST = 9


def commands(actions: Sequence[Action], session: Session) -> dict[str, Action]:
    """Return the action behind each command of the task."""
    found = {
        word: action
        for action in keys.typeable(session.scheme.task, actions)
        for word in action.commands
    }
    return {**found, **({_SPACE: found[" "]} if " " in found else {})}


def command(line: str, known: Mapping[str, Action], session: Session) -> tuple[str, str] | None:
    """Return the command of a line, as it is in ``known``, and what follows it.

    None where the line isn't one. A line that is a label's whole name means the label, if it is
    more than a command alone.
    """
    if line and line.isspace():
        return (" ", "") if " " in known else None
    line = line.strip()
    if line.casefold() in known:
        return line.casefold(), ""
    if line.casefold() in (label.name.casefold() for label in session.scheme.labels):
        return None
    if line.startswith("/") and "/" in known:
        return "/", line[1:].strip()
    heads = (" ".join(line.split(" ")[:size]) for size in (2, 1))
    for head in heads:
        if head in known and _takes_more(known[head]):
            return head, line[len(head) :].strip()
    return None


def like(line: str, known: Mapping[str, Action]) -> list[str]:
    """Return the forms of the commands that a line begins like: ``label dance`` is none of them."""
    head = line.strip().partition(" ")[0]
    same = {known[word].line for word in known if word.split(" ")[0] == head and " " in word}
    return sorted(same)


def _takes_more(action: Action) -> bool:
    return any(char.isupper() for char in action.line)


class Labels:
    """Finds the labels that are typed."""

    def __init__(self, session: Session, keyboard: Keyboard, say: Callable[[str], object]) -> None:
        self._session = session
        self._keyboard = keyboard
        self._say = say

    def several(self, line: str) -> list[int]:
        """Return the labels behind numbers, or names between commas; none, if one isn't clear."""
        digits = re.fullmatch(r"[\d\s,]+", line)
        parts = re.split(r"[\s,]+" if digits else r"\s*,\s*", line.strip(" ,"))
        meant = [label_id for part in parts if (label_id := self.one(part)) is not None]
        return meant if len(meant) == len(parts) else []

    def one(self, word: str) -> int | None:
        """Return the label a number or a name means; None, having said why, if it isn't clear."""
        offered, scheme = self._keyboard.offered(self._session), self._session.scheme
        if word in offered and scheme.task != "binary":
            return offered[word]
        name = word.removeprefix("=").strip()
        if not name:
            self._say("type the name of a label with it")
            return None
        found = picker.starting_with(name, scheme.labels)
        if len(found) == 1:
            return found[0]
        if found:
            self._say(f"{clean(shorten(name, 80))} can mean: {words.labels(scheme, found[:_MOST])}")
        else:
            like = self._like(name)
            nearest = f"the nearest: {like}" if like else "? lists what can be typed"
            self._say(f"no {scheme.noun} {clean(shorten(name, 80))}; {nearest}")
        return None

    def name_like(self, text: str) -> None:
        """Name the labels that are like the text."""
        self._say(self._like(text) or f"no {self._session.scheme.noun} is like this")

    def _like(self, text: str) -> str:
        found = picker.rank(text, self._session.scheme.labels, self._keyboard.order(self._session))
        return words.labels(self._session.scheme, found[:_MOST]) if found else ""

    def name_all(self) -> None:
        """Name every label, with what it is for."""
        for label in self._session.scheme.labels:
            about = f": {words.label_name(label.description)}" if label.description else ""
            self._say(words.label_name(label.name) + about)

"""What an action is: its keys, its help, its form in the line mode and what it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from txtal.recipes.extensions import ADDED
from txtal.types import TASKS, Task
from txtal.ui.modes import Mode
from txtal.ui.shell import Shell

DIGITS = tuple("123456789")
GRADES = (*DIGITS, "0")
"""The last digits of all grades there can be."""
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
ANY = "<any>"
"""Any other character, as prompt_toolkit spells it."""

UNSEEN = "<sigint>"

_SHOWN = {
    " ": "space",
    "escape": "esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    ANY: "letters",
}
_FUNCTION_KEY = re.compile(r"f\d+")
_COMMAND = re.compile(r"[a-z]+(?: [a-z]+)*")

Group = Literal[
    "",
    "Answer",
    "Answer many at once",
    "Find",
    "Look",
    "Change the labels",
    "Session",
    "In lists and while typing",
]
"""What one wants to do, in the order of the help."""

Do = Callable[[Shell, str], object]
"""Does it. Given the shell and, in the line mode, what was typed after the command."""


def _called(key: str) -> str:
    if _FUNCTION_KEY.fullmatch(key):
        return key.upper()
    if key.startswith("c-"):
        return f"ctrl-{key[2:]}"
    return _SHOWN.get(key, key)


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does, in some modes and tasks."""

    name: str
    keys: tuple[str, ...]
    """As prompt_toolkit names them; the first is the one shown in the footer. None of them for
    what only the line mode has."""
    help: str
    hint: str = ""
    """The word in the footer; empty for an action that only the help lists."""
    keep: int = 0
    """On a narrow screen the hints with the highest stay longest."""
    modes: tuple[Mode, ...] = ("ticket",)
    tasks: tuple[Task, ...] = TASKS
    called: str = ""
    """What its keys are called, where that isn't their names."""
    line: str = ""
    """What is typed for it in the line mode, ``comment TEXT``; a key of one character does too.
    Empty for what only the screen has."""
    group: Group = ""
    """The title in the help that it stands under."""
    do: Do | None = None
    """None where each shell has its own way: moving a cursor, taking a label."""

    @property
    def added(self) -> bool:
        """A recipe brought it."""
        return self.name.startswith(ADDED)

    @property
    def shown(self) -> str:
        """Its keys, for people: ``a, enter``."""
        names = ", ".join(_called(key) for key in self.keys if key != UNSEEN)
        return self.called or names

    @property
    def first(self) -> str:
        """The key to name where there is room for one."""
        return self.called or _called(self.keys[0])

    @property
    def commands(self) -> tuple[str, ...]:
        """What begins a line that means it; none where the line mode lacks it."""
        if not self.line or self.do is None:
            return ()
        word = _COMMAND.match(self.line)
        keys = self.keys if self.added else [key for key in self.keys if len(key) == 1]
        return tuple(dict.fromkeys([*([word[0]] if word else []), *keys]))

    @property
    def typed(self) -> str:
        """How the line mode's help names it: ``c, comment TEXT``."""
        keys = [key for key in self.commands if key.strip() and not self.line.startswith(key)]
        return ", ".join([*keys, self.line])


def available(mode: Mode, task: Task, actions: Sequence[Action]) -> Iterator[Action]:
    """The actions there are in this mode for this task, in the table's order."""
    return (
        action
        for action in actions
        if action.keys and mode in action.modes and task in action.tasks
    )


def typeable(task: Task, actions: Sequence[Action]) -> Iterator[Action]:
    """The actions that the line mode has for this task, in the table's order."""
    return (action for action in actions if action.line and task in action.tasks)


def single_keys(task: Task, actions: Sequence[Action]) -> frozenset[str]:
    """The characters that do something on a ticket, and so can't be a label's."""
    here = available("ticket", task, actions)
    return frozenset(key for action in here for key in action.keys if len(key) == 1)


def help_groups(task: Task, actions: Sequence[Action]) -> Iterator[tuple[str, list[Action]]]:
    """Every action of the task once, under what one wants to do; the recipe's first."""
    added = [action for action in actions if action.added]
    if added:
        yield "Of this recipe", added
    listed: set[str] = set()
    for group in get_args(Group)[1:]:
        found = [
            action
            for action in actions
            if action.group == group and action.keys and task in action.tasks and not action.added
        ]
        rows = [action for action in found if action.help not in listed]
        listed.update(action.help for action in rows)
        yield group, list({action.help: action for action in rows}.values())
    others = [one for one in actions if not one.group and one.keys and task in one.tasks]
    yield "Other keys", [one for one in others if not one.added]

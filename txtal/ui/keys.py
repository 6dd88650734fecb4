"""Every key of a session in one table, read by the bindings, the footer, the help and the docs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from txtal.recipes.extensions import ADDED
from txtal.types import TASKS, Task

Mode = Literal["ticket", "picker", "list", "line", "confirm", "page", "paused"]
"""What has the keyboard: the ticket, the list of labels, a list of answers or tickets, a line to
type, a yes or no, a page to read, or nothing."""

MODES: tuple[Mode, ...] = ("ticket", "picker", "list", "line", "confirm", "page", "paused")

Page = Literal["help", "guidelines", "standing", "why", "panel"]
"""A page to read."""

Purpose = Literal[
    "answer", "comment", "rename", "describe", "merge", "split", "history", "search", "similar"
]
"""What a label is picked, a line typed or a list opened for."""

TITLES: dict[Mode, str] = {
    "ticket": "On a ticket",
    "picker": "In the list of labels",
    "list": "In a list of answers or tickets",
    "line": "In a line to type",
    "confirm": "Asked yes or no",
    "page": "In this help and other pages",
    "paused": "While paused",
}

DIGITS = tuple("123456789")
GRADES = (*DIGITS, "0")
"""The last digits of all grades there can be."""
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
ANY = "<any>"
"""Any other character, as prompt_toolkit spells it."""

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
_UNSEEN = "<sigint>"
_FUNCTION_KEY = re.compile(r"f\d+")


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
    """As prompt_toolkit names them; the first is the one shown in the footer."""
    help: str
    hint: str = ""
    """The word in the footer; empty for an action that only the help lists."""
    keep: int = 0
    """On a narrow screen the hints with the highest stay longest."""
    modes: tuple[Mode, ...] = ("ticket",)
    tasks: tuple[Task, ...] = TASKS
    called: str = ""
    """What its keys are called, where that isn't their names."""

    @property
    def added(self) -> bool:
        """A recipe brought it."""
        return self.name.startswith(ADDED)

    @property
    def shown(self) -> str:
        """Its keys, for people: ``a, enter``."""
        names = ", ".join(_called(key) for key in self.keys if key != _UNSEEN)
        return self.called or names

    @property
    def first(self) -> str:
        """The key to name where there is room for one."""
        return self.called or _called(self.keys[0])


_ONE: tuple[Task, ...] = ("exclusive",)
_GRADE: tuple[Task, ...] = ("rating",)
_MANY: tuple[Task, ...] = ("multilabel",)
_NAMED: tuple[Task, ...] = ("exclusive", "multilabel")
_YES_NO: tuple[Task, ...] = ("binary",)
_TYPING: tuple[Mode, ...] = ("picker", "list", "line")
_LISTS: tuple[Mode, ...] = ("picker", "list")
_SCROLLED: tuple[Mode, ...] = ("ticket", "page")

_ACCEPT, _REJECT = ("a", "enter"), ("x",)

ACTIONS: tuple[Action, ...] = (
    Action("accept", _ACCEPT, "the suggestion is right", "accept", 8, tasks=(*_ONE, *_GRADE)),
    Action("accept", _ACCEPT, "exactly the chosen labels apply, or none", "accept", 8, tasks=_MANY),
    Action("accept", _ACCEPT, "yes, it is", "yes", 8, tasks=_YES_NO),
    Action("reject", _REJECT, "the suggested label is wrong", "reject", 8, tasks=_ONE),
    Action("reject", _REJECT, "the suggested grade is wrong", "reject", 8, tasks=_GRADE),
    Action("reject", _REJECT, "the chosen labels are wrong", "reject", 8, tasks=_MANY),
    Action("reject", _REJECT, "no, it is not", "no", 8, tasks=_YES_NO),
    Action("label", DIGITS, "answer with this label", "label", 6, tasks=_ONE, called="1-9"),
    Action("label", GRADES, "answer with this grade", "grade", 6, tasks=_GRADE, called="1-9, 0"),
    Action("label", DIGITS, "choose this label, or not", "choose", 6, tasks=_MANY, called="1-9"),
    Action(
        "pick", ("/",), "find a label by typing, or change the labels", "labels", 5, tasks=_NAMED
    ),
    Action("pick", ("/",), "see the grades, and describe them", "grades", 1, tasks=_GRADE),
    Action(
        "jump",
        (ANY,),
        "the labels that begin so, one of them by its digit",
        "jump",
        5,
        tasks=_NAMED,
        called="A-Z",
    ),
    Action("ignore", (" ",), "say nothing of this ticket; it isn't asked again", "ignore", 4),
    Action("undo", ("u", "backspace"), "take back your last answer, of any session", "undo", 7),
    Action("flag", ("f",), "mark the ticket to be looked at again", "flag", 2),
    Action("comment", ("c",), "write a comment, kept with the answer", "comment", 1),
    Action("history", ("h",), "every answer there is: find one, and change it", "history", 2),
    Action("search", ("s",), "find tickets by words, meta or label", "search", 2),
    Action("similar", ("m",), "more tickets like this one", "more like it", 1),
    Action("whole", ("v",), "the ticket alone on the whole screen, or not", "view", 3),
    Action("back", ("escape",), "back from the whole screen, or to the ticket before", "back", 9),
    Action("down", ("down",), "scroll down a line", modes=_SCROLLED),
    Action("up", ("up",), "scroll up a line", modes=_SCROLLED),
    Action("page_down", ("pagedown",), "scroll down a screen", "scroll", 3, modes=_SCROLLED),
    Action("page_up", ("pageup",), "scroll up a screen", modes=_SCROLLED),
    Action("standing", ("i",), "where you stand: labels, pace, how good the model is", "info", 1),
    Action("why", ("w",), "why this ticket and why this label", "why", 2),
    Action("guidelines", ("g",), "what to go by", "guidelines", 3),
    Action("pause", ("z",), "stop the clock; any key goes on"),
    Action("help", ("?",), "show this help", "help", 9),
    Action(
        "quit",
        ("q",),
        "quit; every answer is saved already",
        "quit",
        9,
        modes=("ticket", "confirm"),
    ),
    Action("type", (ANY,), "narrow the list down, or write", modes=_TYPING),
    Action(
        "label",
        DIGITS,
        "take the label with this digit",
        "take",
        6,
        modes=("picker",),
        tasks=_NAMED,
        called="1-9",
    ),
    Action("next", ("down", "c-n"), "the next row", "next", 5, modes=_LISTS),
    Action("previous", ("up", "c-p"), "the row before", "previous", 4, modes=_LISTS),
    Action("next_page", ("pagedown",), "a screen of rows on", modes=_LISTS),
    Action("previous_page", ("pageup",), "a screen of rows back", modes=_LISTS),
    Action("open", ("enter",), "go to the marked ticket", "go to it", 8, modes=("list",)),
    Action("choose", ("enter",), "take the marked label", "choose", 8, modes=("picker",)),
    Action(
        "about",
        ("tab",),
        "what the marked label is for, with examples",
        "about",
        6,
        modes=("picker",),
    ),
    Action(
        "rename",
        ("c-r",),
        "give the marked label another name",
        "rename",
        3,
        modes=("picker",),
        tasks=_NAMED,
    ),
    Action("describe", ("c-e",), "say what the marked label is for", modes=("picker",)),
    Action(
        "merge",
        ("c-g",),
        "make the marked label a part of another",
        "merge",
        2,
        modes=("picker",),
        tasks=_NAMED,
    ),
    Action(
        "split",
        ("c-s",),
        "divide the marked label, and ask its tickets again",
        "split",
        2,
        modes=("picker",),
        tasks=_NAMED,
    ),
    Action(
        "retire",
        ("c-t",),
        "offer the marked label no longer",
        "retire",
        1,
        modes=("picker",),
        tasks=_NAMED,
    ),
    Action(
        "restore",
        ("c-x",),
        "take back the last change of the labels",
        modes=("picker",),
        tasks=_NAMED,
    ),
    Action("keep", ("enter",), "that is it", "keep", 8, modes=("line",)),
    Action("yes", ("y",), "yes", "yes", 9, modes=("confirm",)),
    Action("no", ("n", "escape"), "no", "no", 9, modes=("confirm",)),
    Action("cancel", ("escape",), "go back to the ticket", "back", 9, modes=_TYPING),
    Action("erase", ("backspace",), "erase the character before", modes=_TYPING),
    Action("delete", ("delete",), "erase the character under the cursor", modes=_TYPING),
    Action("clear", ("c-u",), "erase the line", modes=_TYPING),
    Action("left", ("left",), "move left", modes=_TYPING),
    Action("right", ("right",), "move right", modes=_TYPING),
    Action("home", ("home",), "move to the start", modes=_TYPING),
    Action("end", ("end",), "move to the end", modes=_TYPING),
    Action("close", ("escape", "?", "q", "enter"), "close the page", "back", 9, modes=("page",)),
    Action("resume", (ANY,), "go on", "go on", 9, modes=("paused",), called="any key"),
    Action("mouse", ("f2",), "the mouse: wheel and clicks for txtal, or not", modes=MODES),
    Action("redraw", ("c-l",), "draw the screen anew", modes=MODES),
    Action("suspend", ("c-z",), "to the shell; `fg` comes back", modes=MODES),
    Action("interrupt", ("c-c", _UNSEEN), "quit from anywhere", modes=MODES),
)


def available(mode: Mode, task: Task, actions: Sequence[Action] = ACTIONS) -> Iterator[Action]:
    """The actions there are in this mode for this task, in the table's order."""
    return (action for action in actions if mode in action.modes and task in action.tasks)


def single_keys(task: Task, actions: Sequence[Action] = ACTIONS) -> frozenset[str]:
    """The characters that do something on a ticket, and so can't be a label's."""
    here = available("ticket", task, actions)
    return frozenset(key for action in here for key in action.keys if len(key) == 1)


def help_groups(
    task: Task, actions: Sequence[Action] = ACTIONS
) -> Iterator[tuple[str, list[Action]]]:
    """Every action of the task once, under a title; the recipe's first."""
    added = [action for action in actions if action.added]
    if added:
        yield "Of this recipe", added
    modes = [mode for mode in MODES if mode != "picker" or task != "binary"]
    listed: set[str] = set()
    for mode in modes:
        group = [
            action
            for action in available(mode, task, actions)
            if action.modes != MODES and action.help not in listed and not action.added
        ]
        listed.update(action.help for action in group)
        yield TITLES[mode], group
    yield "Anywhere", [action for action in actions if action.modes == MODES]

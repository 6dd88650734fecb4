"""Every action of a session in one table, read by the bindings, the footer, the help, the line
mode and the docs.

To add a key, add a row here and the function that it names (docs/architecture.md has an example).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from txtal.types import Task
from txtal.ui import answering, finding, label_editing, reading
from txtal.ui.keys import ANY, DIGITS, GRADES, UNSEEN, Action, Group
from txtal.ui.label_actions import LABEL_ACTIONS
from txtal.ui.modes import MODES, Mode

_ONE: tuple[Task, ...] = ("exclusive",)
_GRADE: tuple[Task, ...] = ("rating",)
_MANY: tuple[Task, ...] = ("multilabel",)
_NAMED: tuple[Task, ...] = ("exclusive", "multilabel")
_YES_NO: tuple[Task, ...] = ("binary",)
_TYPING: tuple[Mode, ...] = ("picker", "list", "line", "help")
_LISTS: tuple[Mode, ...] = ("picker", "list", "help")
_ENDED: tuple[Mode, ...] = ("picker", "list", "line")
_SCROLLED: tuple[Mode, ...] = ("ticket", "page")
_PICKER: tuple[Mode, ...] = ("picker",)


def _accept(help: str, hint: str, tasks: tuple[Task, ...]) -> Action:  # noqa: A002
    return Action(
        "accept", ("a", "enter"), help, hint, 8, tasks=tasks, line="accept", do=answering.accept
    )


def _reject(help: str, hint: str, tasks: tuple[Task, ...]) -> Action:  # noqa: A002
    return Action("reject", ("x",), help, hint, 8, tasks=tasks, line="reject", do=answering.reject)


_ANSWER: tuple[Action, ...] = (
    _accept("accept the suggestion", "accept", (*_ONE, *_GRADE)),
    _accept("accept exactly the chosen labels, or none", "accept", _MANY),
    _accept("yes, the label applies", "yes", _YES_NO),
    _reject("reject the suggested label", "reject", _ONE),
    _reject("reject the suggested grade or score", "reject", _GRADE),
    _reject("reject the chosen labels", "reject", _MANY),
    _reject("no, the label doesn't apply", "no", _YES_NO),
    Action(
        "label",
        DIGITS,
        "answer with this label",
        "label",
        6,
        tasks=_ONE,
        called="1-9",
        line="NUMBER or NAME",
    ),
    Action(
        "label",
        GRADES,
        "answer with this grade, or begin the number of a score",
        "grade",
        6,
        tasks=_GRADE,
        called="1-9, 0",
        line="GRADE or SCORE",
    ),
    Action(
        "label",
        DIGITS,
        "choose this label, or unchoose it",
        "choose",
        6,
        tasks=_MANY,
        called="1-9",
        line="NUMBERS or NAMES",
    ),
    Action(
        "take_off",
        ("-",),
        "take off the last of the chosen labels",
        "take off",
        6,
        tasks=_MANY,
        line="takeoff",
        do=answering.take_off,
    ),
    Action(
        "pick",
        ("/",),
        "find a label by typing, or change the labels",
        "labels",
        5,
        tasks=_NAMED,
        line="labels [PART]",
        do=label_editing.pick,
    ),
    Action(
        "pick",
        ("/",),
        "see and describe the grades; arrows move a score",
        "grades",
        1,
        tasks=_GRADE,
        line="labels",
        do=label_editing.pick,
    ),
    Action(
        "jump",
        (ANY,),
        "jump to labels with this first letter",
        "jump",
        5,
        tasks=_NAMED,
        called="A-Z",
        line="=NAME",
    ),
    Action(
        "ignore",
        (" ",),
        "ignore this ticket and don't show it again",
        "ignore",
        4,
        line="ignore",
        do=answering.ignore,
    ),
    Action(
        "undo",
        ("u", "backspace"),
        "undo your last answer, from any session",
        "undo",
        7,
        line="undo",
        do=answering.undo,
    ),
    Action("redo", ("c-r",), "redo what was undone last", line="redo", do=answering.redo),
    Action(
        "same",
        (),
        "give the last answer to all tickets nearly identical to its own",
        line="same",
        do=answering.same,
    ),
    Action(
        "flag",
        ("f",),
        "flag the ticket for a second look, or remove the flag",
        "flag",
        2,
        line="flag",
        do=answering.flag,
    ),
    Action(
        "comment",
        ("c",),
        "write a comment, kept with the answer",
        "comment",
        1,
        line="comment TEXT",
        do=answering.comment,
    ),
)
_FIND: tuple[Action, ...] = (
    Action(
        "history",
        ("h",),
        "list all answers: find one, and change it",
        "history",
        2,
        line="history [QUERY]",
        do=finding.history,
    ),
    Action(
        "search",
        ("s",),
        "search tickets by words, label or meta",
        "search",
        2,
        line="search [QUERY]",
        do=finding.search,
    ),
    Action(
        "similar",
        ("m",),
        "list tickets like this one",
        "more like it",
        1,
        line="similar [QUERY]",
        do=finding.similar,
    ),
)
_MANY_AT_ONCE: tuple[Action, ...] = (
    Action(
        "near",
        ("=",),
        "list tickets nearly the same, to answer them all",
        "nearly the same",
        7,
        line="near [QUERY]",
        do=finding.near,
    ),
    Action(
        "cluster",
        ("k",),
        "list tickets the model sees alike, to answer them all",
        "cluster",
        1,
        tasks=(*_NAMED, *_GRADE),
        line="cluster [QUERY]",
        do=finding.cluster,
    ),
)
_LOOK: tuple[Action, ...] = (
    Action(
        "whole",
        ("v",),
        "show the ticket alone on the whole screen, or as before",
        "view",
        3,
        line="view",
        do=reading.view,
    ),
    Action(
        "thread",
        ("c-t",),
        "fold the messages before the ticket, or show them",
        "thread",
        7,
        line="thread",
        do=reading.thread,
    ),
    Action(
        "back",
        ("escape",),
        "go back: from the whole screen, or to the ticket before",
        "back",
        9,
        line="back",
        do=reading.back,
    ),
    Action("side", ("tab",), "on a wide screen: labels, why, history or progress", "side", 2),
    Action("down", ("down",), "scroll down a line", modes=_SCROLLED),
    Action("up", ("up",), "scroll up a line", modes=_SCROLLED),
    Action("page_down", ("pagedown",), "scroll down a screen", "scroll", 3, modes=_SCROLLED),
    Action("page_up", ("pageup",), "scroll up a screen", modes=_SCROLLED),
    Action(
        "standing",
        ("i",),
        "show progress, pace and accuracy",
        "info",
        1,
        line="info",
        do=reading.standing,
    ),
    Action(
        "advice",
        ("*",),
        "show faults the labels may have, and what mends them",
        "advice",
        1,
        tasks=_NAMED,
        line="advice",
        do=reading.advice,
    ),
    Action(
        "why",
        ("w",),
        "show why this ticket and why this label",
        "why",
        2,
        line="why",
        do=reading.why,
    ),
    Action(
        "guidelines",
        ("g",),
        "read the labelling guidelines",
        "guidelines",
        3,
        line="guidelines",
        do=reading.guidelines,
    ),
    Action(
        "notices",
        ("!",),
        "read the notices of this session again",
        line="notices",
        do=reading.notices,
    ),
)
_SESSION: tuple[Action, ...] = (
    Action("pause", ("z",), "stop the clock; any key continues", line="pause", do=reading.pause),
    Action("help", ("?",), "show this help", "help", 9, line="help", do=reading.show_help),
    Action(
        "quit",
        ("q",),
        "quit; every answer is saved already",
        "quit",
        9,
        modes=("ticket", "confirm"),
        line="quit",
        do=reading.leave,
    ),
)
_ROWS: tuple[Action, ...] = (
    Action("type", (ANY,), "narrow the list down, or write", modes=_TYPING),
    Action(
        "label",
        DIGITS,
        "take the label with this digit",
        "take",
        6,
        modes=_PICKER,
        tasks=_NAMED,
        called="1-9",
    ),
    Action("next", ("down", "c-n"), "the next row", "next", 5, modes=_LISTS),
    Action(
        "previous",
        ("up", "c-p"),
        "the row before; from the first, the last",
        "previous",
        4,
        modes=_LISTS,
    ),
    Action("next_page", ("pagedown",), "a screen of rows down", modes=_LISTS),
    Action("previous_page", ("pageup",), "a screen of rows up", modes=_LISTS),
    Action(
        "open",
        ("enter",),
        "go to the selected ticket, or answer all that are marked",
        "go to it",
        8,
        modes=("list",),
        line="go NUMBER",
        do=finding.go,
    ),
    Action("mark", ("tab",), "mark or unmark the row, and move on", "mark", 7, modes=("list",)),
    Action("mark_all", ("c-t",), "mark or unmark all rows", "mark all", 3, modes=("list",)),
    Action(
        "reorder",
        ("c-o",),
        "order the rows: in doubt first, ≠ first, or as found",
        "order",
        2,
        modes=("list",),
    ),
    Action(
        "answer_all",
        (),
        "answer several of the last list at once",
        line="answer NUMBERS > LABEL",
        tasks=_NAMED,
        do=finding.answer_numbers,
    ),
    Action("choose", ("enter",), "take the selected label", "choose", 8, modes=_PICKER),
)
_MOVING: tuple[Action, ...] = (
    Action("keep", ("enter",), "save", "save", 8, modes=("line",)),
    Action("yes", ("y",), "yes", "yes", 9, modes=("confirm",)),
    Action("no", ("n", "escape"), "no", "no", 9, modes=("confirm",)),
    Action("cancel", ("escape",), "go back to the ticket", "back", 9, modes=_ENDED),
    Action("erase", ("backspace",), "erase the character before", modes=_TYPING),
    Action("delete", ("delete",), "erase the character under the cursor", modes=_TYPING),
    Action("clear", ("c-u",), "erase the line", modes=_TYPING),
    Action("left", ("left",), "move left", modes=_TYPING),
    Action("right", ("right",), "move right", modes=_TYPING),
    Action("home", ("home",), "move to the start", modes=_TYPING),
    Action("end", ("end",), "move to the end", modes=_TYPING),
    Action("run", ("enter",), "do what the selected key does", "do it", 8, modes=("help",)),
    Action("close_help", ("escape", "?", "q"), "close the help", "close", 9, modes=("help",)),
    Action("close", ("escape", "?", "q", "enter"), "close the page", "back", 9, modes=("page",)),
    Action("resume", (ANY,), "continue", "continue", 9, modes=("paused",), called="any key"),
)
_ALWAYS: tuple[Action, ...] = (
    Action("mouse", ("f2",), "switch the mouse on or off: wheel and clicks", modes=MODES),
    Action("redraw", ("c-l",), "redraw the screen", modes=MODES),
    Action("suspend", ("c-z",), "suspend to the shell (`fg` returns)", modes=MODES),
    Action("interrupt", ("c-c", UNSEEN), "quit from anywhere", modes=MODES, do=reading.interrupt),
    Action("status", (), "say where things stand, in one line", line="status", do=reading.status),
)


def _under(group: Group, *rows: Sequence[Action]) -> Iterator[Action]:
    """The rows, under a title of the help."""
    return (replace(action, group=group) for action in chain(*rows))


ACTIONS: tuple[Action, ...] = (
    *_under("Answer", _ANSWER),
    *_under("Find", _FIND),
    *_under("Answer many at once", _MANY_AT_ONCE),
    *_under("Look", _LOOK),
    *_under("Session", _SESSION),
    *_under("In lists and while typing", _ROWS),
    *_under("Change the labels", LABEL_ACTIONS),
    *_under("In lists and while typing", _MOVING),
    *_under("Session", _ALWAYS),
)

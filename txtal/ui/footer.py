"""The last two lines of the screen: where things stand, and which keys there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from txtal.session.session import Session
from txtal.types import ONE_OF
from txtal.types.conversation import messages
from txtal.ui import keys, off, standing, words
from txtal.ui.actions import ACTIONS
from txtal.ui.clusters import cells
from txtal.ui.layout import Line, Room
from txtal.ui.view_state import Look
from txtal.ui.wrap import fit


def status(session: Session, look: Look, dataset: str, room: Room) -> Line:
    """Return as much as fits: at the left what was done, at the right how good the model is.

    What matters least gives way first; the model and its accuracy never do, and stay in place.
    """
    name = words.label_name(dataset)
    progress = standing.progress(session)
    forms = {
        "dataset": [fit(name, 24), fit(name, 12), ""],
        "progress": [
            progress,
            standing.stream(session, brief=True) or progress.replace(" of ", "/"),
        ],
        "loading": [standing.loading(session)],
        "count": [f"{session.count:,} this session", f"+{session.count:,}", ""],
        "others": [standing.others(session), standing.others(session, brief=True), ""],
        "saved": [
            standing.saved(session),
            standing.saved(session, clock=False),
            standing.saved(session, clock=False).removeprefix("saved "),
        ],
        "stop": [f"■ {standing.stop(session)}", "■"] if standing.stop(session) else [""],
        "model": [standing.model_slot(session, look.seconds)],
        "accuracy": [
            standing.accuracy(session),
            standing.accuracy(session, brief=True),
            standing.accuracy(session, brief=True).removeprefix("accuracy "),
        ],
    }
    for giving_way in (*_GIVES_WAY, ""):
        left = " · ".join(forms[part][0] for part in _LEFT if forms[part][0])
        right = [(part, forms[part][0]) for part in _RIGHT if forms[part][0]]
        free = (
            room.columns - 2 * room.left - cells(left) - sum(cells(text) + 2 for _, text in right)
        )
        if not giving_way or free >= 0:
            break
        if len(forms[giving_way]) > 1:
            forms[giving_way].pop(0)
    shown = [one for part, text in right for one in (("", "  "), (_STYLES[part], text))]
    return [("", " " * room.left), ("class:status", left), ("", " " * max(0, free)), *shown]


_LEFT = ("dataset", "progress", "count", "others", "saved", "loading")
_RIGHT = ("stop", "model", "accuracy")
_STYLES = {"stop": "class:stop", "model": "class:status", "accuracy": "class:measure"}
_GIVES_WAY = (
    "progress", "count", "others", "saved", "accuracy", "others", "count", "saved", "stop",
    "dataset", "accuracy", "dataset",
)  # fmt: skip


def hints(
    session: Session,
    look: Look,
    actions: Sequence[keys.Action],
    offered: Collection[str],
    overflows: bool,
    room: Room,
) -> Line:
    """The keys worth naming now, as many as there is room for."""
    idle = _idle(session, look, offered, overflows, room)
    named = [
        _as_offered(action, session, look, offered)
        for action in keys.available(look.mode, session.scheme.task, actions)
        if action.hint and action.name not in idle
    ]
    named.sort(key=lambda action: action.name == "quit")  # after what else may be meant
    shown = _with_reasons(named, session)
    free = room.line + 2 - sum(cells(one.key) + cells(one.says) + 3 for one in shown)
    while free < 0 and len(shown) > 1:
        least = min(one.keep for one in shown)
        last = max(at for at, one in enumerate(shown) if one.keep == least)
        gone = shown.pop(last)
        free += cells(gone.key) + cells(gone.says) + 3
    line: Line = [("", " " * room.left)]
    for one in shown:
        between = "  " if len(line) > 1 else ""
        key, says = ("class:off", "class:off") if one.off else ("class:key", "class:hint")
        line += [(key, between + one.key), (says, f" {one.says}")]
    return line


@dataclass(frozen=True, slots=True)
class _Hint:
    """A key in the footer, with a word for what it does or why it is off."""

    keep: int
    key: str
    says: str
    off: bool = False


def _with_reasons(named: Sequence[keys.Action], session: Session) -> list[_Hint]:
    """Each key with its word; where it is off with why, said once of two that are off alike."""
    shown: list[_Hint] = []
    for action in named:
        why = off.brief(session, action.name)
        if not why:
            shown.append(_Hint(action.keep, action.first, action.hint))
        elif shown and shown[-1].says == f"off: {why}":
            shown[-1] = replace(shown[-1], key=f"{shown[-1].key} {action.first}")
        else:
            shown.append(_Hint(action.keep // 4, action.first, f"off: {why}", off=True))
    return shown


def _as_offered(
    action: keys.Action, session: Session, look: Look, offered: Collection[str]
) -> keys.Action:
    """Labels may have letters instead of digits; the list of them is not for finding a few."""
    if action.name == "open" and look.typing.marked:
        return replace(action, hint=f"answer {len(look.typing.marked)}")
    if action.name == "choose" and not session.scheme.labels:
        return replace(action, hint="add it and answer")
    if action.name == "near":
        return replace(action, hint=f"{len(session.finding.near(session.question))} alike")
    if action.name == "accept" and session.scheme.task == "multilabel":
        return replace(action, hint=f"accept {len(session.current.chosen) or 'none'}")
    if action.name == "reject" and session.current.kept_on_reject:
        return replace(action, hint="keep")
    if action.hint == "grade":
        called = _span(offered) if offered else "0-9"
        return replace(action, hint=session.scheme.noun, called=called)
    if action.name == "label" and offered and (look.mode == "picker" or "1" not in offered):
        return replace(action, called=_span(offered))
    if action.name == "pick" and len(session.scheme.ids) <= len(offered):
        begins = session.ledger.total - session.ledger.open < _BEGINNING
        may_add = begins and session.scheme.task != "rating"
        return replace(action, hint="new label", keep=6) if may_add else replace(action, keep=1)
    return action


def _span(offered: Collection[str]) -> str:
    """The keys that labels have: ``1-8``, ``3``, ``1-9, 0``, ``a-z``."""
    digits = [digit for digit in keys.DIGITS if digit in offered]
    if not digits:
        return "0" if "0" in offered else "a-z"
    first, last = digits[0], digits[-1]
    return (first if first == last else f"{first}-{last}") + ", 0" * ("0" in offered)


_FOR_LABELS = {"about", "rename", "describe", "merge", "split", "retire", "restore", "label"}
"""What there is nothing to do with before the first label."""
_BEGINNING = 20
"""Answers up to which labels are still found, and how to add one is worth a place."""
_EVERY = {action.name for action in ACTIONS}


def _idle(
    session: Session, look: Look, offered: Collection[str], overflows: bool, room: Room
) -> set[str]:
    """Actions that would do nothing now, or hardly anything: not worth a hint."""
    if look.mode == "ticket" and session.question is None:
        return _EVERY - {"undo", "history", "search", "standing", "help", "quit"}
    back = "whole" if look.whole else "back"
    idle = {back} if look.mode == "ticket" and not session.questions.put_back else set()
    if not session.scheme.labels:
        idle |= _FOR_LABELS
        idle |= {"next", "previous"} if look.mode == "picker" else set()
        idle |= {"choose"} if not look.typing.field.text.strip() else set()
    if look.mode == "picker" and not offered:
        idle.add("label")
    if not overflows:
        idle |= {"page_down", "whole"}
    if not room.wide:
        idle.add("side")
    if session.question is None or not messages(session.question.ticket.meta):
        idle.add("thread")
    if not session.guidelines:
        idle.add("guidelines")
    if session.policy.order == "file" and session.scheme.task in ONE_OF:
        idle |= {"accept", "reject"}
    if not session.finding.near(session.question):
        idle.add("near")
    if len(session.scheme.ids) <= 9:
        idle.add("jump")
    if not session.current.chosen:
        idle.add("take_off")
    return idle

"""The last two lines of the screen: where things stand, and which keys there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from txtal.session.finding import can_gather
from txtal.session.session import Session
from txtal.types.conversation import messages
from txtal.ui import keys, standing, words
from txtal.ui.actions import ACTIONS
from txtal.ui.layout import Line, Room
from txtal.ui.view_state import Look
from txtal.ui.wrap import cells, fit


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
        free = room.line - cells(left) - sum(cells(text) + 2 for _, text in right)
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
    idle = _idle(session, look, overflows, room)
    named = [
        _as_offered(action, session, look, offered)
        for action in keys.available(look.mode, session.scheme.task, actions)
        if action.hint and action.name not in idle
    ]
    shown = [(action.keep, action.first, action.hint) for action in named]
    free = room.line + 2 - sum(cells(key) + cells(hint) + 3 for _, key, hint in shown)
    while free < 0 and len(shown) > 1:
        least = min(keep for keep, _, _ in shown)
        last = max(at for at, (keep, _, _) in enumerate(shown) if keep == least)
        _, key, hint = shown.pop(last)
        free += cells(key) + cells(hint) + 3
    line: Line = [("", " " * room.left)]
    for _, key, hint in shown:
        between = "  " if len(line) > 1 else ""
        line += [("class:key", between + key), ("class:hint", f" {hint}")]
    return line


def _as_offered(
    action: keys.Action, session: Session, look: Look, offered: Collection[str]
) -> keys.Action:
    """Labels may have letters instead of digits; the list of them is not for finding a few."""
    if action.name == "open" and look.typing.marked:
        return replace(action, hint=f"answer {len(look.typing.marked)}")
    if action.name == "near":
        return replace(
            action, hint=f"{len(session.finding.near(session.question))} nearly the same"
        )
    if action.name == "reject" and session.current.kept_on_reject:
        return replace(action, hint="keep")
    if action.name == "label" and offered and "1" not in offered:
        return replace(action, called="a-z")
    if action.name == "pick" and len(session.scheme.ids) <= len(offered):
        return replace(action, keep=1)
    return action


_FOR_LABELS = {"about", "rename", "describe", "merge", "split", "retire", "restore", "label"}
"""What there is nothing to do with before the first label."""
_EVERY = {action.name for action in ACTIONS}


def _idle(session: Session, look: Look, overflows: bool, room: Room) -> set[str]:
    """Actions that would do nothing now, or hardly anything: not worth a hint."""
    if look.mode == "ticket" and session.question is None:
        return _EVERY - {"undo", "history", "search", "standing", "help", "quit"}
    back = "whole" if look.whole else "back"
    idle = {back} if look.mode == "ticket" and not session.questions.put_back else set()
    if not session.scheme.labels:
        idle |= _FOR_LABELS
    if not overflows:
        idle |= {"page_down", "whole"}
    if not room.wide:
        idle.add("side")
    if session.question is None or not messages(session.question.ticket.meta):
        idle.add("thread")
    if not session.guidelines:
        idle.add("guidelines")
    if not session.finding.near(session.question):
        idle.add("near")
    if can_gather(session):
        idle.add("cluster")
    if len(session.scheme.ids) <= 9:
        idle.add("jump")
    return idle

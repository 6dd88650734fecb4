"""Why a key does nothing now: said in the help, in the footer, and when it is pressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from txtal.session.finding import BLIND, FAILED, NO_MODEL, STREAM, can_gather
from txtal.session.session import Session
from txtal.types import ONE_OF
from txtal.types.conversation import messages

_NEEDS_TICKET = frozenset(
    {"accept", "reject", "label", "pick", "jump", "ignore", "flag", "comment", "similar", "near",
     "cluster", "whole", "thread", "why"}
)  # fmt: skip


def reason(session: Session, name: str, *, wide: bool = True) -> str:
    """Return why an action of the ticket's is off, in a few words; empty when it isn't."""
    if name == "side":
        return "" if wide else "from 120 columns on"
    if session.question is None:
        return "no ticket on the screen" if name in _NEEDS_TICKET else ""
    off = _OFF.get(name)
    return off(session) if off else ""


def brief(session: Session, name: str) -> str:
    """Return the same in a word or two, for the footer; of keys that are worth a place there."""
    why = reason(session, name) if name in _BRIEF and session.question is not None else ""
    return why and _SHORT.get(why, why)


_BRIEF = ("accept", "reject", "cluster")
_SHORT = {
    "a random check has none": "random check",
    "a random check needs a label": "random check",
    BLIND: "random check",
    NO_MODEL: "no model",
    STREAM: "in a stream",
    FAILED: "training failed",
}


def _accept(session: Session) -> str:
    if session.scheme.task not in ONE_OF or session.current.suggestion:
        return ""
    return "a random check has none" if session.current.refuses_reject else "no suggestion yet"


def _reject(session: Session) -> str:
    if session.scheme.task not in ONE_OF or session.current.kept_on_reject is not None:
        return ""
    if session.current.refuses_reject:
        return "a random check needs a label"
    return "" if session.current.suggestion else "no suggestion yet"


def _near(session: Session) -> str:
    found = session.finding.near(session.question)
    return "" if found else "no open ticket is nearly the same"


def _thread(session: Session) -> str:
    question = session.question
    there = question is not None and messages(question.ticket.meta)
    return "" if there else "no messages before this ticket"


_OFF: Mapping[str, Callable[[Session], str]] = {
    "accept": _accept,
    "reject": _reject,
    "near": _near,
    "cluster": can_gather,
    "thread": _thread,
    "guidelines": lambda session: "" if session.guidelines else "none; --guidelines FILE.md",
    "notices": lambda session: "" if session.notices.kept else "none yet",
    "back": lambda session: "" if session.questions.put_back else "no ticket to go back to",
}

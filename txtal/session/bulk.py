"""Giving one answer to several tickets, each its own, recorded and undone as one step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from txtal.session.session import Session
from txtal.types import ALIKE, BULK, Answer, Found, Ranked


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the tickets of a list."""

    answered: int
    taken: int = 0
    """Not open any more: answered already, or on the screen of another session."""
    refused: int = 0
    reason: str = ""
    """Why the recipe refused the first of these."""


def alike(session: Session) -> list[int]:
    """Return open tickets nearly identical to the one answered last, if that was accepted."""
    given = session.given
    if given.ticket is None or given.saved is None or given.saved.verdict != "accept":
        return []
    return session.ledger.finder.alike(given.ticket)


def answer_alike(session: Session, ticket_ids: Iterable[int]) -> int:
    """Give the last answer to these tickets too, each its own. Return how many it was."""
    if session.saved is None:
        return 0
    ranked = Ranked(session.saved.ticket_id, reason=ALIKE)
    same = replace(session.saved, ranked=ranked, flagged=False, comment="")
    return len(_recorded(session, same, ticket_ids))


def answer_all(session: Session, label: int, found: Sequence[Found]) -> Done:
    """Accept this label for each open ticket of a list that the recipe doesn't refuse.

    Nobody picked them at random, so they have no selection probability: the model learns from them,
    and no estimate takes them for a sample.
    """
    now = session.current.clock()
    given = Answer(0, "accept", (label,), Ranked(0, reason=BULK), shown=now, answered=now)
    refusals = {
        one.ticket.id: session.calls.refusal(one.ticket, given, session.scheme) for one in found
    }
    wanted = [ticket_id for ticket_id, refusal in refusals.items() if not refusal]
    recorded = _recorded(session, given, wanted)
    tickets = {one.ticket.id: one.ticket for one in found}
    for answer in recorded:
        session.calls.call_back(tickets[answer.ticket_id], answer, session.scheme)
    return Done(
        len(recorded),
        len(wanted) - len(recorded),
        len(refusals) - len(wanted),
        next(filter(None, refusals.values()), ""),
    )


def _recorded(session: Session, answer: Answer, ticket_ids: Iterable[int]) -> list[Answer]:
    recorded = session.ledger.record_alike(answer, ticket_ids)
    if recorded:
        session.given.add_all(recorded)
        session.updates.poke(recorded[-1].id)
    if session.question and session.question.ticket.id in {one.ticket_id for one in recorded}:
        session.show_next()
    return recorded

"""Giving one answer to several tickets, each its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from txtal.session.session import Session
from txtal.types import ALIKE, Ranked


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
    recorded = session.ledger.record_alike(same, ticket_ids)
    if recorded:
        session.given.add_all(recorded)
        session.updates.poke(recorded[-1].id)
    if session.question and session.question.ticket.id in {one.ticket_id for one in recorded}:
        session.show_next()
    return len(recorded)

"""Answers and tickets that an annotator looks for, of the whole dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from txtal.types import Found, Ranked, Scheme
from txtal.types.query import Query

if TYPE_CHECKING:
    from txtal.session.session import Session

MOST_FOUND = 200


def history(session: Session, query: Query) -> list[Found]:
    """Return answers that stand, of whatever session and annotator, the newest first."""
    return session.ledger.history(query, MOST_FOUND)


def search(session: Session, query: Query) -> list[Found]:
    """Return tickets by their words and meta, the best first; without those, the queue.

    ``is:unsure`` are those of the queue that the model is least sure of.
    """
    items = session.updates.items
    if query.words or query.meta:
        found = session.ledger.find(query, MOST_FOUND)
    else:
        queued = [Found(session.ledger.ticket(item.ticket_id)) for item in items]
        queued += history(session, query) if query else []
        found = list({one.ticket.id: one for one in queued}.values())
    fitting = [one for one in _with_rank(found, items) if _fits(one, query, session.scheme)]
    return sorted(fitting, key=_margin) if query.state == "unsure" else fitting


def similar(session: Session, query: Query) -> list[Found]:
    """Return tickets like the one at hand that fit the query, the most alike first."""
    if session.question is None:
        return []
    found = session.ledger.like(session.question.ticket, MOST_FOUND)
    return [
        one
        for one in _with_rank(found, session.updates.items)
        if _fits(one, query, session.scheme)
        and all(word.casefold() in one.ticket.text.casefold() for word in query.words)
    ]


def _with_rank(found: Iterable[Found], items: tuple[Ranked, ...]) -> list[Found]:
    ranked = {item.ticket_id: item for item in items}
    return [replace(one, ranked=ranked.get(one.ticket.id)) for one in found]


def _fits(found: Found, query: Query, scheme: Scheme) -> bool:
    """Whether its answer, or else its suggestion, is as the query wants it."""
    answer, suggestion = found.answer, found.ranked.suggestion if found.ranked else ()
    names = [scheme.names.get(i, "") for i in (answer.labels if answer else suggestion)]
    guessed = bool(found.ranked and found.ranked.probabilities)
    state = {"open": answer is None, "unsure": answer is None and guessed}
    if answer is not None:
        state |= {answer.verdict: True, "flagged": answer.flagged}
        state |= {"commented": bool(answer.comment)}
    return (
        (not query.label or any(name.startswith(query.label) for name in names))
        and (not query.by or (answer is not None and answer.annotator.startswith(query.by)))
        and (not query.state or state.get(query.state, False))
    )


def _margin(found: Found) -> float:
    """How much more probable the best label is than the next; a single one, than its absence."""
    best = [proba for _, proba in found.ranked.probabilities[:2]] if found.ranked else []
    return abs(best[0] - best[1]) if len(best) > 1 else abs(2 * sum(best) - 1)

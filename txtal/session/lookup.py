"""Answers and tickets that an annotator looks for, of the whole dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from txtal.types import Found, Ranked, Scheme
from txtal.types.query import Query

if TYPE_CHECKING:
    from txtal.session.session import Session

MOST_FOUND = 200


def history(session: Session, query: Query) -> list[Found]:
    """Return answers that stand, of whatever session and annotator, the newest first."""
    return session.ledger.finder.history(query, MOST_FOUND)


def search(session: Session, query: Query) -> list[Found]:
    """Return tickets by their words and meta, the best first; without those, the queue.

    ``is:unsure`` are those of the queue that the model is least sure of.
    """
    items = session.updates.items
    if query.words or query.meta:
        found = session.ledger.finder.find(query, MOST_FOUND)
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
    found = session.ledger.finder.like(session.question.ticket, MOST_FOUND)
    return [
        one
        for one in _with_rank(found, session.updates.items)
        if _fits(one, query, session.scheme)
        and all(word.casefold() in one.ticket.text.casefold() for word in query.words)
    ]


def nothing(session: Session, query: Query) -> str:
    """Say what of a query nothing fits, a slip of the pen perhaps; empty where all may be meant."""
    names = list(session.scheme.names.values())
    people = {session.ledger.annotator, *session.ledger.others}
    if query.label and not any(_begins(name, query.label) for name in names):
        return f"no label begins with {query.label!r}{_nearest(query.label, names)}"
    if query.by and not any(_begins(name, query.by) for name in people):
        return f"no annotator is called {query.by!r}{_nearest(query.by, sorted(people))}"
    keys = session.ledger.finder.meta_keys() if query.meta else []
    for key, _ in query.meta:
        if key not in keys:
            have = f"; they have {', '.join(keys)}" if keys else ""
            return f"no ticket looked at has {key}: in its meta{have}; also label:, by:, is:"
    return ""


def _begins(name: str, part: str) -> bool:
    return name.casefold().startswith(part.casefold())


def _nearest(typed: str, names: list[str]) -> str:
    near = get_close_matches(typed, names, cutoff=0.5)
    return f"; the nearest: {', '.join(near)}" if near else ""


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
        (not query.label or any(_begins(name, query.label) for name in names))
        and (not query.by or (answer is not None and _begins(answer.annotator, query.by)))
        and (not query.state or state.get(query.state, False))
    )


def _margin(found: Found) -> float:
    """How much more probable the best label is than the next; a single one, than its absence."""
    best = [proba for _, proba in found.ranked.probabilities[:2]] if found.ranked else []
    return abs(best[0] - best[1]) if len(best) > 1 else abs(2 * sum(best) - 1)

"""Answers and tickets that an annotator looks for, of the whole dataset.

Nothing here knows the session: what it needs of it is taken down beforehand, so that any thread may
look (:mod:`txtal.session.finding`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from txtal.errors import DatabaseError, TxtalError
from txtal.session.protocols import TicketFinder
from txtal.text import clean, count
from txtal.types import Found, Ranked, Scheme, Ticket, query, reasons
from txtal.types.query import Query

if TYPE_CHECKING:
    from txtal.session.session import Session

MOST_FOUND = 200
_MOST_WITH_WORDS = 5_000
"""Tickets with the words of a query that are looked at for what else it says."""

Kind = Literal["history", "search", "similar", "near", "cluster"]
"""What is looked for: answers, tickets by their words, tickets that share words with the one at
hand, those nearly the same, or those that the model would answer alike."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a session knows at the moment when something is looked for."""

    scheme: Scheme
    ticket: Ticket | None
    """The one at hand."""
    items: tuple[Ranked, ...]
    """The queue, the next one first."""
    cluster: tuple[Ranked, ...]
    """What the learner found to be like the ticket at hand."""
    people: frozenset[str]
    """The annotators."""

    @classmethod
    def of(cls, session: Session, cluster: tuple[Ranked, ...] = ()) -> Scope:
        """Take it down. At a random check no suggestion is shown, nor those of others like it."""
        question, items = session.question, session.updates.items
        if question is not None and reasons.blind(question.ranked.reason):
            items = tuple(replace(one, suggestion=(), probabilities=()) for one in items)
        people = frozenset({session.ledger.annotator, *session.ledger.others})
        return cls(session.scheme, question.ticket if question else None, items, cluster, people)


@dataclass(frozen=True, slots=True)
class Listed:
    """What was found, and for what."""

    kind: Kind
    typed: str
    found: tuple[Found, ...] = ()
    said: str = ""
    """What there is to say of it, or why it can't be meant."""


def listed(finder: TicketFinder, scope: Scope, kind: Kind, typed: str) -> Listed:
    """Look for what fits what is typed; of nothing, or what can't be meant, say why."""
    try:
        wanted = query.parse(typed)
        left_out = _unindexed(finder, kind, wanted)  # counted before: more may come while it looks
        found, said = _looked_for(finder, scope, kind, wanted)
        if not found and wanted:
            said = said or _nothing_of(finder, scope, kind, wanted)
        if left_out:
            finder.index_rest()
            said = (
                said or f"{count(left_out, 'ticket')} not looked at yet; search again in a moment"
            )
    except TxtalError as error:
        return Listed(kind, typed, said=str(error))
    return Listed(kind, typed, tuple(found), said)


def _looked_for(
    finder: TicketFinder, scope: Scope, kind: Kind, wanted: Query
) -> tuple[Sequence[Found], str]:
    """What was found, and what there is to say of it."""
    if kind != "search":
        return _LOOKED_FOR[kind](finder, scope, wanted), ""
    found, looked_at = search(finder, scope, wanted)
    passed_over = looked_at == _MOST_WITH_WORDS and len(found) < MOST_FOUND
    said = f"only the first {looked_at:,} tickets with these words were looked at; add a word"
    return found[:MOST_FOUND], said if passed_over else ""


def _nothing_of(finder: TicketFinder, scope: Scope, kind: Kind, wanted: Query) -> str:
    if kind == "history" and wanted.state in ("open", "unsure"):
        return f"these are answers, and none is {wanted.state}: search for tickets"
    return clean(nothing(finder, scope, wanted))


def _unindexed(finder: TicketFinder, kind: Kind, wanted: Query) -> int:
    """Count the tickets that this search passes over: those that the index doesn't have yet."""
    by_words = kind == "similar" or (kind == "search" and (wanted.words or wanted.meta))
    return finder.unindexed() if by_words else 0


def history(finder: TicketFinder, query: Query) -> list[Found]:
    """Return answers that stand, of whatever session and annotator, the newest first."""
    return finder.history(query, MOST_FOUND)


def search(finder: TicketFinder, scope: Scope, query: Query) -> tuple[list[Found], int]:
    """Return tickets by their words and meta, the best first; without those, the queue.

    And how many were looked at. ``is:unsure`` are those of the queue that the model is least sure
    of.
    """
    items = scope.items
    if query.words or query.meta:
        says_more = query.label or query.by or query.state
        found = finder.find(query, _MOST_WITH_WORDS if says_more else MOST_FOUND)
    else:
        queued = finder.found([item.ticket_id for item in items])
        queued += history(finder, query) if query else []
        found = list({one.ticket.id: one for one in queued}.values())
    fitting = [one for one in _with_rank(found, items) if _fits(one, query, scope.scheme)]
    return sorted(fitting, key=margin) if query.state == "unsure" else fitting, len(found)


def similar(finder: TicketFinder, scope: Scope, query: Query) -> list[Found]:
    """Return tickets like the one at hand that fit the query, the most alike first."""
    if scope.ticket is None:
        return []
    return _narrowed(finder.like(scope.ticket, MOST_FOUND), scope, scope.items, query)


def near(finder: TicketFinder, scope: Scope, query: Query) -> list[Found]:
    """Return open tickets nearly the same as the one at hand."""
    if scope.ticket is None:
        return []
    return _narrowed(finder.near(scope.ticket, MOST_FOUND), scope, scope.items, query)


def cluster(finder: TicketFinder, scope: Scope, query: Query) -> list[Found]:
    """Return the open tickets that the learner found to be like the one at hand."""
    found = finder.found([item.ticket_id for item in scope.cluster])
    still = [one for one in found if one.answer is None]
    return _narrowed(still, scope, scope.cluster, query)


_LOOKED_FOR: dict[Kind, Callable[[TicketFinder, Scope, Query], list[Found]]] = {
    "history": lambda finder, scope, query: history(finder, query),
    "similar": similar,
    "near": near,
    "cluster": cluster,
}


def _narrowed(
    found: Iterable[Found], scope: Scope, items: Sequence[Ranked], query: Query
) -> list[Found]:
    return [
        one
        for one in _with_rank(found, items)
        if _fits(one, query, scope.scheme)
        and all(word.casefold() in one.ticket.text.casefold() for word in query.words)
    ]


def nothing(finder: TicketFinder, scope: Scope, query: Query) -> str:
    """Say what of a query nothing fits, a slip of the pen perhaps; empty where all may be meant."""
    names = list(scope.scheme.names.values())
    if query.label and not any(_begins(name, query.label) for name in names):
        return f"no label begins with {query.label!r}{_nearest(query.label, names)}"
    if query.by and not any(_begins(name, query.by) for name in scope.people):
        return f"no annotator is called {query.by!r}{_nearest(query.by, sorted(scope.people))}"
    keys = finder.meta_keys() if query.meta else []
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


def _with_rank(found: Iterable[Found], items: Iterable[Ranked]) -> list[Found]:
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


def margin(found: Found) -> float:
    """Return how much more probable the best label is than the next, or one than its absence.

    Of an answer by what the model said before it; 1 where it said nothing.
    """
    ranked = found.answer.ranked if found.answer else found.ranked
    best = [proba for _, proba in ranked.probabilities[:2]] if ranked else []
    return abs(best[0] - best[1]) if len(best) > 1 else abs(2 * sum(best) - 1)


def shared_meta(finder: TicketFinder) -> Mapping[str, Any]:
    """Return the meta that all tickets have alike; none while the database is busy."""
    with suppress(DatabaseError):
        return finder.shared_meta()
    return {}

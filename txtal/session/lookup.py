"""Answers and tickets that an annotator looks for, of the whole dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from txtal.session.protocols import Ledger
from txtal.types import Found, Ranked, Scheme, Ticket
from txtal.types.query import Query

MOST_FOUND = 200


def history(ledger: Ledger, query: Query) -> list[Found]:
    """Answers that stand, of whatever sitting and annotator, the newest first."""
    return ledger.finder.history(query, MOST_FOUND)


def search(ledger: Ledger, scheme: Scheme, items: tuple[Ranked, ...], query: Query) -> list[Found]:
    """Tickets by their words and meta, the best first; without those, ``items`` of a ranking.

    ``is:unsure`` are those of the items that the model is least sure of.
    """
    if query.words or query.meta:
        found = ledger.finder.find(query, MOST_FOUND)
    else:
        known = [Found(ledger.ticket(item.ticket_id)) for item in items]
        known += history(ledger, query) if query else []
        found = list({one.ticket.id: one for one in known}.values())
    fitting = [one for one in _with_rank(found, items) if _fits(one, query, scheme)]
    return sorted(fitting, key=_margin) if query.state == "unsure" else fitting


def similar(
    ledger: Ledger, scheme: Scheme, items: tuple[Ranked, ...], query: Query, ticket: Ticket
) -> list[Found]:
    """Tickets like this one that fit the query, the most alike first."""
    return [
        one
        for one in _with_rank(ledger.finder.like(ticket, MOST_FOUND), items)
        if _fits(one, query, scheme)
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
    """How much likelier the likeliest label is than the next; of a single one, than not."""
    likely = [share for _, share in found.ranked.probabilities[:2]] if found.ranked else []
    return abs(likely[0] - likely[1]) if len(likely) > 1 else abs(2 * sum(likely) - 1)

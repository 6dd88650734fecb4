"""Answers as records: what stands of each ticket, in the words of an export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from txtal.formats.rows import ExportRow, VotedRow, export_row
from txtal.formats.votes import NamedVote

if TYPE_CHECKING:
    from txtal.store.gold import GoldTicket
    from txtal.store.sqlite import Connection
    from txtal.types import Answer, Dataset

VotesByTicket: TypeAlias = Mapping[int, tuple[NamedVote, ...]]
"""The votes on tickets, those of the most accurate source first, by the ticket's id."""

_PART = 500
"""Tickets that are read at once."""


def rows_of(
    found: Iterable[tuple[GoldTicket, Answer]], dataset: Dataset, votes: VotesByTicket | None = None
) -> Iterator[ExportRow]:
    """Yield a row for each ticket with the answer that stands of it. Raises DataError."""
    for one, answer in found:
        yield export_row(
            one.ticket,
            answer,
            dataset.scheme,
            session=f"{dataset.name}-{one.session_id}",
            votes=(one.gold.votes, one.gold.voters) if len(one.gold.said) > 1 else None,
            sources=votes.get(one.ticket.id, ()) if votes else (),
        )


def votes_by_ticket(conn: Connection, dataset: Dataset) -> VotesByTicket:
    """Return every vote on a dataset's tickets, but for abstentions and labels that are gone."""
    from txtal.annotators.scoring import scored
    from txtal.store import votes

    sources = [one.source for one in scored(conn, dataset)]
    place = {source.id: number for number, source in enumerate(sources)}
    known = {source.id: source for source in sources}
    names = dataset.scheme.names
    found: dict[int, list[tuple[int, NamedVote]]] = defaultdict(list)
    for vote in votes.of_dataset(conn, dataset.id):
        labels = tuple(names[label] for label in vote.labels or () if label in names)
        if vote.labels and not labels:
            continue
        source = known[vote.source]
        named = NamedVote(source.name, source.kind, labels, vote.confidence, vote.reason)
        found[vote.ticket_id].append((place[source.id], named))
    return {
        ticket: tuple(named for _, named in sorted(given, key=lambda one: one[0]))
        for ticket, given in found.items()
    }


def voted_rows(
    conn: Connection, dataset: Dataset, votes: VotesByTicket, labelled: Collection[int]
) -> Iterator[VotedRow]:
    """Yield the tickets with votes that aren't ``labelled``, in the order of loading."""
    from txtal.store import tickets

    ids = sorted(votes.keys() - set(labelled))
    for start in range(0, len(ids), _PART):
        for ticket in tickets.some(conn, ids[start : start + _PART]):
            yield VotedRow(ticket, dataset.scheme, votes[ticket.id])

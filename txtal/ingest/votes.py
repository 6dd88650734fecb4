"""Votes that a file brings, into the store: never as answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from txtal.formats.votes import PREDICTED_SOURCES, NamedVote
from txtal.store import labels as label_store
from txtal.store import tickets, votes
from txtal.store.sqlite import Connection
from txtal.types import Dataset, SourceVote, VoteSource

LOADED = "loaded"
"""The fingerprint of a source that is known by a file alone."""


def write(
    conn: Connection, dataset: Dataset, found: Iterable[tuple[str, NamedVote]]
) -> tuple[int, Counter[str]]:
    """Store votes, each with its ticket's text. Returns how many, and why others were left out.

    A source of the dataset's own that has the same name keeps its votes.
    """
    left_out: Counter[str] = Counter()
    given = list(_fitting(conn, dataset, found, left_out))
    newest = max((vote.ticket_id for vote in given), default=0)
    votes.add(conn, dataset.id, given, through=[(one, newest) for one in {v.source for v in given}])
    return len(given), left_out


def _fitting(
    conn: Connection,
    dataset: Dataset,
    found: Iterable[tuple[str, NamedVote]],
    left_out: Counter[str],
) -> Iterator[SourceVote]:
    own = {one.name: one for one in votes.sources(conn, dataset.id)}
    ids = label_store.ids(conn, dataset.id)
    entered: dict[str, VoteSource] = {}
    for text, vote in found:
        if vote.source in PREDICTED_SOURCES.values():
            left_out["labels that txtal's model gave, which are no votes"] += 1
            continue
        source = entered.get(vote.source)
        if source is None:
            there = own.get(vote.source)
            if there is not None and (there.kind, there.fingerprint) != (vote.kind, LOADED):
                left_out[f"votes of {vote.source}, which votes in {dataset.name} by itself"] += 1
                continue
            source = votes.enter(conn, dataset.id, vote.source, vote.kind, LOADED)
            entered[vote.source] = source
        ticket_id = tickets.find(conn, dataset.id, text)
        if ticket_id is None:
            continue  # it was to be forgotten, and counted as such when it was loaded
        if not ids.keys() >= set(vote.labels):
            left_out[f"votes for labels that {dataset.name} doesn't have; add them before"] += 1
            continue
        labels = tuple(ids[name] for name in vote.labels)
        # The reason of a carried answer is a ticket's number in another database.
        reason = "" if vote.kind == "carried" else vote.reason
        yield SourceVote(source.id, ticket_id, labels, vote.confidence, reason)

"""Answers carried to tickets that are nearly the same, as votes and never as answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from txtal.annotators.applying import PART, patiently
from txtal.annotators.scoring import settled
from txtal.store import answers, near, tickets, votes
from txtal.store.sqlite import Connection
from txtal.types import Dataset, SourceVote, VoteSource

NAME = "near-duplicates"
"""What these votes are reported under."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of it."""

    votes: int
    looked_at: int
    """Open tickets."""


def carry(conn: Connection, path: Path, dataset: Dataset) -> Carried:
    """Have the answer of a near-duplicate vote on each open ticket that has one.

    Two tickets are nearly the same as :mod:`txtal.store.near` says: up to a fifth of the words may
    differ, and numbers may. The votes of an earlier call are made again where answers changed.
    """
    standing = answers.standing(conn, dataset.id)
    known = {
        ticket: tuple(dataset.scheme.ids[place] for place in sorted(said.for_) if place >= 0)
        for ticket, said in settled(standing, dataset.scheme).items()
    }
    known = {ticket: labels for ticket, labels in known.items() if labels}
    source = votes.enter(conn, dataset.id, NAME, "carried", _fingerprint(known))
    answered = {one.ticket_id for one in standing}
    nearest = _NearTexts(dict(zip(known, tickets.texts(conn, list(known)), strict=True)))
    pending = [
        one
        for one in tickets.ids_after(conn, dataset.id, source.through).tolist()
        if one not in answered
    ]
    made = 0
    for start in range(0, len(pending), PART):
        part = pending[start : start + PART]
        given = list(_voted(conn, source, part, nearest, known))
        patiently(conn, path, dataset.id, given, [(source.id, part[-1])])
        made += len(given)
    return Carried(made, len(pending))


def _voted(
    conn: Connection,
    source: VoteSource,
    part: list[int],
    nearest: _NearTexts,
    known: Mapping[int, tuple[int, ...]],
) -> Iterator[SourceVote]:
    for ticket_id, text in zip(part, tickets.texts(conn, part), strict=True):
        found = nearest.to(text)
        if found is not None:
            # Its number and not its text, which may have to be forgotten one day.
            yield SourceVote(source.id, ticket_id, known[found], reason=f"as ticket {found}")


class _NearTexts:
    """Finds the text of a few that a new one is nearly the same as."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        self.texts = texts
        self._with_word: dict[str, set[int]] = defaultdict(set)
        for one, text in texts.items():
            for word in near.words(text):
                self._with_word[word].add(one)

    def to(self, text: str) -> int | None:
        """Return the id of the text with the fewest changes; None where none is near."""
        candidates: set[int] = set()
        for words in near.parts(text):
            candidates |= set.intersection(*(self._with_word.get(word, set()) for word in words))
        found = near.same_as(text, {one: self.texts[one] for one in sorted(candidates)})
        return found[0] if found else None


def _fingerprint(known: Mapping[int, tuple[int, ...]]) -> str:
    """Return what changes when an answer does."""
    return blake2b(repr(sorted(known.items())).encode(), digest_size=8).hexdigest()

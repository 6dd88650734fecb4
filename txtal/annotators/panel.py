"""What rules and commands say of the ticket on the screen; who is right most often comes first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from txtal.annotators.scoring import Judgements, weighted_proportion
from txtal.recipes.extensions import Desk, Panel
from txtal.store import answers, votes
from txtal.store.sqlite import Connection
from txtal.text import percent
from txtal.types import Dataset, SourceVote, VoteSource

AGAIN = 10
"""Number of answers after which accuracies are computed again."""

PRIOR = 2.0
"""Votes that a source's accuracy over all labels counts for beside those for one label."""


class Suggestions:
    """The votes on a ticket, each with how often people agreed with its source."""

    def __init__(self, conn: Connection, dataset: Dataset) -> None:
        self._conn = conn
        self._dataset = dataset
        self._measured_at = -AGAIN
        self._accuracy: Mapping[tuple[int, int | None], float] = {}
        """By source and label; and by source alone, under None."""

    def panel(self) -> Panel:
        """Return the panel that stands under the ticket."""
        return Panel("Suggestions", self.show, rows=4)

    def show(self, desk: Desk) -> str:
        """Say who suggests what; nothing in a random check, which mustn't be swayed."""
        if desk.blind:
            return ""
        found = votes.on_ticket(self._conn, self._dataset.id, desk.ticket.id)
        if not found:
            return ""
        self._measure()
        sources = {one.id: one for one in votes.sources(self._conn, self._dataset.id)}
        ordered = sorted(found, key=lambda vote: -self._probability(vote))
        return "\n".join(self._line(vote, sources[vote.source]) for vote in ordered)

    def _line(self, vote: SourceVote, source: VoteSource) -> str:
        names = self._dataset.scheme.names
        labels = " or ".join(names[label] for label in vote.labels or () if label in names)
        known = self._accuracy.get((vote.source, None))
        right = f"right {percent(known, 0)}" if known is not None else "not measured yet"
        reason = f": {vote.reason}" if vote.reason else ""
        return f"{source.name}: {labels or 'none'} ({right}){reason}"

    def _probability(self, vote: SourceVote) -> float:
        """Return how probably a vote is right, by the source's votes for the same labels."""
        found = [self._accuracy.get((vote.source, label)) for label in vote.labels or ()]
        known = [one for one in found if one is not None]
        overall = self._accuracy.get((vote.source, None), 0.0)
        return sum(known) / len(known) if known else overall

    def _measure(self) -> None:
        newest = answers.newest(self._conn, self._dataset.id)
        if newest - self._measured_at < AGAIN:
            return
        self._measured_at = newest
        judged = Judgements.read(self._conn, self._dataset.id, self._dataset.scheme)
        self._accuracy = accuracies(judged, list(votes.of_dataset(self._conn, self._dataset.id)))


def accuracies(
    judged: Judgements, given: Sequence[SourceVote]
) -> dict[tuple[int, int | None], float]:
    """Return how often people agree with each source, over all and by label; see ``PRIOR``."""
    right: dict[tuple[int, int | None], list[bool]] = defaultdict(list)
    weights: dict[tuple[int, int | None], list[float]] = defaultdict(list)
    for vote in given:
        said = judged.is_right(vote)
        if said is None:
            continue
        for key in (None, *(vote.labels or ())):
            right[vote.source, key].append(said)
            weights[vote.source, key].append(judged.weights.get(vote.ticket_id, 0.0))
    found: dict[tuple[int, int | None], float] = {}
    for (source, label), ones in sorted(right.items(), key=lambda item: item[0][1] is not None):
        share, _, _ = weighted_proportion(ones, weights[source, label])
        if share is None:
            continue
        overall = found.get((source, None), share)
        prior = 0.0 if label is None else PRIOR
        found[source, label] = (share * len(ones) + overall * prior) / (len(ones) + prior)
    return found

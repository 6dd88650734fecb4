"""What votes are worth: how many tickets a source votes on, and how often people agree with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from txtal.measures.gold import Vote, counting, settle, vote_of
from txtal.measures.intervals import score_interval
from txtal.measures.weights import importance
from txtal.types import ONE_OF, Answer, Dataset, Scheme, SourceScore, SourceVote, VoteSource

if TYPE_CHECKING:
    from txtal.store.sqlite import Connection


@dataclass(frozen=True, slots=True)
class Judgements:
    """What people said of tickets, and how much each counts."""

    scheme: Scheme
    said: Mapping[int, Vote]
    weights: Mapping[int, float]
    """Of importance: 1 in the mean; see :mod:`txtal.measures.weights`."""
    audited: frozenset[int]

    @classmethod
    def read(cls, conn: Connection, dataset_id: int, scheme: Scheme) -> Judgements:
        """Gather the answers that stand."""
        from txtal.store import answers, tickets

        standing = answers.standing(conn, dataset_id)
        weights = importances(
            answers.selection_probabilities(conn, dataset_id), tickets.count(conn, dataset_id)
        )
        drawn = answers.drawn(conn, dataset_id, scheme.task)
        return cls(scheme, settled(standing, scheme), weights, drawn)

    def is_right(self, vote: SourceVote) -> bool | None:
        """Whether people agree with a vote; None where they leave it open."""
        said = self.said.get(vote.ticket_id)
        if said is None or vote.labels is None:
            return None
        return agrees(said, places(vote.labels, self.scheme), self.scheme)


def importances(selection: Mapping[int, float | None], pool: int) -> dict[int, float]:
    """Return the importance weight of each answered ticket, given in the order shown."""
    weights = importance(list(selection.values()), max(pool, len(selection)))
    return dict(zip(selection, weights, strict=True))


def settled(standing: Iterable[Answer], scheme: Scheme) -> dict[int, Vote]:
    """Return what stands of each ticket, where anything does."""
    found = {}
    for ticket, said in counting(standing).items():
        answer = settle(said, scheme).answer
        vote = vote_of(answer, scheme) if answer is not None else None
        if vote is not None:
            found[ticket] = vote
    return found


def places(labels: Iterable[int], scheme: Scheme) -> frozenset[int]:
    """Return the places in the scheme of those of the labels that it still has."""
    named = frozenset(labels)
    return frozenset(place for place, label in enumerate(scheme.ids) if label in named)


def agrees(said: Vote, voted: frozenset[int], scheme: Scheme) -> bool | None:
    """Whether a vote for the labels at these places is what people said; None: they leave it open.

    Where one label applies, a vote for several says that it is one of them. Where several may, a
    vote is about the labels that it names, and one for none at all is about all of them.
    """
    if scheme.task in ONE_OF:
        if not voted or not voted & said.for_:
            return False if voted else None
        return True if said.for_ <= voted else None
    if not voted:
        return False if said.for_ else True if len(said.against) == len(scheme.labels) else None
    if voted & said.against:
        return False
    return True if voted <= said.for_ else None


def score(
    sources: Sequence[VoteSource],
    votes: Iterable[SourceVote],
    judgements: Judgements,
    tickets: int,
) -> list[SourceScore]:
    """Score each source; the most accurate first, those that nobody judged last."""
    by_ticket: dict[int, list[SourceVote]] = defaultdict(list)
    for vote in votes:
        by_ticket[vote.ticket_id].append(vote)
    tallies = {source.id: _VoteTally() for source in sources}
    for said in by_ticket.values():
        for vote in said:
            others = [other for other in said if other.source != vote.source]
            tallies[vote.source].add(vote, others, judgements)
    found = [tallies[source.id].score(source, max(1, tickets)) for source in sources]
    return sorted(found, key=lambda one: -1.0 if one.accuracy is None else one.accuracy)[::-1]


def scored(conn: Connection, dataset: Dataset) -> list[SourceScore]:
    """Score every source of a dataset; none where nobody votes."""
    from txtal.store import tickets, votes

    sources = votes.sources(conn, dataset.id)
    if not sources:
        return []
    known = Judgements.read(conn, dataset.id, dataset.scheme)
    given = votes.of_dataset(conn, dataset.id)
    return score(sources, given, known, tickets.count(conn, dataset.id))


class _VoteTally:
    """The votes of one source, counted."""

    def __init__(self) -> None:
        self.votes = self.overlap = self.conflicts = self.audited = 0
        self.weights: list[float] = []
        self.right: list[bool] = []
        self.wrong: list[int] = []

    def add(self, vote: SourceVote, others: Sequence[SourceVote], known: Judgements) -> None:
        self.votes += 1
        self.overlap += bool(others)
        self.conflicts += any(_conflict(vote, other, known.scheme) for other in others)
        right = known.is_right(vote)
        if right is None:
            return
        self.right.append(right)
        self.weights.append(known.weights.get(vote.ticket_id, 0.0))
        self.audited += vote.ticket_id in known.audited
        if not right:
            self.wrong.append(vote.ticket_id)

    def score(self, source: VoteSource, tickets: int) -> SourceScore:
        accuracy, low, high = weighted_proportion(self.right, self.weights)
        return SourceScore(
            source,
            self.votes,
            self.votes / tickets,
            self.overlap / tickets,
            self.conflicts / tickets,
            len(self.right),
            self.audited,
            accuracy,
            low,
            high,
            tuple(sorted(self.wrong)),
        )


def weighted_proportion(
    right: Sequence[bool], weights: Sequence[float]
) -> tuple[float | None, float | None, float | None]:
    """Return a weighted proportion and its 95% interval; all None if nothing counts.

    The interval is Wilson's of Kish's effective sample size, (sum w)^2 / sum w^2 (Kish 1965,
    "Survey Sampling", section 11.7).
    """
    total, squares = sum(weights), sum(weight * weight for weight in weights)
    if not total:
        return None, None, None
    share = sum(w for w, one in zip(weights, right, strict=True) if one) / total
    low, high = score_interval(min(1.0, share), total * total / squares)
    return share, low, high


def _conflict(one: SourceVote, other: SourceVote, scheme: Scheme) -> bool:
    mine, theirs = frozenset(one.labels or ()), frozenset(other.labels or ())
    if scheme.task in ONE_OF:
        return not mine & theirs
    return bool(mine) != bool(theirs)

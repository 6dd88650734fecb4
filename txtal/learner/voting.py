"""What rules and commands vote, as evidence for the fits of one learner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from txtal.learner.answered import Answered
from txtal.learner.snapshot import Snapshot
from txtal.learner.source import DatasetSource
from txtal.learning.arrays import Floats, Indices
from txtal.learning.contest import Contest
from txtal.learning.stepwise import Steps, UnderWay
from txtal.learning.training import Trainer
from txtal.learning.votes import MOST, Votes, VoteTable
from txtal.store import datasets, votes
from txtal.store.sqlite import Connection
from txtal.text import count
from txtal.types import ONE_OF, LearnerSettings, VoteSource

AT_FIRST = 0.3
"""What an opinion counts beside an answer until there are answers to choose by."""

WEIGHTS = (0.0, 0.3, 1.0)
"""What is chosen from; 0: votes aren't learned from."""

ERRORS = 0.5
"""Standard errors by which held-out answers must be predicted better with votes than without."""

DOUBTED = 2.0
"""Those for rules alone where the labels' names teach. Rules are often written from these names,
and the same evidence twice does harm; on answers picked for being uncertain it looks better.
"""

FEWEST = 20
"""Answers from which the weight is chosen."""

GROWTH = 1.3
"""How many times the answers of the last choice there must be for the next."""

READ = 50_000
"""The most votes on open tickets that are read."""

LEARNED_FROM = ("rule", "pattern", "command", "model")
"""Kinds of sources. What was carried from answers is none: the model has learned those."""


@dataclass(frozen=True, eq=False)
class _VotesRead:
    """The votes of a dataset on tickets that have features."""

    state: object
    """Of what was read."""
    sources: tuple[int, ...]
    """Their ids, in the order in which the table numbers them."""
    rules_only: bool
    """Whether all of them are rules or patterns."""
    rows: Indices
    """(t,): of the tickets with votes, in random order."""
    table: VoteTable


class VoteEvidence:
    """The votes on a dataset's tickets, and how much they count: what predicts held-out answers
    best, so nothing while they do harm.
    """

    def __init__(self, source: DatasetSource, settings: LearnerSettings) -> None:
        self.chosen_at = 0
        """Answers there were at the last choice."""
        self.doubted = False
        """Whether it is rules alone that vote, and the labels' names teach the same, perhaps."""
        self.sources = 0
        """How many vote."""
        self._source = source
        self._seed = settings.seed
        self._chosen: float | None = None
        self._choice: UnderWay[None] | None = None
        self._read: _VotesRead | None = None

    @property
    def weight(self) -> float:
        """What an opinion counts beside an answer; nothing while nobody knows and it is doubted."""
        if self._chosen is None:
            return 0.0 if self.doubted else AT_FIRST
        return self._chosen

    def given_to(self, trainer: Trainer, snapshot: Snapshot) -> Trainer:
        """Return the trainer with the votes as evidence, if there are any."""
        with self._source.reading() as conn:
            read = self._newest(conn, snapshot)
        self.sources = len(read.sources)
        self.doubted = read.rules_only and trainer.evidence is not None
        if not len(read.rows):
            return trainer
        found = _votes(read, snapshot, self._seed)
        return replace(trainer, votes=found, hyper=replace(trainer.hyper, votes=self.weight))

    def _newest(self, conn: Connection, snapshot: Snapshot) -> _VotesRead:
        dataset = datasets.get(conn, self._source.name)
        labels, features = snapshot.scheme.ids, snapshot.features
        state = votes.state(conn, dataset.id), features.made, len(features.ids), labels
        if self._read is None or self._read.state != state:
            heard = [one for one in votes.sources(conn, dataset.id) if one.kind in LEARNED_FROM]
            self._read = _read(conn, dataset.id, heard, snapshot, state, self._seed)
        return self._read

    @property
    def note(self) -> str:
        """Whether votes count, and why; nothing where nobody votes."""
        if not self.sources:
            return ""
        whose = f"votes of {count(self.sources, 'source')}"
        if self._chosen is None and self.doubted:
            return (
                f"{whose}: not learned from until {FEWEST} answers show that they say more than "
                "the labels' names"
            )
        if self._chosen is None:
            return f"{whose}: count {self.weight:g} of an answer until there are {FEWEST} answers"
        held = f"cross-validation of {count(self.chosen_at, 'answer')}"
        if not self.weight:
            return f"{whose}: not learned from, as the model is no better with them ({held})"
        return f"{whose}: count {self.weight:g} of an answer, which was best ({held})"

    def trusted(self, answered: Answered, trainer: Trainer) -> dict[int, float]:
        """Return how often each source is expected to be right, by its id; see ``Opinions``."""
        if trainer.votes is None or self._read is None:
            return {}
        found = trainer.votes.opinions(answered.rows, answered.cells)
        return dict(zip(self._read.sources, found.accuracy.tolist(), strict=True))

    def choose(self, answered: Answered, trainer: Trainer) -> bool:
        """Do one fit to try a weight, if it is time to; return whether more is to be done."""
        if trainer.votes is None:
            return False
        if self._choice is None:
            self._choice = self._begin(answered, trainer)
        if self._choice is None:
            return False
        if not self._choice.step():
            self._choice = None
        return self._choice is not None

    def _begin(self, answered: Answered, trainer: Trainer) -> UnderWay[None] | None:
        if len(answered) < max(FEWEST, GROWTH * self.chosen_at):
            return None
        known = answered.features, answered.rows, answered.cells
        contest = Contest.of(*known, trainer.task, seed=self._seed, fewest=FEWEST)
        if contest is None:
            return None
        self.chosen_at = len(answered)
        return UnderWay(self._choosing(contest, trainer))

    def _choosing(self, contest: Contest, trainer: Trainer) -> Steps[None]:
        tried = {}
        for weight in WEIGHTS:
            hyper = replace(trainer.hyper, votes=weight)
            tried[weight] = yield from contest.scoring(replace(trainer, hyper=hyper))
        self._chosen = _best(tried, self.weight, DOUBTED if self.doubted else ERRORS)


def _best(tried: Mapping[float, Floats], before: float, errors: float) -> float:
    """Return the weight by which held-out answers are predicted best, or 0 where that is chance.

    A gain of fewer standard errors than ``errors`` counts as chance.
    """
    best = max(tried, key=lambda one: (float(tried[one].mean()), one == before))
    gain = tried[best] - tried[0.0]
    chance = errors * float(gain.std(ddof=1)) / np.sqrt(len(gain))
    return best if gain.mean() >= chance else 0.0


def _read(
    conn: Connection,
    dataset_id: int,
    sources: Sequence[VoteSource],
    snapshot: Snapshot,
    state: object,
    seed: int,
) -> _VotesRead:
    """Read the votes of these sources on tickets that have features."""
    numbers = {one.id: number for number, one in enumerate(sources)}
    rules_only = all(one.kind in ("rule", "pattern") for one in sources)
    given = [
        vote
        for vote in (votes.some(conn, dataset_id, READ) if numbers else ())
        if vote.source in numbers
    ]
    columns = {label: column for column, label in enumerate(snapshot.scheme.ids)}
    ids, at = np.unique(np.array([vote.ticket_id for vote in given], np.int64), return_inverse=True)
    rows = snapshot.features.rows(ids)
    named = np.zeros((len(given), len(columns)), np.bool_)
    usable = rows[at] >= 0
    for row, vote in enumerate(given):
        known = [columns[label] for label in vote.labels or () if label in columns]
        named[row, known] = True
        usable[row] &= bool(known) or not vote.labels  # a label that was retired is no vote
    if snapshot.scheme.task in ONE_OF:
        usable &= named.any(axis=1)
    shuffled = np.random.default_rng(seed).permutation(len(ids))
    place = np.empty_like(shuffled)
    place[shuffled] = np.arange(len(ids))
    source = np.array([numbers[vote.source] for vote in given], np.int64)
    table = VoteTable(source[usable], place[at[usable]], named[usable])
    return _VotesRead(state, tuple(numbers), rules_only, rows[shuffled], table)


def _votes(read: _VotesRead, snapshot: Snapshot, seed: int) -> Votes:
    """Part the votes on open tickets from those on answered ones."""
    features = snapshot.features
    has = np.bincount(read.table.at, minlength=len(read.rows)) > 0
    is_open = has & snapshot.is_open[np.maximum(read.rows, 0)]
    taught = is_open & (np.cumsum(is_open) <= MOST)
    answered = has & ~is_open
    order = np.argsort(read.rows[answered])
    measured = read.table.of(answered)
    silent = np.empty((0, features.matrix.shape[1]), np.float32)
    if snapshot.scheme.task not in ONE_OF:
        quiet = np.setdiff1d(snapshot.open_rows, read.rows[has])
        drawn = np.random.default_rng(seed).permutation(quiet)[: min(MOST // 4, int(taught.sum()))]
        silent = np.asarray(features.matrix[drawn], np.float32)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return Votes(
        snapshot.scheme.task,
        len(read.sources),
        np.asarray(features.matrix[read.rows[taught]], np.float32),
        read.table.of(taught),
        silent,
        read.rows[answered][order],
        VoteTable(measured.source, back[measured.at], measured.named),
    )

"""Which tickets to ask next, of what was read and scored, and what is said of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from txtal.learning import model, select, start
from txtal.learning.arrays import Floats, Indices, Mask
from txtal.learning.matrix import IS
from txtal.learning.model import LinearModel
from txtal.learning.strategies import registry
from txtal.learning.strategies.pool import Pool, score
from txtal.types import RANDOM, START, Answer, Dataset, Ranked, Scheme
from txtal.vectors.cache import Features

SIZE = 50
"""Tickets in a ranking: enough for a fast annotator while the next one is made."""

HEAD = 20
"""Labels whose probability is handed on with a ticket."""

NONE: Indices = np.empty(0, np.int64)
"""No rows."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database held when it was read, with a row of features for every ticket."""

    dataset: Dataset
    newest: int
    answers: Sequence[Answer]
    chances: Mapping[int, float | None]
    """Of each answered ticket that it was asked when it was, in that order."""
    audited: frozenset[int]
    """Ids of the tickets that were drawn uniformly, whatever they were asked again for."""
    features: Features
    synthetic: frozenset[int] = frozenset()
    """Ids of the tickets that were composed: no part of the pool."""

    @property
    def scheme(self) -> Scheme:
        return self.dataset.scheme


@dataclass(frozen=True, slots=True)
class OpenTickets:
    """The tickets nobody has answered, and those of them to choose from."""

    is_open: Mask
    """(rows of the features,)."""
    rows: Indices
    """(n,), ascending: those that are."""
    candidates: Indices
    """(c,), ascending: rows of the features, all that are open or the likeliest of them."""
    pool: Pool
    """Of the candidates."""

    @property
    def uniform(self) -> float:
        """The chance of each in a uniform draw."""
        return 1.0 / max(1, len(self.rows))


@dataclass(frozen=True, slots=True)
class Choice:
    """Rows of the features in the order they should be asked, and why."""

    reason: str
    rows: Indices
    scores: Floats | None
    """A score a row."""
    chance: float | None
    """Of being drawn, given the pool; None where it isn't known."""


class Chooser:
    """Chooses by a strategy; the start order, once it is worked out, stays."""

    def __init__(self, strategy: str, seed: int) -> None:
        self._name = strategy
        self._strategy = registry.get(strategy)
        self._traits = registry.traits(strategy)
        self._seed = seed
        self._start: Indices | None = None

    def forget(self) -> None:
        """The features are others now."""
        self._start = None

    def choose(self, waiting: OpenTickets, snapshot: Snapshot) -> Choice:
        """Whom to ask: the start order while there is no model worth asking, then the strategy."""
        if not len(waiting.rows):
            return Choice(self._name, NONE, None, 1.0)
        if not self._traits.from_nothing:
            rows = self._start_rows(waiting, snapshot)
            if len(rows) or waiting.pool.model is None:
                return Choice(START, rows, None, 1.0)
        pool = waiting.pool
        name = self._traits.picked_as or self._name
        scores = score(self._strategy, pool)
        best = select.select(scores, pool.features, SIZE, rng=pool.rng)
        if not len(best):
            drawn = select.audit_sample(len(waiting.rows), SIZE, pool.rng)
            return Choice(RANDOM, waiting.rows[drawn], None, waiting.uniform)
        return Choice(name, waiting.candidates[best], scores[best], self._chance(waiting))

    def _chance(self, waiting: OpenTickets) -> float | None:
        """Of the first ticket to come first; a mixture's own draw is not ours to know."""
        if self._name == RANDOM:
            return waiting.uniform
        return None if ":" in self._name else 1.0

    def _start_rows(self, waiting: OpenTickets, snapshot: Snapshot) -> Indices:
        """Rows of the pool still to be asked in the start order; none once it is over."""
        size = start.start_size(len(snapshot.scheme.labels))
        ready = waiting.pool.model is not None
        if ready and len(snapshot.answers) >= size:
            return NONE
        if self._start is None:
            order = start.start_order(
                snapshot.features.matrix, size, answered=~waiting.is_open, seed=self._seed
            )
            self._start = snapshot.features.ids[order]
        still = snapshot.features.rows(self._start)
        rows = still[waiting.is_open[still]][:SIZE]
        if not len(rows) and not ready:
            rows = waiting.rows[select.audit_sample(len(waiting.rows), SIZE, waiting.pool.rng)]
        return rows


def ranked(
    choice: Choice, snapshot: Snapshot, fitted: LinearModel, calibrated: LinearModel
) -> tuple[Ranked, ...]:
    """The choice with what is suggested by the model as it was fitted, and the probabilities of the
    other, which mean what they say.
    """
    labels, ids = snapshot.scheme.ids, snapshot.features.ids
    features = snapshot.features.matrix[choice.rows]
    decided = model.decide(fitted.predict_proba(features), snapshot.scheme.task) == IS
    proba = calibrated.predict_proba(features)
    scores = [None] * len(choice.rows) if choice.scores is None else choice.scores
    found = []
    for row, chances, chosen, score_ in zip(choice.rows, proba, decided, scores, strict=True):
        likely = np.argsort(-chances, kind="stable") if fitted.ready else NONE
        found.append(
            Ranked(
                ticket_id=int(ids[row]),
                suggestion=tuple(labels[i] for i in likely if chosen[i]),
                probabilities=tuple(
                    (labels[i], round(float(chances[i]), 4)) for i in likely[:HEAD]
                ),
                reason=choice.reason,
                score=None if score_ is None else _finite(score_),
                selection_probability=choice.chance,
            )
        )
    return tuple(found)


def _finite(score: float) -> float | None:
    return round(float(score), 6) if np.isfinite(score) else None

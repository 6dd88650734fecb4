"""Picking the tickets to show next, each with the model's suggestion and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from txtal.learner.fit import NOT_READY, Fit
from txtal.learner.fitter import Fitter, joined
from txtal.learner.pool_features import Neighbours
from txtal.learner.source import DatasetSource
from txtal.learning import model, select, start
from txtal.learning.arrays import Floats, Indices
from txtal.learning.matrix import IS
from txtal.learning.strategies import registry
from txtal.learning.strategies.pool import Place, Pool, score
from txtal.measures.quality import rounded
from txtal.store import leases
from txtal.types import CHOSEN, RANDOM, START, Ranked, Revision
from txtal.vectors.cache import DatasetFeatures
from txtal.vectors.spec import Spec

SIZE = 50
"""Tickets in a ranking: enough for a fast annotator until the next ranking is there."""

HEAD = 20
"""The maximum number of labels whose probability comes with a ticket."""

NONE: Indices = np.empty(0, np.int64)
"""No rows."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The tickets to pick from: all that were open at the fit, or the most promising of them."""

    fit: Fit
    rows: Indices
    """(c,), ascending: their rows in the features."""
    pool: Pool
    """The same tickets, for a strategy to score."""

    @property
    def open_rows(self) -> Indices:
        """(n,), ascending: the rows of all open tickets."""
        return self.fit.snapshot.open_rows

    @property
    def uniform(self) -> float:
        """The probability with which a uniform draw picks a given open ticket."""
        return 1.0 / max(1, len(self.open_rows))


def pool_of(fit: Fit, rows: Indices, source: DatasetSource, rng: np.random.Generator) -> Pool:
    """Return a pool of open tickets, at these rows, for a strategy to score."""
    features = fit.features
    return Pool(
        features=features.matrix[rows],
        task=fit.task,
        model=fit.model if fit.model.ready else None,
        answered=fit.answered.features,
        cells=fit.answered.cells,
        labels=[label.name for label in fit.scheme.labels],
        size=SIZE,
        place=Place(fit.neighbours.herding, rows, fit.answered.rows),
        read_texts=lambda: source.texts(features.ids[rows].tolist()),
        rng=rng,
    )


@dataclass(frozen=True, slots=True)
class Pick:
    """Rows of the features in the order they should be shown, and why."""

    reason: str
    rows: Indices
    scores: Floats | None
    """A score for each row."""
    probability: float | None
    """The selection probability; None if it isn't known."""


class Picker:
    """Picks tickets by a strategy, after a start order that is made once."""

    def __init__(self, strategy: str, seed: int) -> None:
        self._name = strategy
        self._strategy = registry.get(strategy)
        self._traits = registry.traits(strategy)
        self._seed = seed
        self._neighbours: Neighbours | None = None
        self._start: Indices = NONE

    def pick(self, candidates: Candidates) -> tuple[Pick, ...]:
        """Pick the next tickets: from the start order until it is used up, then by the strategy.

        If there is a model, the last tickets of the start order are followed by those that the
        strategy picks, because they may all be answered before the next ranking is there.
        """
        if not len(candidates.open_rows):
            return ()
        if self._traits.from_nothing:
            return (self._by_strategy(candidates),)
        rows, ready = self._start_rows(candidates), candidates.pool.model is not None
        first = Pick(START, rows, None, 1.0)
        if not len(rows):
            return (self._by_strategy(candidates),) if ready else (first,)
        return (first, *self._after(rows, candidates)) if ready else (first,)

    def _after(self, rows: Indices, candidates: Candidates) -> tuple[Pick, ...]:
        """Return the picks that fill up a ranking after these rows."""
        room = SIZE - len(rows)
        if room <= 0:
            return ()
        # A separate generator: the rest of the start order must not change other random choices.
        pool = replace(candidates.pool, rng=candidates.pool.rng.spawn(1)[0])
        found = self._by_strategy(replace(candidates, pool=pool))
        new = np.flatnonzero(~np.isin(found.rows, rows))[:room]
        scores = None if found.scores is None else found.scores[new]
        return (replace(found, rows=found.rows[new], scores=scores),)

    def _by_strategy(self, candidates: Candidates) -> Pick:
        """Pick the rows with the highest scores, or random rows if the strategy has no scores."""
        pool = candidates.pool
        name = self._traits.picked_as or self._name
        scores = score(self._strategy, pool)
        best = select.select(scores, pool.features, SIZE, rng=pool.rng)
        if not len(best):
            drawn = select.audit_sample(len(candidates.open_rows), SIZE, pool.rng)
            return Pick(RANDOM, candidates.open_rows[drawn], None, candidates.uniform)
        return Pick(name, candidates.rows[best], scores[best], self._probability(candidates))

    def _probability(self, candidates: Candidates) -> float | None:
        """Return the probability with which the first ticket is picked; None for a mixture."""
        if self._name == RANDOM:
            return candidates.uniform
        return None if ":" in self._name else 1.0

    def _start_rows(self, candidates: Candidates) -> Indices:
        """Return the open rows of the start order that are left; none once it is over."""
        fit, snapshot = candidates.fit, candidates.fit.snapshot
        size = start.start_size(len(fit.scheme.labels))
        if fit.model.ready and len(snapshot.answers) >= size:
            return NONE
        if self._neighbours is not fit.neighbours:  # other features, or many more of them
            order = start.start_order(
                fit.features.matrix, size, answered=~snapshot.is_open, seed=self._seed
            )
            self._neighbours, self._start = fit.neighbours, fit.features.ids[order]
        still = fit.features.rows(self._start)
        rows = still[snapshot.is_open[still]][:SIZE]
        if not len(rows) and not fit.model.ready:
            rows = candidates.open_rows[
                select.audit_sample(len(candidates.open_rows), SIZE, candidates.pool.rng)
            ]
        return rows


def ranked(pick: Pick, features: DatasetFeatures, fit: Fit) -> tuple[Ranked, ...]:
    """Return the picked tickets with the model's suggestion and calibrated probabilities.

    The picked rows are rows of ``features``.
    """
    labels, rows = fit.scheme.ids, features.matrix[pick.rows]
    decided = model.decide(fit.model.predict_proba(rows), fit.task) == IS
    proba = fit.calibrated.predict_proba(rows)
    scores = [None] * len(pick.rows) if pick.scores is None else pick.scores
    found = []
    for row, shown, chosen, score_ in zip(pick.rows, proba, decided, scores, strict=True):
        best = np.argsort(-shown, kind="stable") if fit.model.ready else NONE
        found.append(
            Ranked(
                ticket_id=int(features.ids[row]),
                suggestion=tuple(labels[i] for i in best if chosen[i]),
                probabilities=_head(labels, shown, best, fit.scheme.scored),
                reason=pick.reason,
                score=None if score_ is None else _finite(score_),
                selection_probability=pick.probability,
            )
        )
    return tuple(found)


def held(fit: Fit, source: DatasetSource) -> tuple[Ranked, ...]:
    """Return what the model thinks of the open tickets that are on screens."""
    with source.reading() as conn:
        rows = fit.features.rows(leases.held(conn, fit.snapshot.log.dataset.id))
    rows = np.intersect1d(rows, fit.snapshot.open_rows)
    return ranked(Pick(CHOSEN, rows, None, None), fit.features, fit) if len(rows) else ()


def _head(
    labels: Sequence[int], shown: Floats, best: Indices, scored: bool
) -> tuple[tuple[int, float], ...]:
    """Return the highest probabilities; for scores all above 0, which the interval needs."""
    head = best if scored else best[:HEAD]
    found = ((labels[i], rounded(float(shown[i]))) for i in head)
    return tuple(pair for pair in found if pair[1] or not scored)


def _finite(score: float) -> float | None:
    return round(float(score), 6) if np.isfinite(score) else None


def revision(fit: Fit, fitter: Fitter, vectoriser: Spec, strategy: str, seconds: float) -> Revision:
    """Return the model version that the store and the screen show for a fit."""
    return Revision(
        answers=len(fit.answered),
        newest=fit.snapshot.log.newest,
        seconds=round(seconds, 4),
        vectoriser=str(vectoriser),
        strategy=strategy,
        headline=fit.measured.headline,
        note=fitter.note if fit.ready else joined(NOT_READY, fitter.of_votes),
        outlook=fitter.outlook,
        measures=fit.measures,
        by_names=fit.by_names,
    )

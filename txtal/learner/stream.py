"""The learner of a stream: fits to what was answered, and scores what has arrived.

Its memory holds the features of the answered tickets and of a sample of the newest, however many
there have been. All others are vectorised once, when they are scored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from txtal.errors import LearnerError
from txtal.learner import measuring
from txtal.learner.answered import Known
from txtal.learner.learner import Learner
from txtal.learner.memory import give_back
from txtal.learner.ranking import Choice, OpenTickets, Snapshot
from txtal.learner.surroundings import Surroundings
from txtal.learning import start
from txtal.learning.arrays import Floats, Indices
from txtal.learning.selective import FEW
from txtal.learning.strategies import registry
from txtal.learning.strategies.pool import Pool, score
from txtal.learning.tuning import Tuning
from txtal.store import answers, arrivals, datasets, schema, tickets
from txtal.store.sqlite import Connection, foreseen
from txtal.types import (
    RANDOM,
    START,
    STREAM,
    Answer,
    Dataset,
    LearnerSettings,
    LearnerStatus,
    Ranked,
    Ranking,
    Revision,
    Scheme,
)
from txtal.vectors.cache import Features
from txtal.vectors.files import Matrix
from txtal.vectors.vectoriser import FIT_TEXTS, Vectoriser

SAMPLE = 2_000
"""The newest tickets, which answers are carried on to; taken anew when as many have arrived."""

SCORED = 256
"""Tickets scored at a time."""

WAITING = 20
"""Tickets that wait to be asked whose suggestion is kept up to date."""


class StreamLearner(Learner):
    """Scores tickets as they arrive; its rankings are of those that wait to be asked."""

    def __init__(
        self,
        path: Path,
        dataset: str,
        settings: LearnerSettings,
        report: Callable[[LearnerStatus], None] | None = None,
    ) -> None:
        super().__init__(path, dataset, settings, report)
        self._strategy = registry.get(registry.for_stream(settings.strategy))
        self._seen = 0
        """Tickets there were when the sample was taken."""
        self._texts_read = 0
        """Texts vectorised since the vectoriser forgot the words of those before."""
        self._learned: tuple[int, Scheme] | None = None
        self._revision: Revision | None = None

    def rank(self) -> Ranking:
        """Learn from the answers if there are new ones, and score what has arrived.

        Raises as :meth:`Learner.rank`.
        """
        began = time.perf_counter()
        with (
            threadpool_limits(self.settings.threads),
            closing(schema.open_readonly(self.path)) as conn,
            foreseen(self.path),
        ):
            dataset = datasets.get(conn, self.name)
            if not dataset.scheme.labels:
                raise LearnerError(f"{self.name}: has no labels, so there is nothing to learn")
            self.scheme = dataset.scheme
            total = tickets.count(conn, dataset.id)
            if not total:
                return Ranking(Revision(0, 0, 0.0, str(self._spec), self.settings.strategy), ())
            anew = self._sample(conn, dataset.id, total)
            if anew:
                give_back()
            there = answers.newest(conn, dataset.id), dataset.scheme
            if self._revision is None or anew or there != self._learned:
                self._revision = self._learn(conn, dataset, there[0], began)
                self._learned = there
            waiting = arrivals.waiting(conn, dataset.id, WAITING)
            unsettled = arrivals.unsettled(conn, dataset.id, SCORED)
            return Ranking(
                self._revision,
                self._opinions(conn, dataset, waiting, STREAM),
                scored=self._scored(conn, dataset, unsettled, bool(waiting)),
            )

    # --- features ---------------------------------------------------------------------------

    def _sample(self, conn: Connection, dataset_id: int, total: int) -> bool:
        """Take the sample anew if it is time to; whether the features are others now."""
        known = self.features
        fit = known is None or outgrown(known, total)
        if not fit and total < self._seen + SAMPLE:
            return False
        self._report(LearnerStatus("vectorising", self._notice))
        if known is None or fit:
            newest = tickets.newest(conn, dataset_id, FIT_TEXTS)
            vectoriser = Vectoriser.fit(self._spec, tickets.texts(conn, newest)).repacked()
            self._regression = None
            self._tuning = Tuning(len(vectoriser.widths), self.settings.seed)
            pool, kept = total, np.empty(0, np.int64)
        else:
            newest = tickets.newest(conn, dataset_id, SAMPLE)
            vectoriser, pool = known.vectoriser, known.pool
            kept = np.setdiff1d(self._known.matrix.ticket_ids if self._known else [], newest)
        sample = newest[-SAMPLE:]
        matrix = _kept(self._vectorised(conn, sample, vectoriser))
        features = Features(np.array(sample, np.int64), matrix, vectoriser, pool, str(total))
        self._surroundings = Surroundings.of(features, total)
        if known is not None and len(kept):
            features = _with(features, kept, known.matrix[known.rows(kept)])
        self._take(features)
        self._seen = total
        return True

    def _vectorised(
        self, conn: Connection, ticket_ids: Sequence[int], vectoriser: Vectoriser
    ) -> Floats:
        """The features of these tickets (n, d).

        The words of those before are let go of now and then: a stream never runs out of new ones.
        """
        if self._texts_read >= SAMPLE:
            vectoriser.forget()
            give_back()
            self._texts_read = 0
        self._texts_read += len(ticket_ids)
        return vectoriser.transform(tickets.texts(conn, ticket_ids))

    def _take(self, features: Features) -> None:
        assert self._surroundings is not None
        self.features = features
        self._surroundings.sample.grown(features.matrix)

    def _meet(self, conn: Connection, standing: Sequence[Answer]) -> Features:
        """The features, with those of every answered ticket among them."""
        assert self.features is not None
        answered = np.unique([answer.ticket_id for answer in standing]).astype(np.int64)
        missing = answered[self.features.rows(answered) < 0]
        if len(missing):
            rows = self._vectorised(conn, missing.tolist(), self.features.vectoriser)
            self._take(_with(self.features, missing, rows))
        return self.features

    # --- learning ---------------------------------------------------------------------------

    def _learn(self, conn: Connection, dataset: Dataset, newest: int, began: float) -> Revision:
        self._report(LearnerStatus("training"))
        self._standing = standing = answers.standing(conn, dataset.id)
        audited = answers.drawn(conn, dataset.id, dataset.scheme.task)
        features = self._meet(conn, standing)
        chances = self._as_from_a_pool(
            answers.chances(conn, dataset.id), audited, tickets.count(conn, dataset.id)
        )
        snapshot = Snapshot(dataset, newest, standing, chances, audited, features)
        self._known = known = Known.of(standing, dataset.scheme, features)
        self._fit(known)
        measures = self._measure(known, snapshot, self._open(known, snapshot))
        return self._noted(snapshot, measures, began)

    def _as_from_a_pool(
        self, answered: Iterable[int], audited: Collection[int], there: int
    ) -> dict[int, float | None]:
        """The chance of each as if it were drawn from a pool of so many, as measures weigh it.

        Of a stream, too, the audit's share of questions is drawn uniformly, and the others are not.
        """
        share = self.settings.audit
        return {one: share / there if one in audited else 1 - share for one in answered}

    def _sample_of_open(self, snapshot: Snapshot, waiting: OpenTickets) -> tuple[Floats, int]:
        """Of all that has arrived, as the audit is, and not of the newest alone."""
        with closing(schema.open_readonly(self.path)) as conn, foreseen(self.path):
            total = tickets.count(conn, snapshot.dataset.id)
            drawn = tickets.sample(conn, snapshot.dataset.id, measuring.POOL)
            drawn = sorted(set(drawn) - set(snapshot.chances))
            rows = self._vectorised(conn, drawn, snapshot.features.vectoriser)
        return rows, total - len(snapshot.chances)

    # --- scoring ----------------------------------------------------------------------------

    def _opinions(
        self,
        conn: Connection,
        dataset: Dataset,
        ticket_ids: Sequence[int],
        reason: str,
        *,
        scored: bool = False,
    ) -> tuple[Ranked, ...]:
        """What the model thinks of these tickets, in their order; their features aren't kept."""
        if not ticket_ids:
            return ()
        assert self.features is not None
        assert self.model is not None
        features = Features(
            np.array(ticket_ids, np.int64),
            _kept(self._vectorised(conn, ticket_ids, self.features.vectoriser)),
            self.features.vectoriser,
            self.features.pool,
            self.features.made,
        )
        scores = None
        if scored and self.model.ready:
            rng = np.random.default_rng([self.settings.seed, ticket_ids[0]])
            pool = Pool(
                features.matrix[:],
                dataset.scheme.task,
                self.model,
                answered=self._known.features if self._known else None,
                cells=self._known.cells if self._known else None,
                labels=[label.name for label in dataset.scheme.labels],
                read_texts=lambda: tickets.texts(conn, ticket_ids),
                rng=rng,
            )
            scores = score(self._strategy, pool)
        choice = Choice(reason, np.arange(len(ticket_ids)), scores, None)
        return self._ranked(choice, Snapshot(dataset, 0, (), {}, frozenset(), features))

    def _scored(
        self, conn: Connection, dataset: Dataset, ticket_ids: Sequence[int], some_wait: bool
    ) -> tuple[Ranked, ...]:
        """Of the tickets that have arrived the first to start with, the others by the model.

        There is nothing to be said of those before the first ``FEW`` answers: while those are to
        come, they wait.
        """
        assert self.model is not None
        assert self._revision is not None
        begun = max(arrivals.spending(conn, dataset.id).asked, self._revision.answers)
        starting = max(0, start.start_size(len(dataset.scheme.labels)) - begun)
        first = self._opinions(conn, dataset, ticket_ids[:starting], START)
        if self._revision.answers < FEW and (first or some_wait):
            return first
        chosen = self.model.ready and self.settings.strategy != RANDOM
        reason = STREAM if chosen else RANDOM
        rest = self._opinions(conn, dataset, ticket_ids[starting:], reason, scored=True)
        return (*first, *rest)


def outgrown(features: Features, tickets: int) -> bool:
    """Whether to fit anew: to twice the texts of the last fit, and once to as many as one sees.

    The last but one isn't so near to the last that it would be in vain.
    """
    if not features.vectoriser.learns or features.pool >= FIT_TEXTS:
        return False
    doubled = 2 * features.pool
    return tickets > (doubled if 2 * doubled <= FIT_TEXTS else FIT_TEXTS - 1)


def _with(features: Features, ids: Indices, rows: Floats) -> Features:
    """The features with more rows after those there are."""
    return Features(
        np.concatenate([features.ids, ids]),
        _kept(np.vstack([features.matrix[:], rows])),
        features.vectoriser,
        features.pool,
        features.made,
    )


def _kept(rows: Floats) -> Matrix:
    """In memory as the cache has them on the disk."""
    return Matrix(rows.astype(np.float16))

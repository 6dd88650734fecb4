"""The learner of a stream: fits to what was answered, and scores what has arrived.

Its memory holds the features of the answered tickets and of a sample of the newest, however many
there have been. All others are vectorised once, when they are scored.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing

import numpy as np
from threadpoolctl import threadpool_limits

from txtal.errors import LearnerError
from txtal.learner.known import Known
from txtal.learner.learner import (
    RANDOM,
    Choice,
    Learner,
    OpenTickets,
    Snapshot,
    Surroundings,
)
from txtal.learning import start
from txtal.learning.arrays import Floats, Indices
from txtal.learning.herding import Herding
from txtal.learning.matrix import answer_matrix
from txtal.learning.neighbourhood import Neighbourhood
from txtal.learning.propagation import Propagation
from txtal.learning.strategies import registry
from txtal.learning.strategies.pool import Pool, score
from txtal.learning.tuning import Tuning
from txtal.session import LearnerStatus
from txtal.store import answers, arrivals, datasets, schema, tickets
from txtal.store.sqlite import Connection, foreseen
from txtal.stream import FEW, STREAM, pointwise
from txtal.types import AUDIT, START, Dataset, Ranked, Ranking, Revision, Scheme
from txtal.vectors.cache import Features
from txtal.vectors.vectoriser import FIT_TEXTS, Vectoriser

SAMPLE = 2_000
"""The newest tickets, which answers are carried on to; taken anew when as many have arrived."""

SCORED = 256
"""Tickets scored at a time."""

WAITING = 20
"""Tickets that wait to be asked whose suggestion is kept up to date."""


class StreamLearner(Learner):
    """Scores tickets as they arrive; its rankings are of those that wait to be asked."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self._strategy = registry.get(pointwise(self.settings.strategy))
        self._place: dict[int, int] = {}
        """The row of each ticket that there are features of."""
        self._seen = 0
        """Tickets there were when the sample was taken."""
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
            if not tickets.count(conn, dataset.id):
                return Ranking(Revision(0, 0, 0.0, str(self._spec), self.settings.strategy), ())
            new_features = self._sample(conn, dataset.id)
            known_to_be = answers.newest(conn, dataset.id), dataset.scheme
            if self._revision is None or new_features or known_to_be != self._learned:
                self._revision = self._learn(conn, dataset, known_to_be[0], began)
                self._learned = known_to_be
            waiting = [one.ticket_id for one in arrivals.waiting(conn, dataset.id, WAITING)]
            unsettled = arrivals.unsettled(conn, dataset.id, SCORED)
            return Ranking(
                self._revision,
                self._opinions(conn, waiting),
                scored=self._scored(conn, dataset.id, unsettled, bool(waiting)),
            )

    # --- features ---------------------------------------------------------------------------

    def _sample(self, conn: Connection, dataset_id: int) -> bool:
        """Take the sample anew if it is time to; whether the features are others now."""
        total = tickets.count(conn, dataset_id)
        known = self.features
        outgrown = known is None or (
            known.vectoriser.learns and min(total, FIT_TEXTS) > 2 * known.vectoriser.fit_texts
        )
        if known is not None and not outgrown and total < self._seen + SAMPLE:
            return False
        self._report(LearnerStatus("vectorising", self._notice))
        newest = tickets.newest(conn, dataset_id, FIT_TEXTS if outgrown else SAMPLE)
        if known is None or outgrown:
            vectoriser = Vectoriser.fit(self._spec, tickets.texts(conn, newest))
            self._regression = None
            self._tuning = Tuning(len(vectoriser.widths), self.settings.seed)
            held: list[int] = []
        else:
            vectoriser = known.vectoriser
            held = self._known.matrix.ticket_ids.tolist() if self._known else []
        sample = newest[-SAMPLE:]
        kept = sorted(set(held) - set(sample))
        matrix = vectoriser.transform(tickets.texts(conn, sample))
        rows = [self._place[ticket_id] for ticket_id in kept]
        around = Neighbourhood(matrix)
        if known is not None and rows:
            matrix = np.vstack([matrix, known.matrix[rows]])
        around.grow(matrix)
        self._surroundings = Surroundings(Propagation(around), Herding(around))
        self._place = {ticket_id: row for row, ticket_id in enumerate([*sample, *kept])}
        self.features = Features(np.array([*sample, *kept], np.int64), matrix, vectoriser)
        self._seen = total
        return True

    def _rows(self, conn: Connection, ticket_ids: Sequence[int]) -> Indices:
        """The rows of these tickets' features, those made first that there are none of yet."""
        assert self.features is not None
        assert self._surroundings is not None
        missing = [ticket_id for ticket_id in ticket_ids if ticket_id not in self._place]
        if missing:
            made = self.features.vectoriser.transform(tickets.texts(conn, missing))
            self._place |= {one: len(self._place) + at for at, one in enumerate(missing)}
            matrix = np.vstack([self.features.matrix, made])
            ids = np.concatenate([self.features.ids, np.array(missing, np.int64)])
            self.features = Features(ids, matrix, self.features.vectoriser)
            self._surroundings.herding.sample.grow(matrix)
        return np.array([self._place[ticket_id] for ticket_id in ticket_ids], np.int64)

    # --- learning ---------------------------------------------------------------------------

    def _learn(self, conn: Connection, dataset: Dataset, newest: int, began: float) -> Revision:
        self._report(LearnerStatus("training"))
        standing = answers.standing(conn, dataset.id)
        matrix = answer_matrix(standing, dataset.scheme)
        rows = self._rows(conn, matrix.ticket_ids.tolist())
        assert self.features is not None
        features = np.asarray(self.features.matrix[rows])
        self._known = known = Known(features, rows, matrix, dataset.scheme.ids)
        self._fit(known)
        self._standing = standing
        audited = answers.asked_as(conn, dataset.id, AUDIT)
        snapshot = Snapshot(dataset, newest, standing, audited, self.features)
        self._measure(known, snapshot)
        return self._noted(snapshot, began)

    # --- scoring ----------------------------------------------------------------------------

    def _pool_of(self, conn: Connection, ticket_ids: Sequence[int]) -> OpenTickets:
        """Tickets to be judged, their features made for it and not kept."""
        assert self.features is not None
        assert self.model is not None
        features = self.features.vectoriser.transform(tickets.texts(conn, ticket_ids))
        ids = np.array(ticket_ids, np.int64)
        rng = np.random.default_rng([self.settings.seed, ticket_ids[0]])
        return OpenTickets(
            ids, Pool(features, self._task, self.model if self.model.ready else None, rng=rng)
        )

    def _opinions(
        self, conn: Connection, ticket_ids: Sequence[int], reason: str = "", scored: bool = False
    ) -> tuple[Ranked, ...]:
        """What the model thinks of these tickets, in their order."""
        if not ticket_ids:
            return ()
        assert self.scheme is not None
        tickets_there = self._pool_of(conn, ticket_ids)
        scores: Floats | None = None
        if scored and tickets_there.pool.model is not None:
            scores = score(self._strategy, tickets_there.pool)
        choice = Choice(reason, np.arange(len(ticket_ids)), scores, None)
        return self._ranked(choice, tickets_there, self.scheme)

    def _scored(
        self, conn: Connection, dataset_id: int, ticket_ids: Sequence[int], some_wait: bool
    ) -> tuple[Ranked, ...]:
        """Of the tickets that have arrived the first to start with, the others by the model.

        There is nothing to be said of those before the first ``FEW`` answers: while those are to
        come, they wait.
        """
        assert self.scheme is not None
        assert self.model is not None
        assert self._revision is not None
        begun = max(arrivals.spending(conn, dataset_id).asked, self._revision.answers)
        starting = max(0, start.start_size(len(self.scheme.labels)) - begun)
        first = self._opinions(conn, ticket_ids[:starting], START)
        if self._revision.answers < FEW and (first or some_wait):
            return first
        reason = STREAM if self.model.ready else RANDOM
        return (*first, *self._opinions(conn, ticket_ids[starting:], reason, scored=True))

"""The features a stream's learner keeps: of answered tickets, and of a sample of the newest.

However many tickets there have been, all others are vectorised once, when they are scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from txtal.learner.memory import give_back
from txtal.learner.pool_features import Neighbours, Vectorised
from txtal.learning.arrays import Floats, Indices
from txtal.store import tickets
from txtal.store.sqlite import Connection
from txtal.types import Answer
from txtal.vectors.cache import DatasetFeatures
from txtal.vectors.files import Matrix
from txtal.vectors.spec import Spec
from txtal.vectors.vectoriser import FIT_TEXTS, Vectoriser

SAMPLE = 2_000
"""The newest tickets, to which labels are propagated; replaced when as many have arrived."""


class StreamFeatures:
    """Fits a vectoriser to what has arrived, and again as that grows; keeps few features.

    Everything raises DatabaseError, and LearnerError when the texts can't be vectorised.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._there: Vectorised | None = None
        self._seen = 0
        """Tickets there were when the sample was taken."""
        self._read = 0
        """Texts vectorised since the vectoriser forgot the words of those before."""

    def is_old(self, total: int) -> bool:
        """Return whether to take a new sample, now that there are so many tickets."""
        there = self._there
        return there is None or outgrown(there.features, total) or total >= self._seen + SAMPLE

    def meet(
        self, conn: Connection, dataset_id: int, total: int, answers: Sequence[Answer]
    ) -> Vectorised:
        """Return a sample that isn't too old, with the features of every answered ticket."""
        answered = np.unique([answer.ticket_id for answer in answers]).astype(np.int64)
        there = self._there
        if there is None or self.is_old(total):
            there = self._sample(conn, dataset_id, total, answered)
        missing = answered[there.features.rows(answered) < 0]
        if len(missing):
            rows = self.vectorise(conn, missing.tolist(), there.features.vectoriser)
            there = replace(there, features=_with(there.features, missing, rows))
        there.neighbours.sample.grown(there.features.matrix)
        self._there = there
        return there

    def _sample(
        self, conn: Connection, dataset_id: int, total: int, answered: Indices
    ) -> Vectorised:
        """Take the newest tickets, and what the features of answered ones there are."""
        before = self._there.features if self._there else None
        if before is None or outgrown(before, total):
            newest = tickets.newest(conn, dataset_id, FIT_TEXTS)
            vectoriser = Vectoriser.fit(self._spec, tickets.texts(conn, newest)).repacked()
            before, pool, made = None, total, str(total)
        else:
            newest = tickets.newest(conn, dataset_id, SAMPLE)
            vectoriser, pool, made = before.vectoriser, before.pool, before.made
        ids = np.array(newest[-SAMPLE:], np.int64)
        matrix = _stored(self.vectorise(conn, ids.tolist(), vectoriser))
        features = DatasetFeatures(ids, matrix, vectoriser, pool, made)
        neighbours = Neighbours.of(features, total)
        if before is not None:
            kept = np.setdiff1d(answered, newest)
            rows = before.rows(kept)
            features = _with(features, kept[rows >= 0], before.matrix[rows[rows >= 0]])
        self._seen = total
        give_back()
        return Vectorised(features, neighbours)

    def vectorise(self, conn: Connection, ids: Sequence[int], vectoriser: Vectoriser) -> Floats:
        """Return the features of these tickets (n, d), which aren't kept.

        Now and then the words of those before are forgotten: a stream never runs out of new ones.
        """
        if self._read >= SAMPLE:
            vectoriser.forget()
            give_back()
            self._read = 0
        self._read += len(ids)
        return vectoriser.transform(tickets.texts(conn, ids))


def outgrown(features: DatasetFeatures, tickets: int) -> bool:
    """Return whether to fit again: at twice the texts of the last fit, and once at the maximum.

    The last fit but one isn't so near to the last that it would be wasted.
    """
    if not features.vectoriser.learns or features.pool >= FIT_TEXTS:
        return False
    doubled = 2 * features.pool
    return tickets > (doubled if 2 * doubled <= FIT_TEXTS else FIT_TEXTS - 1)


def only(features: DatasetFeatures, ids: Sequence[int], rows: Floats) -> DatasetFeatures:
    """Return features of these tickets alone, in their order, by the same vectoriser."""
    return replace(features, ids=np.array(ids, np.int64), matrix=_stored(rows))


def _with(features: DatasetFeatures, ids: Indices, rows: Floats) -> DatasetFeatures:
    """Append more rows to the features."""
    return replace(
        features,
        ids=np.concatenate([features.ids, ids]),
        matrix=_stored(np.vstack([features.matrix[:], rows])),
    )


def _stored(rows: Floats) -> Matrix:
    """Keep rows in memory as the cache has them on the disk."""
    return Matrix(rows.astype(np.float16))

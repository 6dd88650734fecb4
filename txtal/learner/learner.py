"""What the learner does between a poke and a ranking: read, vectorise, fit, score, select."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from txtal.learning import evaluate, model
from txtal.learning.matrix import AnswerMatrix, answer_matrix
from txtal.learning.model import LinearModel
from txtal.learning.strategies import registry
from txtal.recipes import load_file
from txtal.session import LearnerStatus
from txtal.store import answers, datasets, schema, tickets
from txtal.store.sqlite import foreseen
from txtal.types import Answer, Dataset, Estimate, LearnerSettings, Ranking
from txtal.vectors import spec
from txtal.vectors.cache import FeatureCache, Features

SIZE = 50
"""Tickets in a ranking: enough for a fast annotator while the next one is made."""

AUDIT_SIZE = 20
"""Uniformly drawn tickets that come with it."""

HEAD = 20
"""Labels whose probability is handed on with a ticket."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database held when it was read."""

    dataset: Dataset
    newest: int
    answers: Sequence[Answer]


class Learner:
    """Makes rankings from the database alone; every call starts from what is there now."""

    def __init__(
        self,
        path: Path,
        dataset: str,
        settings: LearnerSettings,
        report: Callable[[LearnerStatus], None] = lambda status: None,
        cache_folder: Path | None = None,
    ) -> None:
        if settings.code:
            load_file(Path(settings.code))
        self.path = path
        self.name = dataset
        self.settings = settings
        self.model: LinearModel | None = None
        self.features: Features | None = None
        self._report = report
        self._cache_folder = cache_folder
        self._strategy = registry.get(settings.strategy)
        self._spec, self._notice = spec.resolve(settings.vectoriser)
        self._start_order: list[int] = []
        self._audit: Estimate | None = None
        self._audited = 0

    def rank(self) -> Ranking:
        """Learn from the answers there are and say whom to ask next.

        Raises DatabaseError, or LearnerError when the texts can't be vectorised.
        """
        began = time.perf_counter()
        with threadpool_limits(self.settings.threads):
            snapshot = self._read()
            features = self._vectorise(snapshot)
            self._report(LearnerStatus("training"))
            matrix = answer_matrix(snapshot.answers, snapshot.dataset.scheme)
            self._fit(features, matrix, snapshot)
            ranking = self._rank(features, matrix, snapshot)
        seconds = time.perf_counter() - began
        return replace(ranking, revision=replace(ranking.revision, seconds=round(seconds, 4)))

    def _read(self) -> Snapshot:
        with closing(schema.open_readonly(self.path)) as conn, foreseen(self.path):
            dataset = datasets.get(conn, self.name)
            # The newest id is read before the answers: they may hold more than it says, never less.
            newest = answers.newest(conn, dataset.id)
            return Snapshot(dataset, newest, answers.standing(conn, dataset.id))

    def _vectorise(self, snapshot: Snapshot) -> Features:
        with closing(schema.open_readonly(self.path)) as conn, foreseen(self.path):
            dataset_id = snapshot.dataset.id
            known = int(self.features.ids[-1]) if self.features and len(self.features.ids) else 0
            if self.features is not None and not tickets.ids_after(conn, dataset_id, known):
                return self.features
            folder = self._cache_folder or cache_folder(self.path, dataset_id)
            self._report(LearnerStatus("vectorising", progress=0.0))
            self.features = FeatureCache(folder).ensure(
                tickets.ids_after(conn, dataset_id),
                lambda ids: tickets.texts(conn, ids),
                self._spec,
                seed=self.settings.seed,
                progress=self._progress,
            )
        self._start_order = []
        return self.features

    def _progress(self, done: int, total: int | None) -> None:
        self._report(LearnerStatus("vectorising", progress=done / total if total else None))

    def _fit(self, features: Features, matrix: AnswerMatrix, snapshot: Snapshot) -> None:
        rows = np.searchsorted(features.ids, matrix.ticket_ids)
        X = np.asarray(features.matrix[rows])
        task = snapshot.dataset.scheme.task
        self.model = model.fit(X, matrix.cells, task, start=self.model)
        self._estimate(X, matrix, snapshot)

    def _estimate(self, X: np.ndarray, matrix: AnswerMatrix, snapshot: Snapshot) -> None:
        """Measure again once there are a tenth more audit answers: it costs several fits."""
        audits = {a.ticket_id for a in snapshot.answers if a.ranked and a.ranked.reason == "audit"}
        mask = np.isin(matrix.ticket_ids, list(audits))
        count = int(mask.sum())
        if count < 1.1 * self._audited and count >= self._audited:
            return
        task = snapshot.dataset.scheme.task
        self._audit = evaluate.audit_estimate(X, matrix.cells, mask, task, seed=self.settings.seed)
        self._audited = count

    def _rank(self, features: Features, matrix: AnswerMatrix, snapshot: Snapshot) -> Ranking:
        rng = np.random.default_rng([self.settings.seed, len(snapshot.answers)])
        answered = [answer.ticket_id for answer in snapshot.answers]
        open_rows = np.flatnonzero(~np.isin(features.ids, answered))
        raise NotImplementedError


def cache_folder(path: Path, dataset_id: int) -> Path:
    """Where a dataset's features are cached: beside the database, and free to be deleted."""
    return path.with_name(f"{path.name}.cache") / str(dataset_id)

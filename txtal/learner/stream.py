"""The learner of a stream: fits a model to the answers, and scores what has arrived."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from txtal.errors import LearnerError
from txtal.learner import measuring
from txtal.learner.advising import advised
from txtal.learner.explain import explanation
from txtal.learner.fit import Fit
from txtal.learner.fitter import Fitter
from txtal.learner.idle import Idle
from txtal.learner.language import spec_of
from txtal.learner.ranking import Pick, ranked, revision
from txtal.learner.snapshot import AnswerLog, Snapshot
from txtal.learner.source import DatasetSource
from txtal.learner.stream_features import StreamFeatures, only
from txtal.learning import start
from txtal.learning.arrays import Floats
from txtal.learning.selective import FEW
from txtal.learning.strategies import registry
from txtal.learning.strategies.pool import Pool, score
from txtal.recipes.recipe import load_code
from txtal.store import answers, arrivals, datasets, leases, tickets
from txtal.store.sqlite import Connection
from txtal.types import (
    CHOSEN,
    RANDOM,
    START,
    STREAM,
    Advised,
    Cluster,
    Explanation,
    LearnerSettings,
    LearnerStatus,
    Ranked,
    Ranking,
    Revision,
)
from txtal.vectors.cache import DatasetFeatures
from txtal.vectors.spec import resolve

SCORED = 256
"""Tickets scored at a time."""

WAITING = 20
"""Waiting tickets whose suggestion is kept up to date."""


class _DescribedFit(NamedTuple):
    """A fit, and how it was described when it was new."""

    fit: Fit
    revision: Revision


class StreamLearner:
    """Scores tickets as they arrive; its rankings are of those that wait to be shown.

    Everything raises DatabaseError, UsageError for settings that can't be, and LearnerError when
    there are no labels or the texts can't be vectorised.
    """

    def __init__(
        self,
        path: Path,
        dataset: str,
        settings: LearnerSettings,
        report: Callable[[LearnerStatus], None] = lambda status: None,
    ) -> None:
        """``report`` hears what the learner is doing."""
        load_code(settings.code)
        self.source = DatasetSource(path, dataset, settings.compute.threads)
        self.settings = settings
        self.idle = Idle(
            settle=self._settle,
            measure=self._measure,
            compare_names=lambda: self.fitter.compare_names(self.fit),
            weigh_votes=lambda: self.fitter.weigh_votes(self.fit),
            leave_out=lambda: self.fitter.leave_out(self.fit),
            look_ahead=lambda: self.fitter.look_ahead(self.fit),
        )
        self._report = report
        with self.source.reading() as conn:
            spoken, of_language = spec_of(conn, dataset, settings.vectoriser)
        self._spec, missing = resolve(spoken)
        self._notice = "; ".join(filter(None, (of_language, missing)))
        self._strategy = registry.get(registry.for_stream(settings.strategy))
        self._features = StreamFeatures(self._spec)
        self.fitter = Fitter(self.source, settings)
        self._version: _DescribedFit | None = None
        self.outdated = False
        """Whether the model was measured since the last ranking. A new sample of tickets is taken
        only when it is time to rank anyway."""

    @property
    def fit(self) -> Fit | None:
        """The newest; None before the first."""
        return self._version.fit if self._version else None

    # --- learning ---------------------------------------------------------------------------

    def learn(self, *, measure: bool = True) -> Fit:
        """Fit a model to the answers if there are new ones, and measure it if it is time to.

        What a stream's model is worth is measured with every new fit, whatever is asked.
        """
        with self.source.reading() as conn:
            return self._newest(conn, measure_later=False).fit

    def _newest(self, conn: Connection, *, measure_later: bool) -> _DescribedFit:
        """Return the newest fit, made now if answers, labels or many tickets have come since."""
        began = time.perf_counter()
        dataset = datasets.get(conn, self.source.name)
        total = tickets.count(conn, dataset.id)
        newest = answers.newest(conn, dataset.id)
        if self._version is not None and not self._features.is_old(total):
            log = self._version.fit.snapshot.log
            if (newest, dataset.scheme) == (log.newest, log.dataset.scheme):
                return self._version
        self._version = self._learn(conn, total, began, measure_later)
        return self._version

    def _learn(
        self, conn: Connection, total: int, began: float, measure_later: bool
    ) -> _DescribedFit:
        log = AnswerLog.read(conn, self.source)
        if not total:
            raise LearnerError(f"{self.source.name} has no tickets yet to learn from")
        if self._features.is_old(total):
            self._report(LearnerStatus("vectorising", self._notice))
        there = self._features.meet(conn, log.dataset.id, total, log.answers)
        self._report(LearnerStatus("training"))
        snapshot = Snapshot(self._as_from_a_pool(log, total), there.features)
        before = self.fit
        fit = self.fitter.fit(
            snapshot,
            there.neighbours,
            before,
            lambda: self._sample_of_open(conn, snapshot),
            later=measure_later,
        )
        if self.outdated and before is not None and fit.measures is None:
            fit = before.given_to(fit)
        return self._described_fit(fit, time.perf_counter() - began)

    def _described_fit(self, fit: Fit, seconds: float) -> _DescribedFit:
        described = revision(fit, self.fitter, self._spec, self.settings.strategy, seconds)
        return _DescribedFit(fit, described)

    def _as_from_a_pool(self, log: AnswerLog, total: int) -> AnswerLog:
        """Set selection probabilities as if each ticket was drawn from a pool of so many.

        So measures weigh them: of a stream, too, the audit's fraction of tickets is drawn
        uniformly, and the others are not.
        """
        audit = self.settings.audit
        selection = {
            one: audit / total if one in log.audited else 1 - audit for one in log.selection
        }
        return replace(log, selection=selection)

    def _sample_of_open(self, conn: Connection, snapshot: Snapshot) -> tuple[Floats, int]:
        """Draw from all that has arrived, as the audit does, and not from the newest alone.

        Returns the features (p, d), and how many tickets are open.
        """
        dataset_id, answered = snapshot.log.dataset.id, snapshot.log.selection
        drawn = set(tickets.sample(conn, dataset_id, measuring.POOL)) - set(answered)
        rows = self._features.vectorise(conn, sorted(drawn), snapshot.features.vectoriser)
        return rows, tickets.count(conn, dataset_id) - len(answered)

    # --- ranking ----------------------------------------------------------------------------

    def rank(self, *, measure_later: bool = False) -> Ranking:
        """Learn from the answers if there are new ones, and score what has arrived.

        Measuring that takes long may be left to pauses.
        """
        with self.source.reading() as conn:
            dataset = datasets.get(conn, self.source.name)
            if dataset.scheme.labels and not tickets.count(conn, dataset.id):
                nothing = Revision(0, 0, 0.0, str(self._spec), self.settings.strategy)
                return Ranking(nothing, ())
            fit, described = self._newest(conn, measure_later=measure_later)
            self.outdated = False
            waiting = arrivals.waiting(conn, dataset.id, WAITING)
            pending = arrivals.pending(conn, dataset.id, SCORED)
            return Ranking(
                described,
                self._described(conn, fit, waiting, STREAM),
                scored=self._scored(conn, fit, pending, bool(waiting)),
                held=self._described(conn, fit, leases.held(conn, dataset.id), CHOSEN),
            )

    def _scored(
        self, conn: Connection, fit: Fit, ticket_ids: Sequence[int], some_wait: bool
    ) -> tuple[Ranked, ...]:
        """Score the tickets that have arrived: the first to start with, others by the model.

        Before the first ``FEW`` answers the model can't tell: while those are to come, others wait.
        """
        learned = len(fit.snapshot.answers)
        begun = max(arrivals.spending(conn, fit.snapshot.log.dataset.id).asked, learned)
        starting = max(0, start.start_size(len(fit.scheme.labels)) - begun)
        first = self._described(conn, fit, ticket_ids[:starting], START)
        if learned < FEW and (first or some_wait):
            return first
        chosen = fit.model.ready and self.settings.strategy != RANDOM
        reason = STREAM if chosen else RANDOM
        rest = self._described(conn, fit, ticket_ids[starting:], reason, scored=True)
        return (*first, *rest)

    def _described(
        self,
        conn: Connection,
        fit: Fit,
        ticket_ids: Sequence[int],
        reason: str,
        *,
        scored: bool = False,
    ) -> tuple[Ranked, ...]:
        """Describe these tickets by the model, in their order; their features aren't kept."""
        if not ticket_ids:
            return ()
        rows = self._features.vectorise(conn, ticket_ids, fit.features.vectoriser)
        features = only(fit.features, ticket_ids, rows)
        scores = self._score(fit, features) if scored and fit.model.ready else None
        return ranked(Pick(reason, np.arange(len(ticket_ids)), scores, None), features, fit)

    def _score(self, fit: Fit, features: DatasetFeatures) -> Floats:
        """Score tickets (n,) one by one, as they would be in a pool."""
        pool = Pool(
            features=features.matrix[:],
            task=fit.task,
            model=fit.model,
            answered=fit.answered.features,
            cells=fit.answered.cells,
            labels=[label.name for label in fit.scheme.labels],
            read_texts=lambda: self.source.texts(features.ids.tolist()),
            rng=np.random.default_rng([self.settings.seed, int(features.ids[0])]),
        )
        return score(self._strategy, pool)

    # --- when there is nothing better to do -------------------------------------------------

    def _settle(self) -> bool:
        settled = self.fitter.settle(self.fit)
        if settled is not None and self._version is not None:
            self._version = self._version._replace(fit=settled)
        return settled is not None

    def _measure(self) -> bool:
        """Do one fit to measure the model; once it is measured, a ranking says so."""
        version = self._version
        if version is None:
            return False
        measured = self.fitter.measure(version.fit, lambda: self._sample_now(version.fit.snapshot))
        if measured is None:
            return False
        if measured is not version.fit:
            self._version = self._described_fit(measured, version.revision.seconds)
            self.outdated = True
        return True

    def _sample_now(self, snapshot: Snapshot) -> tuple[Floats, int]:
        with self.source.reading() as conn:
            return self._sample_of_open(conn, snapshot)

    # --- when asked to ----------------------------------------------------------------------

    def explain(self, ticket_id: int, label_id: int) -> Explanation:
        """Weigh the words of a ticket for a label; none without a model."""
        return explanation(self.fit, self.source, ticket_id, label_id)

    def gather(self, ticket_id: int) -> Cluster:
        """Find nothing: of a stream only a sample of the newest tickets is in memory."""
        return Cluster(ticket_id, ())

    def advise(self) -> Advised:
        """Look for faults of the labels, by the answers and the newest tickets."""
        with self.source.computing():
            return advised(self.fit or self.learn(), self.source)

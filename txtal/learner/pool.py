"""The learner of a pool: fits a model to the answers, and picks the tickets to show next."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from txtal.engine.fallback import steadfast
from txtal.errors import TxtalError
from txtal.learner import drifting, measuring
from txtal.learner.advising import advised
from txtal.learner.answered import Answered
from txtal.learner.behind import Behind
from txtal.learner.clustering import cluster_of
from txtal.learner.explain import explanation
from txtal.learner.fit import Fit
from txtal.learner.fitter import Fitter
from txtal.learner.idle import Idle
from txtal.learner.language import opening
from txtal.learner.pool_features import Neighbours, PoolFeatures
from txtal.learner.ranking import SIZE, Candidates, Pick, Picker, held, pool_of, ranked, revision
from txtal.learner.snapshot import AnswerLog, Snapshot
from txtal.learner.source import DatasetSource
from txtal.learner.suspects import shown_again, suspected
from txtal.learner.sweeping import Sweeper
from txtal.learner.synthetic import composed
from txtal.learning import select
from txtal.learning.arrays import Floats, Indices
from txtal.recipes.recipe import load_code
from txtal.store import cache_folder, datasets, tickets
from txtal.store.load_lock import is_loading
from txtal.store.sqlite import Connection
from txtal.types import (
    AUDIT,
    Advised,
    Cluster,
    Explanation,
    LearnerSettings,
    LearnerStatus,
    Ranked,
    Ranking,
    Suspect,
)
from txtal.vectors import spec
from txtal.vectors.cache import FeatureCache

BEHIND = "behind"
"""The folder of features that don't serve yet, in that of those that do."""

AUDIT_SIZE = 20
"""Tickets drawn uniformly that come with each ranking."""


class PoolLearner:
    """Makes rankings from the database alone; every call starts from what is there now.

    Everything raises DatabaseError, UsageError for settings that can't be, and LearnerError when
    there are no labels or the texts can't be vectorised.
    """

    def __init__(
        self,
        path: Path,
        dataset: str,
        settings: LearnerSettings,
        report: Callable[[LearnerStatus], None] = lambda status: None,
        cache: Path | None = None,
        tell: Callable[[str], None] = lambda notice: None,
    ) -> None:
        """``report`` hears what the learner is doing, ``tell`` what the annotator should know.

        ``cache`` is a folder for features in the place of the one beside the database.
        """
        load_code(settings.code)
        engine = steadfast(settings.compute.engine, settings.compute.scheduler, tell)
        self.source = DatasetSource(path, dataset, settings.compute.threads)
        self.settings = settings
        self.fit: Fit | None = None
        """The newest; None before the first."""
        watch = drifting.Watch(self.source, tell)
        self.idle = Idle(
            store_neighbours=lambda: self._features.store_neighbours(),
            grow=self._grow,
            sweep=self._sweep,
            settle=self._settle,
            measure=self._measure,
            compare_names=lambda: self.fitter.compare_names(self.fit),
            weigh_votes=lambda: self.fitter.weigh_votes(self.fit),
            leave_out=lambda: self.fitter.leave_out(self.fit),
            look_ahead=lambda: self.fitter.look_ahead(self.fit),
            read_behind=self._read_behind,
            notice_drift=lambda: watch.look(self.fit),
        )
        self._report = report
        with self.source.reading() as conn:
            spoken, said = opening(conn, dataset, settings.vectoriser)
            name = datasets.cache_name(conn, datasets.get(conn, dataset).id)
        wanted, notice = spec.resolve(spoken)
        folder = cache or cache_folder(path) / name

        def loading() -> bool:
            return is_loading(path, name)

        def progress(done: int, total: int | None) -> None:
            report(LearnerStatus("vectorising", notice, done / total if total else None))

        self._features = PoolFeatures(
            FeatureCache(folder) if cache else FeatureCache(folder, engine),
            wanted,
            self.source.texts,
            progress,
            loading,
        )
        known = replace(settings, vectoriser=str(spoken))
        self._behind = _better_of(known, self.source, folder / BEHIND, loading, tell)
        if said:
            tell(said)
        self.fitter = Fitter(self.source, settings)
        self._picker = Picker(settings.strategy, settings.seed)
        self._sweeper = Sweeper(settings.strategy, self.source, engine, settings.seed)
        self._unsaid: Fit | None = None
        """One that was measured in a pause, until the next ranking says so."""
        self._since: int | None = None
        """Of what is new, the tickets are above this; None before the first ranking."""

    # --- learning ---------------------------------------------------------------------------

    def learn(self, *, measure: bool = True, measure_later: bool = False) -> Fit:
        """Fit a model to the answers there are, and measure it if it is time to.

        Measuring that takes long may be left to pauses.
        """
        with self.source.reading() as conn:
            snapshot, neighbours = self._read(conn)
            self._report(LearnerStatus("training"))
            self.fit = self.fitter.fit(
                snapshot, neighbours, self.fit, lambda: self.sample_of_open(snapshot),
                measured=measure, later=measure_later,
            )  # fmt: skip
            unsaid, self._unsaid = self._unsaid, None
            if unsaid is not None and self.fit.measures is None:
                self.fit = unsaid.given_to(self.fit)
            return self.fit

    def _read(self, conn: Connection) -> tuple[Snapshot, Neighbours]:
        """Read the answers, and vectorise what is new."""
        log = AnswerLog.read(conn, self.source)
        there = self._features.meet(
            tickets.ids_after(conn, log.dataset.id, self._features.last),
            [answer.ticket_id for answer in log.answers],
        )
        return Snapshot(log, there.features), there.neighbours

    def complete(self, *, measure: bool = True) -> Fit:
        """Learn with the features of every ticket, however many there are."""
        fit = self.learn(measure=measure)
        grew = False
        while self.idle.grow():
            grew = True
        return self.learn(measure=measure) if grew else fit

    def newest(self) -> Fit:
        """Return the newest fit; learn first where there is none."""
        return self.fit or self.learn()

    def sample_of_open(self, snapshot: Snapshot) -> tuple[Floats, int]:
        """Return the features of open tickets drawn uniformly (p, d), and how many are open."""
        rng = np.random.default_rng(self.settings.seed)  # not the one that tickets are picked with
        rows = snapshot.open_rows
        drawn = select.audit_sample(len(rows), measuring.POOL, rng)
        return np.asarray(snapshot.features.matrix[rows[drawn]]), len(rows)

    # --- ranking ----------------------------------------------------------------------------

    def rank(self, *, measure_later: bool = False) -> Ranking:
        """Learn from the answers there are, and pick the tickets to show next."""
        began = time.perf_counter()
        fit = self.learn(measure_later=measure_later)
        with self.source.computing():
            candidates = self._candidates(fit)
            self._sweeper.begin(candidates)
            picked = [
                one
                for pick in self._picker.pick(candidates)
                for one in ranked(pick, fit.features, fit)
            ]
            audit = select.audit_sample(len(candidates.open_rows), AUDIT_SIZE, candidates.pool.rng)
            uniform = Pick(AUDIT, candidates.open_rows[audit], None, candidates.uniform)
            seconds = time.perf_counter() - began
            return Ranking(
                revision(fit, self.fitter, self._features.spec, self.settings.strategy, seconds),
                tuple(picked),
                ranked(uniform, fit.features, fit),
                self._suspects(fit) if self.settings.ranking.suspects else (),
                composed(candidates, self.source) if self.settings.ranking.synthesise else (),
                held(fit, self.source),
            )

    def _candidates(self, fit: Fit) -> Candidates:
        """Gather the tickets of a fit to pick from."""
        rng = np.random.default_rng([self.settings.seed, len(fit.snapshot.answers)])
        rows = self._sweeper.candidates(fit, rng)
        done = fit.features.rows(sorted(fit.snapshot.log.labelled))
        left = rows[~np.isin(rows, done)]
        rows = left if len(left) else rows  # what the model labelled under a bound comes last
        if self.settings.ranking.new:
            rows = self._new_of(fit, rows)
        return Candidates(fit, rows, pool_of(fit, rows, self.source, rng))

    def _new_of(self, fit: Fit, rows: Indices) -> Indices:
        """Keep the tickets loaded after the newest that was answered at first; all if none is."""
        if self._since is None:
            answered = (one.ticket_id for one in fit.snapshot.answers)
            self._since = max(set(answered) - fit.snapshot.log.synthetic, default=0)
        new = rows[fit.features.ids[rows] > self._since]
        return new if len(new) else rows

    def _suspects(self, fit: Fit) -> tuple[Ranked, ...]:
        found = suspected(fit.snapshot, fit.answered, fit.trainer)
        return tuple(shown_again(one, fit.task) for one in found[:SIZE])

    @property
    def outdated(self) -> bool:
        """Whether it is time to rank: there are far more features, or the model was measured."""
        if self.fit is None:
            return False
        return self._unsaid is not None or self._features.outdates(self.fit.features)

    # --- when asked to, or when there is nothing better to do -------------------------------

    def explain(self, ticket_id: int, label_id: int) -> Explanation:
        """Weigh the words of a ticket for a label; none without a model."""
        return explanation(self.fit, self.source, ticket_id, label_id)

    def gather(self, ticket_id: int) -> Cluster:
        """Find the open tickets like one that the model gives the same label."""
        return cluster_of(self.fit, self.source, ticket_id)

    def advise(self) -> Advised:
        """Look for faults of the labels."""
        with self.source.computing():
            return advised(self.newest(), self.source)

    def suspects(self) -> list[Suspect]:
        """Return the answers that are probably wrong, the most suspect first, on all cores.

        No model of all the answers is needed for it, so none is fitted.
        """
        with self.source.reading() as conn:
            snapshot, neighbours = self._read(conn)
            trainer = self.fitter.trainer(snapshot, neighbours)
        self._report(LearnerStatus("training"))
        with self.source.computing():
            return suspected(snapshot, Answered.of(snapshot), trainer, os.cpu_count() or 1)

    def _grow(self) -> bool:
        with self.source.computing():
            grown = self._features.grow()
        if grown is not None and self._features.complete:
            self._report(LearnerStatus("ready"))
        return grown is not None

    def _settle(self) -> bool:
        settled = self.fitter.settle(self.fit)
        if settled is not None:
            self.fit = settled
        return settled is not None

    def _measure(self) -> bool:
        """Do one fit to measure the model; once it is measured, a ranking says so."""
        fit = self.fit
        measured = self.fitter.measure(fit, lambda: self.sample_of_open(self.newest().snapshot))
        if measured is None:
            return False
        if measured is not fit:
            self.fit = self._unsaid = measured
        return True

    def _sweep(self) -> bool:
        """Score a block of the pool, unless the next ranking is of other features."""
        fit = self.fit
        return fit is not None and self._features.serves(fit.features) and self._sweeper.step()

    def _read_behind(self) -> bool:
        if self._behind is None or not self._features.complete:
            return False
        with self.source.computing():
            try:
                if self._behind.step(self.fit) or self._behind.compare(self.fit):
                    return True
                if not self._behind.better:
                    return False
            except TxtalError:  # a session continues with the features that it has
                self._behind = None
                return False
            self._features, self._behind = self._behind.features, None
        return True


def _better_of(
    settings: LearnerSettings,
    source: DatasetSource,
    folder: Path,
    loading: Callable[[], bool],
    tell: Callable[[str], None],
) -> Behind | None:
    """Return what may take over from the features of ``auto``; None where nothing may."""
    better = spec.better(settings.vectoriser)
    if better is None:
        return None
    features = PoolFeatures(
        FeatureCache(folder),
        better,
        source.texts,
        lambda done, total: None,
        loading,
        behind=True,
    )
    return Behind(features, source, tell, settings.seed)

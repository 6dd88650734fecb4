"""What the learner does between a poke and a ranking: read, vectorise, fit, score, select."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from txtal.engine import LOCAL
from txtal.engine.fallback import steadfast
from txtal.errors import LearnerError
from txtal.learner import measuring, stopping
from txtal.learner.answered import Known
from txtal.learner.candidates import MOST, Sweep, uniform
from txtal.learner.explain import weigh
from txtal.learner.measuring import Found
from txtal.learner.pool_features import Growth
from txtal.learner.ranking import (
    NONE,
    SIZE,
    Choice,
    Chooser,
    OpenTickets,
    Snapshot,
    ranked,
)
from txtal.learner.surroundings import Surroundings, remember, remembered
from txtal.learner.suspects import LeftOut, asked_again, doubted, left_out
from txtal.learner.sweeping import Blocks, Sweeping, closed_rows
from txtal.learner.synthetic import compose
from txtal.learning import calibrate, select
from txtal.learning.arrays import Floats, Indices
from txtal.learning.model import LinearModel
from txtal.learning.strategies import registry
from txtal.learning.strategies.pool import Place, Pool, score
from txtal.learning.training import Hyperparameters, Trainer
from txtal.learning.tuning import Tuning
from txtal.recipes.recipe import load_file, shipped
from txtal.store import answers, cache_folder, datasets, revisions, schema, synthetic, tickets
from txtal.store.load_lock import is_loading
from txtal.store.sqlite import Connection, foreseen
from txtal.text import count
from txtal.types import (
    AUDIT,
    RANDOM,
    SYNTHETIC,
    Answer,
    Composed,
    Explanation,
    LearnerSettings,
    LearnerStatus,
    Measures,
    Outlook,
    Ranked,
    Ranking,
    Revision,
    Scheme,
    Suspect,
    Task,
)
from txtal.vectors import spec
from txtal.vectors.cache import FeatureCache, Features
from txtal.vectors.files import Matrix

AUDIT_SIZE = 20
"""Uniformly drawn tickets that come with it."""


class Learner:
    """Makes rankings from the database alone; every call starts from what is there now."""

    def __init__(
        self,
        path: Path,
        dataset: str,
        settings: LearnerSettings,
        report: Callable[[LearnerStatus], None] | None = None,
        cache_folder: Path | None = None,
        tell: Callable[[str], None] = lambda notice: None,
    ) -> None:
        """``report`` hears what it is doing, ``tell`` what the annotator should know."""
        shipped()  # what the shipped recipes register can be named anywhere
        if settings.code:
            load_file(Path(settings.code))
        self.path = path
        self.name = dataset
        self.settings = settings
        self.scheme: Scheme | None = None
        self.features: Features | None = None
        self.model: LinearModel | None = None
        self._regression: LinearModel | None = None
        self._surroundings: Surroundings | None = None
        self._prepared: tuple[str, Surroundings] | None = None
        self._kept: Surroundings | None = None
        self._report = report or (lambda status: None)
        self._engine = steadfast(settings.engine, settings.scheduler, tell)
        self._cache = FeatureCache(cache_folder) if cache_folder else None
        self._growth: Growth | None = None
        self._sweep = Sweep()
        self._blocks = Blocks(self._engine)
        self._swept: Iterator[Floats] | None = None
        self._snapshot: Snapshot | None = None
        self._waiting: OpenTickets | None = None
        self._strategy = registry.get(settings.strategy)
        self._chooser = Chooser(settings.strategy, settings.seed)
        self._spec, self._notice = spec.resolve(settings.vectoriser)
        self._tuning: Tuning | None = None
        self._known: Known | None = None
        self._standing: Sequence[Answer] = ()
        self._outlook: Outlook | None = None
        self._left_out = LeftOut()
        self._found = Found()

    def rank(self) -> Ranking:
        """Learn from the answers there are and say whom to ask next.

        Raises DatabaseError, or LearnerError when the texts can't be vectorised.
        """
        began = time.perf_counter()
        with (
            threadpool_limits(self.settings.threads),
            closing(schema.open_readonly(self.path)) as conn,
            foreseen(self.path),
        ):
            snapshot = self._read(conn)
            self._report(LearnerStatus("training"))
            self._known = known = Known.of(snapshot.answers, snapshot.scheme, snapshot.features)
            self._fit(known)
            waiting = self._open(known, snapshot)
            measures = self._measure(known, snapshot, waiting)
            self._snapshot, self._waiting = snapshot, waiting
            if registry.traits(self.settings.strategy).swept:
                self._sweep.again(len(waiting.is_open))
                self._swept = None
            return self._ranking(waiting, snapshot, measures, began)

    def explain(self, ticket_id: int, label_id: int) -> Explanation:
        """Which words of the ticket speak for the label, and which against; none without a model.

        Raises DatabaseError.
        """
        words: tuple[tuple[str, float], ...] = ()
        labels = self._known.labels if self._known else ()
        if self.model and self.model.ready and self.features and label_id in labels:
            with (
                threadpool_limits(self.settings.threads),
                closing(schema.open_readonly(self.path)) as conn,
                foreseen(self.path),
            ):
                text = tickets.get(conn, ticket_id).text
            words = weigh(self.features.vectoriser, self.model, text, labels.index(label_id))
        return Explanation(ticket_id, label_id, words)

    def suspects(self) -> list[Suspect]:
        """The answers that are probably wrong, the most suspect first.

        Raises as :meth:`rank`, which this does first.
        """
        self.rank()
        with threadpool_limits(self.settings.threads):
            return self._doubted()

    def _doubted(self) -> list[Suspect]:
        assert self._known is not None
        return doubted(self._known, self._trainer(), self._standing)

    def grow(self) -> bool:
        """Vectorise the next part of a pool too large to wait for; whether there was one."""
        if self._growth is None:
            return False
        with threadpool_limits(self.settings.threads):
            grew = self._growth.step(self._texts)
        if grew and self._growth.features:
            self._adopt(self._growth.features)
            if self._growth.complete:
                self._report(LearnerStatus("ready", self.chosen))
        return grew

    @property
    def outdated(self) -> bool:
        """Whether the features have become so many, or others, that it is time to rank again."""
        if self._snapshot is None or self.features is None or self._growth is None:
            return False
        then, now = self._snapshot.features, self.features
        return (
            now.made != then.made
            or len(now.ids) >= 2 * len(then.ids)
            or (len(now.ids) > len(then.ids) and self._growth.complete)
        )

    def sweep(self) -> bool:
        """Score the next block of a pool too large to be scored at once; whether there was one."""
        waiting, snapshot, known = self._waiting, self._snapshot, self._known
        if waiting is None or snapshot is None or known is None or not waiting.pool.model:
            return False
        if snapshot.features is not self.features:
            return False  # they have grown: the next ranking has them all

        elsewhere = self._engine is not LOCAL and registry.can_travel(self.settings.strategy)
        if elsewhere and self._swept is None:
            work = Sweeping(
                self.settings.strategy,
                self._pool_of(NONE, known, snapshot),
                closed_rows(waiting.is_open),
                self.settings.seed,
            )
            ahead = self._sweep.ahead(waiting.is_open)
            self._swept = self._blocks.scores(work, snapshot.features, ahead)

        def scored(rows: Indices) -> tuple[Floats, Floats]:
            if self._swept is not None:
                return next(self._swept), snapshot.features.matrix[rows]
            pool = self._pool_of(rows, known, snapshot)
            return score(self._strategy, pool), pool.features

        with threadpool_limits(self.settings.threads):
            return self._sweep.step(
                waiting.is_open, scored, lambda *of: select.select(*of, rng=waiting.pool.rng)
            )

    def work(self) -> bool:
        """A step of what can wait until there is nothing better to do; whether there is more."""
        wanted = (self._remember, self.grow, self.sweep, self.sort_out, self.look_ahead, self.tune)
        return any(step() for step in wanted)

    def sort_out(self) -> bool:
        """Find the answers that a robust fit leaves out, if it is time to; whether it was.

        It takes several fits; the next ranking goes by what came of it.
        """
        known = self._known
        if not self.settings.robust or not known or self._task != "exclusive":
            return False
        if not self._left_out.is_old(len(known.cells)):
            return False
        with threadpool_limits(self.settings.threads):
            self._left_out = left_out(known, self._trainer())
        return True

    def look_ahead(self) -> bool:
        """Find out whether it is worth going on, if it is time to; whether it was.

        It takes several fits; the next rankings tell what came of it.
        """
        known, model, features = self._known, self.model, self.features
        if self.scheme is None or self.scheme.task == "rating":
            return False  # what is measured of grades is their error, not macro-F1
        wishes = stopping.Wishes(self.settings.stop_gain, self.settings.stop_at)
        if not wishes or not known or not model or not model.ready or not features:
            return False
        known = known.without(self._left_out.tickets)
        if not stopping.due(len(known.cells), self._outlook):
            return False
        with (
            threadpool_limits(self.settings.threads),
            closing(schema.open_readonly(self.path)) as conn,
            foreseen(self.path),
        ):
            self._outlook = stopping.look_ahead(
                known,
                self._standing,
                self._trainer(),
                model,
                self.calibrated,
                features.matrix,
                stopping.stop_rows(len(features.ids), self.settings.seed),
                revisions.curve(conn, datasets.get(conn, self.name).id),
                wishes,
            )
        return self._outlook is not None

    @property
    def outlook(self) -> Outlook | None:
        """What :meth:`look_ahead` found last."""
        return self._outlook

    def tune(self) -> bool:
        """Try an alternative for the next fits, if it is time to; whether another waits.

        For when there is nothing better to do: it takes several fits.
        """
        if self._tuning is None or self._known is None:
            return False
        known = self._known
        with threadpool_limits(self.settings.threads):
            return self._tuning.step(
                known.features,
                known.rows,
                known.cells,
                self._task,
                lambda hyper, *answered: self._trainer(hyper).model(*answered),
            )

    @property
    def chosen(self) -> str:
        """What the search ended with and why; nothing before its first end."""
        return self._tuning.why if self._tuning else ""

    @property
    def _remark(self) -> str:
        """What is not as usual about the fit."""
        left = len(self._left_out.tickets)
        without = f"robust: learns nothing from {count(left, 'answer')}" if left else ""
        return "; ".join(part for part in (self.chosen, without) if part)

    @property
    def calibrated(self) -> LinearModel:
        """The model as it is shown and taken away: it decides as the one that chooses whom to ask,
        but its probabilities mean what they say, once there are enough answers to tell."""
        assert self.model is not None
        assert self._known is not None
        heat = self._found.temperature
        if heat == 1.0:
            return self.model
        unseen = calibrate.unseen_share(self._known.cells) if self._task == "exclusive" else 0.0
        return self.model.calibrated(heat, unseen)

    @property
    def adapted(self) -> bool:
        """Whether something was found to be better than the usual settings."""
        return self._tuning is not None and self._tuning.adapted

    @property
    def _task(self) -> Task:
        assert self.scheme is not None
        return self.scheme.task

    def _trainer(self, hyper: Hyperparameters | None = None) -> Trainer:
        assert self._tuning is not None
        assert self._surroundings is not None
        assert self.features is not None
        return Trainer(
            self._task,
            hyper or self._tuning.chosen,
            self.features.vectoriser.widths,
            self._surroundings.propagation,
            seed=self.settings.seed,
        )

    # --- reading ----------------------------------------------------------------------------

    def _read(self, conn: Connection) -> Snapshot:
        dataset = datasets.get(conn, self.name)
        self.scheme = dataset.scheme
        if not dataset.scheme.labels:
            raise LearnerError(f"{self.name}: has no labels, so there is nothing to learn")
        # The newest id is read before the answers: they may hold more than it says, never less.
        newest = answers.newest(conn, dataset.id)
        standing = answers.standing(conn, dataset.id)
        audited = answers.drawn(conn, dataset.id, dataset.scheme.task)
        chances = answers.chances(conn, dataset.id)
        self._standing = standing
        features = self._vectorise(conn, dataset.id, standing)
        composed = synthetic.ids(conn, dataset.id)
        return Snapshot(dataset, newest, standing, chances, audited, features, composed)

    def _vectorise(self, conn: Connection, dataset_id: int, standing: Sequence[Answer]) -> Features:
        """The features there are; the cache vectorises only what is new."""
        if self._cache is None:
            beside = cache_folder(self.path)
            self._cache = FeatureCache(beside / datasets.cache_name(conn, dataset_id), self._engine)
        if self._growth is None:
            name = datasets.cache_name(conn, dataset_id)
            self._growth = Growth(
                self._cache,
                self._spec,
                self._progress,
                lambda: is_loading(self.path, name),
                self._prepare,
            )
        features = self._growth.meet(
            tickets.ids_after(conn, dataset_id, self._growth.last),
            [answer.ticket_id for answer in standing],
            lambda ids: tickets.texts(conn, ids),
        )
        self._adopt(features)
        return features

    def _adopt(self, features: Features) -> None:
        """Take these features in the place of those there were; what hangs on them goes, too."""
        assert self._growth is not None
        before, self.features = self.features, features
        if features is before:
            return
        again = before is None or before.made != features.made
        if again:
            # Weights, choices and measures belong to the features they were found with.
            self._regression = None
            self._found = Found()
            self._tuning = Tuning(len(features.vectoriser.widths), self.settings.seed)
            self._sweep.forget()
        there = self._surroundings
        if again or there is None:
            if self._prepared is None or self._prepared[0] != features.made:
                self._prepare(features)
            assert self._prepared is not None
            self._surroundings, self._prepared = self._prepared[1], None
        else:
            self._surroundings = there.kept_up(features, self._growth.tickets)
        if self._surroundings is not there:
            self._chooser.forget()

    def _prepare(self, features: Features) -> None:
        """Find the neighbours: the longest part of a first ranking, for which nobody should wait
        while there are other features to serve.
        """
        assert self._growth is not None
        assert self._cache is not None
        there = self._growth.tickets
        self._kept = remembered(self._cache, features, self._spec)
        found = self._kept.kept_up(features, there) if self._kept else None
        found = found or Surroundings.of(features, there)
        if self.features is not None:
            found.sample.near  # noqa: B018 - kept once it was asked for
        self._prepared = features.made, found

    def _remember(self) -> bool:
        """Keep the neighbours for the next sitting, if they aren't yet; whether it was done now."""
        found = self._surroundings
        if found is None or found is self._kept or not (self._growth and self._cache):
            return False
        assert self.features is not None
        if remember(found, self._cache, self.features, self._spec):
            self._kept = found
        return found is self._kept

    def _texts(self, ids: Sequence[int]) -> list[str]:
        """The texts of these tickets."""
        with closing(schema.open_readonly(self.path)) as conn, foreseen(self.path):
            return tickets.texts(conn, ids)

    def _progress(self, done: int, total: int | None) -> None:
        share = done / total if total else None
        self._report(LearnerStatus("vectorising", self._notice, share))

    # --- learning ---------------------------------------------------------------------------

    def _fit(self, known: Known) -> None:
        trainer, known = self._trainer(), known.without(self._left_out.tickets)
        self._regression = trainer.regression(known.features, known.cells, self._regression)
        self.model = trainer.finish(self._regression, known.features, known.rows, known.cells)

    # --- measuring --------------------------------------------------------------------------

    def _measure(self, known: Known, snapshot: Snapshot, waiting: OpenTickets) -> Measures | None:
        """Measure again once there are a tenth more answers; None when it wasn't time to."""
        assert self.model is not None
        audited = np.isin(known.matrix.ticket_ids, list(snapshot.audited))
        if not self.model.ready or not measuring.enough(len(audited), int(audited.sum())):
            self._found = Found()
            return None
        trainer = self._trainer()
        if not self._found.is_old(len(audited), trainer.hyper):
            return None
        answered = measuring.Answered(
            known.features,
            known.rows,
            known.cells,
            known.matrix.ticket_ids,
            audited,
            snapshot.chances,
        )
        sample, open_tickets = self._sample_of_open(snapshot, waiting)
        self._found = measuring.measure(answered, trainer, self.model, sample, open_tickets)
        measures = self._found.measures
        return measures and measuring.by_label(measures, known.labels)

    def _sample_of_open(self, snapshot: Snapshot, waiting: OpenTickets) -> tuple[Floats, int]:
        """The features of open tickets drawn uniformly (p, d), and how many are open."""
        rng = np.random.default_rng(self.settings.seed)  # not the pool's, which chooses whom to ask
        drawn = select.audit_sample(len(waiting.rows), measuring.POOL, rng)
        return np.asarray(snapshot.features.matrix[waiting.rows[drawn]]), len(waiting.rows)

    # --- ranking ----------------------------------------------------------------------------

    def _open(self, known: Known, snapshot: Snapshot) -> OpenTickets:
        assert self._surroundings is not None
        features = snapshot.features
        is_open = np.ones(len(features.ids), np.bool_)
        answered = [answer.ticket_id for answer in snapshot.answers]
        taken = features.rows([*answered, *snapshot.synthetic])
        is_open[taken[taken >= 0]] = False
        rows = np.flatnonzero(is_open)
        rng = np.random.default_rng([self.settings.seed, len(snapshot.answers)])
        if self.settings.strategy == RANDOM:
            candidates = uniform(rows, MOST, rng)
        else:
            candidates = self._sweep.candidates(rows, self._surroundings.sample.rows, is_open, rng)
        pool = self._pool_of(candidates, known, snapshot, rng)
        return OpenTickets(is_open, rows, candidates, pool)

    def _pool_of(
        self,
        rows: Indices,
        known: Known,
        snapshot: Snapshot,
        rng: np.random.Generator | None = None,
    ) -> Pool:
        """Some open tickets for a strategy to score."""
        assert self.model is not None
        assert self._surroundings is not None
        features = snapshot.features
        return Pool(
            features=features.matrix[rows],
            task=snapshot.scheme.task,
            model=self.model if self.model.ready else None,
            answered=known.features,
            cells=known.cells,
            labels=[label.name for label in snapshot.scheme.labels],
            size=SIZE,
            place=Place(self._surroundings.herding, rows, known.rows),
            read_texts=lambda: self._texts(features.ids[rows].tolist()),
            rng=rng or np.random.default_rng(self.settings.seed),
        )

    def _ranking(
        self, waiting: OpenTickets, snapshot: Snapshot, measures: Measures | None, began: float
    ) -> Ranking:
        choice = self._chooser.choose(waiting, snapshot)
        audit = select.audit_sample(len(waiting.rows), AUDIT_SIZE, waiting.pool.rng)
        uniform_choice = Choice(AUDIT, waiting.rows[audit], None, waiting.uniform)
        revision = self._noted(snapshot, measures, began)
        return Ranking(
            revision,
            self._ranked(choice, snapshot),
            self._ranked(uniform_choice, snapshot),
            self._suspected() if self.settings.suspects else (),
            self._composed(waiting, snapshot) if self.settings.synthesise else (),
        )

    def _noted(self, snapshot: Snapshot, measures: Measures | None, began: float) -> Revision:
        return Revision(
            answers=len(snapshot.answers),
            newest=snapshot.newest,
            seconds=round(time.perf_counter() - began, 4),
            vectoriser=str(self._spec),
            strategy=self.settings.strategy,
            audit=self._found.headline,
            note=self._remark if self.model and self.model.ready else _NOT_READY,
            outlook=self._outlook,
            measures=measures,
        )

    def _composed(self, waiting: OpenTickets, snapshot: Snapshot) -> tuple[Composed, ...]:
        """Texts of two tickets each that the model is in doubt about."""
        if waiting.pool.model is None:
            return ()
        ids, features = snapshot.features.ids[waiting.candidates], snapshot.features
        found = compose(
            waiting.pool,
            lambda rows: self._texts(ids[list(rows)].tolist()),
            features.vectoriser.transform,
        )
        if not found:
            return ()
        rows = features.vectoriser.transform([one.text for one in found])
        made = replace(features, ids=np.arange(len(found)), matrix=Matrix(rows.astype(np.float16)))
        doubt = np.array([one.doubt for one in found], np.float32)
        choice = Choice(SYNTHETIC, np.arange(len(found)), doubt, None)
        ranked = self._ranked(choice, replace(snapshot, features=made))
        return tuple(
            Composed(one.text, (int(ids[one.rows[0]]), int(ids[one.rows[1]])), its)
            for one, its in zip(found, ranked, strict=True)
        )

    def _ranked(self, choice: Choice, snapshot: Snapshot) -> tuple[Ranked, ...]:
        assert self.model is not None
        return ranked(choice, snapshot, self.model, self.calibrated)

    def _suspected(self) -> tuple[Ranked, ...]:
        return tuple(asked_again(one, self._task) for one in self._doubted()[:SIZE])


_NOT_READY = "the model needs answers of two kinds"

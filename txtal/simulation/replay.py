"""The runs themselves, through the very same session and learner."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from txtal.annotators.applying import apply_rules
from txtal.annotators.rules import read_quota
from txtal.learner.idle import caught_up
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.learning import evaluate, grades, model
from txtal.learning.arrays import Indices
from txtal.session.session import Session
from txtal.session.setup import Background, Policy
from txtal.simulation.annotator import Gold, Labelled, answers, task_of
from txtal.simulation.heldout import cells_of, held_out
from txtal.simulation.journal import Journal
from txtal.simulation.runs import Config, Full, Plan, Point, Run
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection
from txtal.types import Dataset, LearnerSettings, Question, Scheme, Verdict
from txtal.vectors.cache import DatasetFeatures, FeatureCache

Progress = Callable[[Config, int, int], None]
"""Called with the configuration and seed of a run, and the number of answers given."""


def _nobody(config: Config, seed: int, count: int) -> None:
    """Tell nobody: another process draws no progress."""


class Simulation:
    """The runs of a plan over one pool and one test file."""

    def __init__(
        self, pool: Labelled, test: Labelled, plan: Plan, folder: Path, journal: Journal
    ) -> None:
        self.pool = pool
        self.test = held_out(pool, test, "the test file")
        self._given = test
        self.plan = plan
        self.folder = folder
        self.journal = journal
        self.task = task_of(pool)
        self.budget = min(plan.budget, len(pool.records))
        self._test: tuple[str, np.ndarray] | None = None

    @property
    def missing(self) -> list[tuple[Config, int]]:
        """The runs that the journal doesn't have yet."""
        return [key for key in self.plan.runs if key not in self.journal.runs]

    def runs(self, progress: Progress, jobs: int = 1) -> Iterator[Run]:
        """Each missing run, kept in the journal before it is yielded; in turn with one job.

        With more, so many processes work at once, and what is done first comes first.
        ``progress`` is called with the configuration, seed and answers given, at every
        answer if runs are done in turn.
        """
        for run in self._in_turn(progress) if jobs == 1 else self._at_once(jobs):
            self.journal.add_run(run)
            yield run

    def _in_turn(self, progress: Progress) -> Iterator[Run]:
        for number, (config, seed) in enumerate(self.missing):
            yield self._run(number, config, seed, progress)

    def _at_once(self, jobs: int) -> Iterator[Run]:
        """Yield runs of processes that share the features, which are made before they start."""
        from joblib import Parallel, delayed

        missing = self.missing
        for config in {config.vectoriser: config for config, _ in missing}.values():
            self._begin("features", config)
        alone = Simulation(self.pool, self._given, self.plan, self.folder, Journal())
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="n_jobs")
        yield from parallel(
            delayed(alone._run)(number, config, seed, _nobody)
            for number, (config, seed) in enumerate(missing)
        )

    def _begin(self, name: str, config: Config) -> None:
        """Make the features as a run does, whichever is to be the first."""
        path = self.folder / f"{name}-{self.plan.vectorisers.index(config.vectoriser)}.db"
        with closing(schema.open_database(path, create=True)) as conn:
            dataset = self._load(conn)
            caught_up(self._learner(path, dataset, self._settings(config, 0)))

    def _settings(self, config: Config, seed: int) -> LearnerSettings:
        return replace(
            self.plan.settings,
            strategy=config.strategy,
            vectoriser=config.vectoriser,
            seed=seed,
            measured=False,  # nobody sees the estimates, and the curve doesn't depend on them
        )

    def _learner(self, path: Path, dataset: Dataset, settings: LearnerSettings) -> PoolLearner:
        return PoolLearner(path, dataset.name, settings, cache=self._cache(settings.vectoriser))

    def _run(self, number: int, config: Config, seed: int, progress: Progress) -> Run:
        path, settings = self.folder / f"{number}.db", self._settings(config, seed)
        said = answers(self.pool, config.noise, seed)
        with closing(schema.open_database(path, create=True)) as conn:
            dataset = self._load(conn)
            if self.plan.patterns and self.plan.patterns_share:
                apply_rules(conn, path, dataset, read_quota(self.plan.patterns))
            learner = self._learner(path, dataset, settings)
            ledger = StoreLedger(conn, path, dataset, annotator="simulated", recipe="simulate")
            session = Session(
                ledger,
                dataset.scheme,
                Policy(audit=settings.audit, patterns_share=self.plan.patterns_share, seed=seed),
                Background(InlineLearner(learner, batch=config.batch)),
            )
            curve = tuple(
                self._label(session, learner, said, lambda count: progress(config, seed, count))
            )
        return Run(config, seed, curve)

    def _load(self, conn: Connection) -> Dataset:
        # Nothing here outlives the run: durability would only cost time.
        conn.execute("PRAGMA synchronous = OFF")
        names = [(label, "") for label in self.pool.labels]
        dataset = datasets.prepare(conn, "simulated", names, self.task)
        tickets.add(conn, dataset.id, self.pool.records)
        return dataset

    def _cache(self, vectoriser: str) -> Path:
        """A folder for each, as a cache forgets other features than those last asked for."""
        return self.folder / f"cache-{self.plan.vectorisers.index(vectoriser)}"

    def _label(
        self,
        session: Session,
        learner: PoolLearner,
        said: Mapping[str, Gold],
        progress: Callable[[int], None],
    ) -> Iterator[Point]:
        began = time.perf_counter()
        steps = range(1, self.plan.points + 1)
        marks = {round(self.budget * step / self.plan.points) for step in steps}
        session.begin()
        session.update()
        while session.question is not None and session.count < self.budget:
            session.answer(*_say(session.question, session.scheme, said))
            session.update()
            progress(session.count)
            if session.count in marks:
                # Amid a batch, too, a point is what all answers so far give.
                fit = learner.learn() if session.behind else learner.newest()
                seconds = round(time.perf_counter() - began, 3)
                measures = self._score(fit.model, fit.features)
                yield Point(session.count, seconds=seconds, **measures)

    def _score(self, fitted: model.LinearModel, features: DatasetFeatures) -> dict[str, float]:
        """Accuracy (every label right, for multilabel), macro-F1 and the like on the test file."""
        fingerprint = features.vectoriser.fingerprint
        if self._test is None or self._test[0] != fingerprint:
            self._test = fingerprint, features.vectoriser.transform(self.test.texts)
        truth = self.test.truth
        proba = self.test.padded(fitted.predict_proba(self._test[1]))
        predicted = model.decide(proba, self.task)
        measures = {
            "accuracy": evaluate.exact_match(truth, predicted),
            "macro_f1": evaluate.f1(truth, predicted, "macro"),
        }
        if self.task == "rating":
            measures["mean_absolute_error"] = float(grades.off(truth, predicted).mean())
        return {name: round(value, 6) for name, value in measures.items()}

    def full(self, vectoriser: str) -> Full:
        """What all labels of the pool would give with these features."""
        if vectoriser not in self.journal.fulls:
            features, rows = self._features(vectoriser)
            fitted = model.fit(
                features.matrix[rows],
                cells_of(self.pool, self.pool.records, self.pool.labels),
                self.task,
            )
            full = Full(len(self.pool.records), **self._score(fitted, features))
            self.journal.add_full(vectoriser, full)
        return self.journal.fulls[vectoriser]

    def _features(self, vectoriser: str) -> tuple[DatasetFeatures, Indices]:
        """The features, and the row of each text of the pool: a run has them made in its order."""
        path = self.folder / "full.db"
        with closing(schema.open_database(path, create=True)) as conn:
            dataset = self._load(conn)
            every = tickets.ids_after(conn, dataset.id)
            features = FeatureCache(self._cache(vectoriser)).ensure(
                every, lambda ids: tickets.texts(conn, ids), vectoriser
            )
            return features, features.rows(every)


def _say(
    question: Question, scheme: Scheme, said: Mapping[str, Gold]
) -> tuple[Verdict, tuple[int, ...]]:
    gold = said[question.ticket.text]
    return "accept", tuple(label.id for label in scheme.labels if label.name in gold)

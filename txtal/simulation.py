"""Replaying a labelled file as the annotator, through the very same session and learner.

Does active learning pay on my data? Each run labels the pool from nothing to the budget with one
strategy and one seed, and measures the model on a test file as it goes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from txtal.errors import DataError
from txtal.formats.labelled import labels_of
from txtal.learner.inline import InlineLearner
from txtal.learner.learner import Learner
from txtal.learning import evaluate, model
from txtal.learning.arrays import Cells
from txtal.learning.matrix import IS
from txtal.session import Session
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import Ledger
from txtal.store.sqlite import Connection
from txtal.types import Dataset, LearnerSettings, Question, Record, Scheme, Task, Verdict
from txtal.vectors.cache import Features

Gold = tuple[str, ...]
"""The names of the labels that apply to a text."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled file: distinct texts with their labels."""

    records: Sequence[Record]
    gold: Mapping[str, Gold]

    @property
    def labels(self) -> list[str]:
        """Every label there is, in alphabetical order."""
        return sorted({label for labels in self.gold.values() for label in labels})


@dataclass(frozen=True, slots=True)
class Point:
    """The model's quality on the test file after so many answers."""

    labels: int
    accuracy: float
    macro_f1: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """One strategy with one seed."""

    strategy: str
    seed: int
    curve: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay."""

    strategies: Sequence[str]
    seeds: int
    budget: int
    settings: LearnerSettings
    batch: int = 1
    """Answers between two rankings."""
    points: int = 20
    """How often a run is measured."""


def labelled(records: Iterator[Record], source: str) -> Labelled:
    """Keep what is labelled; of a text that is there twice, the first. Raises DataError if none."""
    kept: dict[str, Record] = {}
    gold: dict[str, Gold] = {}
    for record in records:
        labels = labels_of(record)
        if labels is not None and record.text not in kept:
            kept[record.text] = record
            gold[record.text] = labels
    if not kept:
        raise DataError(f"{source}: no line has a label, a list of labels, or an accept")
    return Labelled(list(kept.values()), gold)


def task_of(pool: Labelled) -> Task:
    """exclusive when each text has exactly one label, else multilabel."""
    return "exclusive" if all(len(labels) == 1 for labels in pool.gold.values()) else "multilabel"


class Simulation:
    """The runs of a plan over one pool and one test file, sharing one feature cache."""

    def __init__(self, pool: Labelled, test: Labelled, plan: Plan, folder: Path) -> None:
        self.pool = pool
        self.test = test
        self.plan = plan
        self.folder = folder
        self.task = task_of(pool)
        self._test: tuple[str, np.ndarray] | None = None
        self._features: Features | None = None

    def runs(self, progress: Callable[[str, int, int], None]) -> Iterator[Run]:
        """Each run in turn; ``progress`` is told the run's name, answers given and budget."""
        wanted = product(self.plan.strategies, range(self.plan.seeds))
        for number, (strategy, seed) in enumerate(wanted):
            yield self._run(self.folder / f"{number}.db", strategy, seed, progress)

    def _run(
        self, path: Path, strategy: str, seed: int, progress: Callable[[str, int, int], None]
    ) -> Run:
        settings = replace(self.plan.settings, strategy=strategy, seed=seed)
        with closing(schema.open_database(path, create=True)) as conn:
            # Nothing here outlives the run: durability would only cost time.
            conn.execute("PRAGMA synchronous = OFF")
            dataset = self._load(conn)
            learner = Learner(path, dataset.name, settings, cache_folder=self.folder / "cache")
            ledger = Ledger(conn, path, dataset, annotator="simulated", recipe="simulate")
            session = Session(
                ledger,
                dataset.scheme,
                learner=InlineLearner(learner, batch=self.plan.batch),
                audit=settings.audit,
                seed=seed,
            )
            curve = tuple(self._label(session, learner, f"{strategy} {seed + 1}", progress))
        return Run(strategy, seed, curve)

    def _load(self, conn: Connection) -> Dataset:
        names = [(label, "") for label in self.pool.labels]
        dataset = datasets.prepare(conn, "simulated", names, self.task)
        tickets.add(conn, dataset.id, self.pool.records)
        return dataset

    def _label(
        self,
        session: Session,
        learner: Learner,
        name: str,
        progress: Callable[[str, int, int], None],
    ) -> Iterator[Point]:
        began = time.perf_counter()
        budget = min(self.plan.budget, len(self.pool.records))
        marks = {round(budget * (i + 1) / self.plan.points) for i in range(self.plan.points)}
        session.begin()
        session.update()
        while session.question is not None and session.count < budget:
            session.answer(*self._say(session.question, session.scheme))
            session.update()
            progress(name, session.count, budget)
            if session.count in marks:
                yield self._measure(session.count, learner, began)

    def _say(self, question: Question, scheme: Scheme) -> tuple[Verdict, tuple[int, ...]]:
        gold = self.pool.gold[question.ticket.text]
        return "accept", tuple(label.id for label in scheme.labels if label.name in gold)

    def _measure(self, labels: int, learner: Learner, began: float) -> Point:
        seconds = time.perf_counter() - began
        assert learner.model is not None, "a ranking was made before the first answer"
        assert learner.features is not None
        self._features = learner.features
        accuracy, macro_f1 = self._score(learner.model, learner.features)
        return Point(labels, accuracy, macro_f1, round(seconds, 3))

    def _score(self, fitted: model.LinearModel, features: Features) -> tuple[float, float]:
        """Accuracy (every label right, for multilabel) and macro-F1 on the test file."""
        fingerprint = features.vectoriser.fingerprint
        if self._test is None or self._test[0] != fingerprint:
            texts = [record.text for record in self.test.records]
            self._test = fingerprint, features.vectoriser.transform(texts)
        truth = self._cells(self.test)
        predicted = model.decide(fitted.predict_proba(self._test[1]), self.task)
        return (
            round(evaluate.exact_match(truth, predicted), 6),
            round(evaluate.multilabel_f1(truth, predicted, "macro"), 6),
        )

    def _cells(self, data: Labelled) -> Cells:
        """IS and NOT for each text and label of the pool.

        A label that only the test file has can't be learned: such a text is always wrong.
        """
        columns = {label: column for column, label in enumerate(self.pool.labels)}
        cells = np.zeros((len(data.records), len(columns)), np.int8)
        for row, record in enumerate(data.records):
            for label in data.gold[record.text]:
                if label in columns:
                    cells[row, columns[label]] = IS
        return cells

    def report(self, runs: Sequence[Run]) -> dict[str, Any]:
        """The runs and, to compare with, the model that every label of the pool would give.

        Comes after the runs.
        """
        assert self._features is not None
        fitted = model.fit(self._features.matrix, self._cells(self.pool), self.task)
        accuracy, macro_f1 = self._score(fitted, self._features)
        full = {"labels": len(self.pool.records), "accuracy": accuracy, "macro_f1": macro_f1}
        return {
            "vectoriser": str(self._features.vectoriser.spec),
            "classes": self.pool.labels,
            "runs": [asdict(run) for run in runs],
            "full": full,
        }

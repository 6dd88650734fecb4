"""Replaying a labelled file as the annotator, through the very same session and learner.

Does active learning pay on my data? Each run labels the pool from nothing to the budget with one
configuration and one seed, and measures the model on a test file as it goes. Finished runs may be
kept in a journal, so that a plan that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from itertools import product
from os import fsync
from pathlib import Path
from typing import Any

import numpy as np

from txtal.errors import DataError, TxtalError, UsageError
from txtal.formats.labelled import check_grade, labels_of
from txtal.learner.inline import InlineLearner
from txtal.learner.learner import Learner
from txtal.learning import evaluate, grades, model
from txtal.learning.arrays import Cells, Indices
from txtal.learning.matrix import IS
from txtal.learning.strategies import registry
from txtal.recipes import load_file
from txtal.session import Session
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import Ledger
from txtal.store.sqlite import Connection
from txtal.types import ONE_OF, Dataset, LearnerSettings, Question, Record, Scheme, Task, Verdict
from txtal.vectors import spec
from txtal.vectors.cache import FeatureCache, Features

Gold = tuple[str, ...]
"""The names of the labels that apply to a text."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled file: distinct texts with their labels."""

    records: Sequence[Record]
    gold: Mapping[str, Gold]
    grades: tuple[str, ...] = ()
    """The scale of a rating, lowest first."""

    @property
    def labels(self) -> list[str]:
        """Every label there is: in alphabetical order, or the grades in theirs."""
        return list(self.grades) or sorted(
            {label for labels in self.gold.values() for label in labels}
        )

    @property
    def digest(self) -> str:
        """Tells one content from another, whatever file and format it came in."""
        lines = [[record.text, *self.gold[record.text]] for record in self.records]
        return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Point:
    """The model's quality on the test file after so many answers."""

    labels: int
    accuracy: float
    macro_f1: float
    seconds: float
    mean_absolute_error: float | None = None
    """In grades, where the labels are some."""


@dataclass(frozen=True, slots=True)
class Config:
    """What is compared: everything that identifies a run but its seed."""

    strategy: str
    vectoriser: str
    noise: float = 0.0
    """Share of answers with a wrong label."""
    batch: int = 1
    """Answers between two rankings."""


@dataclass(frozen=True, slots=True)
class Run:
    """One configuration with one seed."""

    config: Config
    seed: int
    curve: tuple[Point, ...]

    def to_json(self) -> dict[str, Any]:
        """As ``simulate --json`` and the journal have it."""
        curve = [to_json(point) for point in self.curve]
        return {**asdict(self.config), "seed": self.seed, "curve": curve}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Run:
        """What :meth:`to_json` made. Raises KeyError, TypeError or ValueError for anything else."""
        config = Config(
            str(said["strategy"]),
            str(said["vectoriser"]),
            float(said["noise"]),
            int(said["batch"]),
        )
        curve = tuple(Point(**point) for point in said["curve"])
        if not curve:
            raise ValueError("a run without a point")
        return cls(config, int(said["seed"]), curve)


@dataclass(frozen=True, slots=True)
class Full:
    """The model that every label of the pool, without noise, would give."""

    labels: int
    accuracy: float
    macro_f1: float
    mean_absolute_error: float | None = None


def to_json(it: Point | Full) -> dict[str, Any]:
    """Its measures, without those there are none of."""
    return {name: value for name, value in asdict(it).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay."""

    strategies: Sequence[str]
    vectorisers: Sequence[str]
    seeds: int
    budget: int
    settings: LearnerSettings
    noises: Sequence[float] = (0.0,)
    batches: Sequence[int] = (1,)
    points: int = 20
    """How often a run is measured."""

    @property
    def configs(self) -> list[Config]:
        """Every configuration once; those with the same features follow one another."""
        every = product(self.vectorisers, self.noises, self.batches, self.strategies)
        return list(dict.fromkeys(Config(s, v, noise, batch) for v, noise, batch, s in every))

    @property
    def runs(self) -> list[tuple[Config, int]]:
        """Every configuration with every seed."""
        return list(product(self.configs, range(self.seeds)))


def plan(
    strategies: Sequence[str],
    vectorisers: Sequence[str],
    settings: LearnerSettings,
    **rest: Any,
) -> Plan:
    """A plan of known strategies and features, ``auto`` features by the name they resolve to.

    Raises UsageError for an unknown name now rather than when its turn comes, and for none at all.
    """
    if not strategies or not vectorisers:
        raise UsageError("there is nothing to run: name a strategy and features")
    if settings.code:
        load_file(Path(settings.code))
    for name in strategies:
        registry.get(name)
    resolved = [str(spec.resolve(text)[0]) for text in vectorisers]
    return Plan(strategies, resolved, settings=settings, **rest)


def labelled(records: Iterable[Record], source: str, scale: tuple[str, ...] = ()) -> Labelled:
    """Keep what is labelled; of a text that is there twice, the first.

    Raises DataError if there is nothing, or for a label that is no grade of ``scale``, if any.
    """
    kept: dict[str, Record] = {}
    gold: dict[str, Gold] = {}
    for record in records:
        labels = labels_of(record)
        if scale and labels is not None:
            check_grade(record, labels, scale)
        if labels is not None and record.text not in kept:
            kept[record.text] = record
            gold[record.text] = labels
    if not kept:
        raise DataError(f"{source}: no line has a label, a list of labels, or an accept")
    return Labelled(list(kept.values()), gold, scale)


def task_of(pool: Labelled) -> Task:
    """rating for grades; exclusive when each text has exactly one label, else multilabel."""
    if pool.grades:
        return "rating"
    return "exclusive" if all(len(labels) == 1 for labels in pool.gold.values()) else "multilabel"


# --- noise --------------------------------------------------------------------------------------


def answers(pool: Labelled, noise: float, seed: int) -> Mapping[str, Gold]:
    """What the annotator says of each text: a ``noise`` share of the pool gets a wrong answer.

    Which, and what wrong label, depends on the seed alone: all strategies meet the same annotator,
    and more noise only adds faults.
    """
    rng = np.random.default_rng([seed, _NOISE])
    order = rng.permutation(len(pool.records))
    draws = rng.random(len(pool.records))
    said = dict(pool.gold)
    labels, task = pool.labels, task_of(pool)
    for row in order[: round(noise * len(order))]:
        text = pool.records[row].text
        said[text] = _wrong(said[text], labels, task, float(draws[row]))
    return said


_NOISE = 0x4E
"""Parts the draws of noise from all others with the same seed."""


def _wrong(gold: Gold, labels: Sequence[str], task: Task, draw: float) -> Gold:
    """Another label, each as likely; for multilabel, one label too many or too few."""
    if task in ONE_OF:
        others = [label for label in labels if label not in gold]
        return (others[int(draw * len(others))],) if others else gold
    changed = labels[int(draw * len(labels))]
    if changed in gold:
        return tuple(label for label in gold if label != changed)
    return (*gold, changed)


# --- the journal --------------------------------------------------------------------------------


def fixed(pool: Labelled, test: Labelled, plan: Plan) -> dict[str, Any]:
    """What all runs of one journal have in common."""
    code = plan.settings.code
    return {
        "txtal": metadata.version("txtal"),
        "source": pool.digest,
        "test": test.digest,
        "task": task_of(pool),
        "budget": plan.budget,
        "points": plan.points,
        "audit": plan.settings.audit,
        "code": hashlib.sha256(Path(code).read_bytes()).hexdigest() if code else None,
        **({"robust": True} if plan.settings.robust else {}),
    }


@dataclass
class Journal:
    """Finished runs, each a line of JSON in a file if there is one."""

    path: Path | None = None
    runs: dict[tuple[Config, int], Run] = field(default_factory=dict)
    fulls: dict[str, Full] = field(default_factory=dict)

    @classmethod
    def resume(cls, path: Path, header: Mapping[str, Any]) -> Journal:
        """The journal in ``path``, begun if need be; a line that was cut off by a kill is dropped.

        Raises DataError when it is no journal, or one of other data or settings; TxtalError when
        it can't be read or written.
        """
        journal = cls(path)
        first = _line(header)
        try:
            held = path.read_bytes() if path.exists() else b""
            whole = held[: held.rfind(b"\n") + 1]
            if not whole and not first.startswith(held):
                raise DataError(f"{path} is no journal of txtal simulate; name another file")
            if whole:
                journal._take(whole.splitlines(), header)
            if len(whole) < len(held):
                with path.open("r+b") as file:
                    file.truncate(len(whole))
            if not whole:
                journal._append(header)
        except OSError as error:
            raise TxtalError(f"{path} can't be used: {error.strerror or error}") from error
        return journal

    def _take(self, lines: Sequence[bytes], header: Mapping[str, Any]) -> None:
        began = _loaded(lines[0])
        if began is None or began.keys() != header.keys():
            raise DataError(f"{self.path} is no journal of txtal simulate; name another file")
        for key, value in header.items():
            if began[key] != value:
                raise DataError(f"{self.path} was begun with {_difference(key, began[key], value)}")
        for number, line in enumerate(lines[1:], start=2):
            try:
                self._remember(_loaded(line) or {})
            except (KeyError, TypeError, ValueError):
                raise DataError(f"{self.path}:{number}: not a run; delete the line") from None

    def _remember(self, said: Mapping[str, Any]) -> None:
        if "full" in said:
            self.fulls[str(said["vectoriser"])] = Full(**said["full"])
        else:
            run = Run.of_json(said)
            self.runs[run.config, run.seed] = run

    def add_run(self, run: Run) -> None:
        """Keep a finished run."""
        self.runs[run.config, run.seed] = run
        self._append(run.to_json())

    def add_full(self, vectoriser: str, full: Full) -> None:
        """Keep what all labels give with these features."""
        self.fulls[vectoriser] = full
        self._append({"vectoriser": vectoriser, "full": asdict(full)})

    def _append(self, said: Mapping[str, Any]) -> None:
        if self.path is None:
            return
        try:
            with self.path.open("ab") as file:
                file.write(_line(said))
                file.flush()
                fsync(file.fileno())
        except OSError as error:
            raise TxtalError(f"{self.path} can't be written: {error.strerror or error}") from error


def _line(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said).encode() + b"\n"


def _loaded(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _difference(key: str, before: object, now: object) -> str:
    if key in ("source", "test", "code"):
        what = {"source": "another SOURCE", "test": "another --test", "code": "other --code"}[key]
    else:
        what = f"{key} {before}, not {now}"
    return f"{what}; name another file, or do as you did then"


# --- the runs -----------------------------------------------------------------------------------


class Simulation:
    """The runs of a plan over one pool and one test file."""

    def __init__(
        self, pool: Labelled, test: Labelled, plan: Plan, folder: Path, journal: Journal
    ) -> None:
        self.pool = pool
        self.test = test
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

    def runs(self, progress: Callable[[Config, int, int], None]) -> Iterator[Run]:
        """Each missing run in turn, kept in the journal before it is yielded.

        ``progress`` is told the configuration, seed and answers given, at every answer.
        """
        for number, (config, seed) in enumerate(self.missing):
            run = self._run(self.folder / f"{number}.db", config, seed, progress)
            self.journal.add_run(run)
            yield run

    def _run(
        self,
        path: Path,
        config: Config,
        seed: int,
        progress: Callable[[Config, int, int], None],
    ) -> Run:
        settings = replace(
            self.plan.settings,
            strategy=config.strategy,
            vectoriser=config.vectoriser,
            seed=seed,
        )
        said = answers(self.pool, config.noise, seed)
        with closing(schema.open_database(path, create=True)) as conn:
            dataset = self._load(conn)
            cache = self._cache(config.vectoriser)
            learner = Learner(path, dataset.name, settings, cache_folder=cache)
            ledger = Ledger(conn, path, dataset, annotator="simulated", recipe="simulate")
            session = Session(
                ledger,
                dataset.scheme,
                learner=InlineLearner(learner, batch=config.batch),
                audit=settings.audit,
                seed=seed,
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
        learner: Learner,
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
                if session.behind:
                    learner.rank()  # amid a batch: a point is what all answers so far give
                yield self._measure(session.count, learner, began)

    def _measure(self, labels: int, learner: Learner, began: float) -> Point:
        seconds = time.perf_counter() - began
        assert learner.model is not None, "a ranking was made before the first answer"
        assert learner.features is not None
        measures = self._score(learner.model, learner.features)
        return Point(labels, seconds=round(seconds, 3), **measures)

    def _score(self, fitted: model.LinearModel, features: Features) -> dict[str, float]:
        """Accuracy (every label right, for multilabel), macro-F1 and the like on the test file."""
        fingerprint = features.vectoriser.fingerprint
        if self._test is None or self._test[0] != fingerprint:
            texts = [record.text for record in self.test.records]
            self._test = fingerprint, features.vectoriser.transform(texts)
        truth = self._cells(self.test)
        predicted = model.decide(fitted.predict_proba(self._test[1]), self.task)
        measures = {
            "accuracy": evaluate.exact_match(truth, predicted),
            "macro_f1": evaluate.multilabel_f1(truth, predicted, "macro"),
        }
        if self.task == "rating":
            measures["mean_absolute_error"] = float(grades.off(truth, predicted).mean())
        return {name: round(value, 6) for name, value in measures.items()}

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

    def full(self, vectoriser: str) -> Full:
        """What all labels of the pool would give with these features."""
        if vectoriser not in self.journal.fulls:
            features, rows = self._features(vectoriser)
            fitted = model.fit(features.matrix[rows], self._cells(self.pool), self.task)
            full = Full(len(self.pool.records), **self._score(fitted, features))
            self.journal.add_full(vectoriser, full)
        return self.journal.fulls[vectoriser]

    def _features(self, vectoriser: str) -> tuple[Features, Indices]:
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

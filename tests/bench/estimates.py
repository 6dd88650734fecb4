"""Are the estimates right? Simulated sessions, each held against the truth of a test file.

    python -m tests.bench.estimates --results runs.jsonl --sessions 200

Every session labels a set's pool as `txtal teach` would, to each of ``--marks`` answers. There the
learner says how good its model is, and the model is tried on the distinct texts of the test file,
as `txtal simulate` does. Printed for each set and mark, over the sessions:

- of accuracy (``accuracy``: the headline; ``corrected``: the pool's confidence and the audit,
  without a prior; ``audit``: the audit alone) and of macro-F1 (``macro_f1``: the headline;
  ``audit_f1``): how often the 95 % interval holds the truth, the bias, the root mean square error,
  and how wide the interval is;
- of the headline also against what it is an estimate of, tickets like those loaded, for a test file
  may be of another mix: the open tickets of the pool (``on open tickets``), a little easier
  than all of it, and the test file's texts weighted so that each label is as frequent as in the
  pool (``at the pool's mix``; of several labels a ticket, as they are);
- the expected calibration error on the test file before and after calibration, with the usual 15
  bins of equal width (Guo et al. 2017), what a model whose probabilities are right would show
  by chance (``floor``), and the error after calibration at the pool's mix of labels (``mix``).

Sessions go round the sets, and those in the file are not made again. With ``--keep FOLDER`` what
the learner knew at each mark is kept there, and ``--again FOLDER`` makes the figures from it with
the estimator as it is now. What is picked doesn't depend on what is estimated, so that is as good
as labelling again.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import tempfile
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count, islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from tests.bench.common import DATA, emit, parser
from tests.bench.marks import AGAINST, Line, Mark, keep, kept
from tests.sessions import session_of
from txtal.formats.source import read
from txtal.learner import measuring
from txtal.learner.fit import Fit
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.learning import evaluate
from txtal.learning.arrays import Floats
from txtal.learning.model import decide
from txtal.session.session import Session
from txtal.simulation.annotator import Labelled, labelled, task_of
from txtal.simulation.heldout import cells_of, held_out
from txtal.store import datasets, schema, tickets
from txtal.store.ledger import StoreLedger
from txtal.types import LearnerSettings

SETS = (
    "banking77",
    "multidogo_software",
    "wisesight_th",
    "clinc150",
    "nlupp_banking",
    "nlupp_hotels",
)


class Problem:
    """A set: its pool, and the distinct texts of its test file."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.pool = _labelled(name, "train")
        self.test = _labelled(name, "test")
        self.task = task_of(self.pool)
        self.held_out = held_out(self.pool, self.test, name)
        self.of_pool = cells_of(self.pool, self.pool.records, self.pool.labels)
        self._features: Floats | None = None

    def features(self, fit: Fit) -> Floats:
        """The test file's."""
        if self._features is None:
            self._features = fit.features.vectoriser.transform(self.held_out.texts)
        return self._features


def _labelled(name: str, split: str) -> Labelled:
    return labelled(read(DATA / name / f"{split}.jsonl", lambda bad: None), name)


@contextmanager
def unmeasured() -> Iterator[None]:
    """Fit without measuring, which saves the time."""
    with patch.object(measuring, "enough", lambda answers, audits: False):
        yield


@contextmanager
def labelling(
    problem: Problem, name: str, settings: LearnerSettings, batch: int
) -> Iterator[tuple[PoolLearner, Session]]:
    """A session on the problem's pool, not begun yet, and the learner behind it."""
    with tempfile.TemporaryDirectory(dir=problem.folder) as folder:
        path = Path(folder) / "run.db"
        with closing(schema.open_database(path, create=True)) as conn:
            conn.execute("PRAGMA synchronous = OFF")  # nothing here outlives the session
            labels = [(label, "") for label in problem.pool.labels]
            dataset = datasets.prepare(conn, "bench", labels, problem.task)
            tickets.add(conn, dataset.id, problem.pool.records)
            learner = PoolLearner(path, "bench", settings, cache=problem.folder / "cache")
            ledger = StoreLedger(conn, path, dataset, annotator="bench", recipe="bench")
            yield (
                learner,
                session_of(
                    ledger,
                    dataset.scheme,
                    learner=InlineLearner(learner, batch=batch),
                    audit=settings.audit,
                    seed=f"{name} {settings.seed}",
                ),
            )


def answer(problem: Problem, asking: Session) -> None:
    """Answer the question at hand as the file has it."""
    assert asking.question is not None
    gold = problem.pool.gold[asking.question.ticket.text]
    ids = {label.name: label.id for label in asking.scheme.labels}
    asking.answer("accept", tuple(ids[label] for label in gold))


def session(
    problem: Problem, name: str, seed: int, options: Namespace
) -> Iterator[tuple[Line, Mark]]:
    """One session: at each mark, what it is of, and what the learner knew there."""
    settings = LearnerSettings(strategy=options.strategy, seed=seed)
    with labelling(problem, name, settings, options.batch) as (learner, asking):
        with unmeasured():
            asking.begin()
            asking.update()
        while asking.question is not None and asking.count < options.marks[-1]:
            answer(problem, asking)
            with unmeasured():
                asking.update()
            if asking.count in options.marks:
                of = {"set": name, "seed": seed, "strategy": options.strategy}
                yield {**of, "answers": asking.count}, _at_mark(problem, learner)


def _at_mark(problem: Problem, learner: PoolLearner) -> Mark:
    with unmeasured():
        fit = learner.learn()
    evidence = measuring.gather(
        fit.answered, fit.trainer, fit.model, *learner.sample_of_open(fit.snapshot)
    )
    assert evidence is not None  # each fold has answers of two labels by the first mark
    return Mark(
        evidence=evidence,
        proba=fit.model.predict_proba(problem.features(fit)),
        truth=problem.held_out.truth,
        mix=_pools_mix(problem),
        on_the_pool=_on_the_pool(problem, fit),
    )


def _on_the_pool(problem: Problem, fit: Fit) -> dict[str, float]:
    """Accuracy and macro-F1 on the tickets that nobody has answered."""
    decided = decide(fit.model.predict_proba(fit.features.matrix), problem.task)
    said, truth = (np.delete(one, fit.answered.rows, axis=0) for one in (decided, problem.of_pool))
    return {
        "pool": float((said == truth).all(axis=1).mean()),
        "pool_f1": evaluate.f1(truth, said, "macro"),
    }


def _pools_mix(problem: Problem) -> Floats:
    """Weights of the test file's texts with which each label is as frequent as in the pool."""
    if problem.task != "exclusive":
        return np.ones(len(problem.held_out.records), np.float32)
    label = problem.held_out.truth.argmax(axis=1)
    frequent = np.zeros(problem.held_out.truth.shape[1])
    frequent[: problem.of_pool.shape[1]] = problem.of_pool.mean(axis=0)
    return np.asarray(frequent[label] / np.bincount(label, minlength=len(frequent))[label])


# --- running ------------------------------------------------------------------------------------


def lines(path: Path) -> list[Line]:
    """Those in the file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def make_missing(options: Namespace) -> None:
    """Sessions until there are enough in the file, or the time is up."""
    began = time.monotonic()
    done = {(x["set"], x["seed"], x["strategy"]) for x in lines(options.results)}
    wanted = ((name, seed) for seed in count(options.first) for name in options.sets)
    with tempfile.TemporaryDirectory() as folder:
        problems: dict[str, Problem] = {}
        for name, seed in islice(wanted, options.sessions):
            if (name, seed, options.strategy) in done:
                continue
            if time.monotonic() - began > 60 * options.minutes:
                return
            if name not in problems:
                problems[name] = Problem(name, Path(folder) / name)
            made = []
            for of, mark in session(problems[name], name, seed, options):
                if options.keep:
                    keep(options.keep, of, mark)
                made.append({**of, **mark.figures()})
            with options.results.open("a", encoding="utf-8") as out:
                out.writelines(json.dumps(line) + "\n" for line in made)


# --- figures ------------------------------------------------------------------------------------


def figures(found: Sequence[Line]) -> dict[str, Any]:
    """For each set and mark, and for all together."""
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in found:
        for key in (f"{line['set']} {line['answers']}", f"all {line['answers']}", "all"):
            groups[key].append(line)
    sessions = {(line["set"], line["seed"], line["strategy"]) for line in found}
    return {
        "sessions": len(sessions),
        **{key: _figures(groups[key]) for key in sorted(groups)},
    }


def _figures(group: Sequence[Line]) -> dict[str, Any]:
    made: dict[str, Any] = {"points": len(group)}
    for key, (name, truth) in AGAINST.items():
        pairs = [
            (line["estimates"][name], line["truth"][truth])
            for line in group
            if line["estimates"][name] and truth in line["truth"]
        ]
        if pairs:
            made[key] = _against(pairs)
    for key in ("before", "after", "mix", "floor"):
        errors = [line["ece"][key] for line in group if key in line["ece"]]
        made[f"ece {key}"] = round(float(np.mean(errors)), 4) if errors else None
    return made


def _against(pairs: Sequence[tuple[Sequence[float], float]]) -> Mapping[str, float]:
    off = np.array([given[1] - truth for given, truth in pairs])
    held = [given[2] <= truth <= given[3] for given, truth in pairs]
    wide = [given[3] - given[2] for given, _ in pairs]
    return {
        "n": len(pairs),
        "covers": round(float(np.mean(held)), 3),
        "bias": round(float(off.mean()), 3),
        "rmse": round(float(np.sqrt((off**2).mean())), 3),
        "width": round(float(np.mean(wide)), 3),
    }


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--results", type=Path, help="JSONL; added to")
    options.add_argument("--keep", type=Path, help="a folder for what the learner knew")
    options.add_argument("--again", type=Path, help="a folder of --keep to make the figures from")
    options.add_argument("--sessions", type=int, default=200)
    options.add_argument("--first", type=int, default=0, help="the first seed of each set")
    options.add_argument("--minutes", type=float, default=float("inf"), help="stop after")
    options.add_argument("--sets", type=lambda text: text.split(","), default=list(SETS))
    options.add_argument(
        "--marks", type=lambda text: [int(n) for n in text.split(",")], default=[100, 200]
    )
    options.add_argument("--strategy", default="auto")
    options.add_argument("--batch", type=int, default=20, help="answers between two fits")
    chosen = options.parse_args()
    if chosen.again:
        found = [{**of, **mark.figures()} for of, mark in kept(chosen.again)]
    elif chosen.results:
        chosen.results.touch()
        make_missing(chosen)
        found = lines(chosen.results)
    else:
        options.error("give --results FILE or --again FOLDER")
    emit("estimates", figures(found), as_json=chosen.json)


if __name__ == "__main__":
    main()

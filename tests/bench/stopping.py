"""When to stop: does the notice come where labelling has stopped to pay?

    python -m tests.bench.stopping --results runs.jsonl [--sets banking77,...] [--seeds 0,1]

Sessions are simulated over the shared sets, and the test file is measured every 25 answers. The
*true curve* of a set is an inverse power law with a free exponent, fitted to the mean over its
seeds from 100 answers on; its *true point* is where 100 more answers first gain less than a point
of macro-F1. The *notice* is the first look ahead that finds nothing more to gain. Beside it: where
kappa alone would stop (Bloodgood and Vijay-Shanker 2009: three looks in a row at 0.99 in the mean),
and how often the interval of the predicted gain of 50 answers holds the true one, and would, had
its margin been found on the other sets. The *plateau* is where the audit's estimate alone would
first say so, whatever else a look finds; it tells of accuracy, so it is held against the true point
by accuracy: a session in which it comes before that is a false alarm.

Finished runs are kept in the file, a line each, and not made again while the code that decides
their outcome is the same.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from tests.bench.common import emit, parser
from tests.bench.label_efficiency import MEASURED, Problem, _digest, _predict, sitting
from txtal.learner.pool import PoolLearner
from txtal.learner.stopping import EVERY, PLATEAU
from txtal.learning import evaluate
from txtal.learning.curve import OFF
from txtal.learning.stopping import plateau
from txtal.session.session import Session
from txtal.store import datasets, revisions, schema
from txtal.types import Estimate, LearnerSettings, StopRule

BUDGETS = {
    "nlupp_hotels": 700,
    "nlupp_banking": 1_000,
    "wisesight_th": 1_000,
    "multidogo_software": 1_000,
    "banking77": 1_000,
    "clinc150": 1_300,
}
STEP = 25
AHEAD = 100
POINT = 0.01
EXPONENTS = 0.05, 3.0
"""What a true curve's may be."""

STABLE, LOOKS = 0.99, 3
"""Bloodgood and Vijay-Shanker's threshold of kappa and how many times it is looked at."""

Run = dict[str, Any]


# --- the sessions -------------------------------------------------------------------------------


def simulate(problem: Problem, budget: int, seed: int) -> dict[str, Any]:
    """One session's curve on the test file, and every look ahead."""
    settings = LearnerSettings(seed=seed, stop=StopRule(100 * POINT))
    with sitting(problem, settings, STEP) as (session, learner):
        points = list(_label(session, learner, problem, budget))
        audit = [(answers, asdict(estimate)) for answers, estimate in _history(learner)]
    return {
        "audit": audit,
        "curve": [point["curve"] for point in points],
        "looks": [point["look"] for point in points if point["look"]],
    }


def _label(
    session: Session, learner: PoolLearner, problem: Problem, budget: int
) -> Iterator[dict[str, Any]]:
    names = session.scheme.names.items()
    columns = [problem.labels.index(name) for _, name in names]
    session.begin()
    session.update()
    looked = 0
    while session.question is not None and session.count < budget:
        gold = problem.pool.gold[session.question.ticket.text]
        session.answer("accept", tuple(id_ for id_, name in names if name in gold))
        session.update()
        if session.count % STEP:
            continue
        predicted = np.zeros_like(problem.test_truth)
        predicted[:, columns] = _predict(learner, problem)
        found, look = learner.fitter.outlook, None
        if found and found.answers > looked:
            looked, look = found.answers, asdict(found)
        yield {
            "look": look,
            "curve": {
                "labels": session.count,
                "accuracy": evaluate.exact_match(problem.test_truth, predicted),
                "macro_f1": evaluate.f1(problem.test_truth, predicted, "macro"),
            },
        }


def _history(learner: PoolLearner) -> list[tuple[int, Estimate]]:
    """The answers and the estimate of each measuring, as a look ahead would read them."""
    with closing(schema.open_readonly(learner.source.path)) as conn:
        return revisions.curve(conn, datasets.get(conn, learner.source.name).id)


# --- the figures --------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrueCurve:
    """What a test file's scores say: quality = limit - loss / answers ** exponent."""

    loss: float
    exponent: float

    @classmethod
    def fit(cls, labels: np.ndarray, quality: np.ndarray) -> TrueCurve:
        """Least squares from ``AHEAD`` labels on, the exponent too."""
        kept = labels >= AHEAD
        x, y = labels[kept] / AHEAD, quality[kept]

        def solved(exponent: float) -> tuple[float, float]:
            design = np.stack([np.ones(len(x)), -(x**-exponent)], axis=1)
            found = np.linalg.lstsq(design, y, rcond=None)[0]
            return float(((design @ found - y) ** 2).sum()), float(found[1])

        best = minimize_scalar(lambda one: solved(one)[0], bounds=EXPONENTS, method="bounded").x
        return cls(solved(best)[1] * AHEAD**best, float(best))

    def gain(self, answers: float, more: int) -> float:
        """Of ``more`` answers."""
        return self.loss * (answers**-self.exponent - (answers + more) ** -self.exponent)

    @property
    def point(self) -> int:
        """Where the next ``AHEAD`` answers first gain less than ``POINT``."""
        at = range(50, 10_000, 10)
        return next(n for n in at if self.gain(float(n), AHEAD) < POINT)


def noticed(looks: Sequence[Mapping[str, Any]]) -> int | None:
    """The first look that found it may be time to stop."""
    return next((int(look["answers"]) for look in looks if look["reached"] == "gain"), None)


def stable(looks: Sequence[Mapping[str, Any]]) -> int | None:
    """Where kappa alone would stop."""
    for last in range(LOOKS, len(looks) + 1):
        some = looks[last - LOOKS : last]
        if np.mean([look["kappa"] for look in some]) >= STABLE:
            return int(some[-1]["answers"])
    return None


def flat(run: Run) -> int | None:
    """Where the audit alone would first say that there is a plateau, if it was looked at then."""
    history = [(answers, Estimate(**estimate)) for answers, estimate in run["audit"]]
    return next(
        (
            answers
            for count, (answers, _) in enumerate(history, 1)
            if plateau(history[:count]) >= PLATEAU
        ),
        None,
    )


def lacking(runs: Sequence[Run]) -> list[float]:
    """By what factor the interval of each look, without its margin, misses the true gain; or 1."""
    true = TrueCurve.fit(*curve(runs))
    found = []
    for look in (look for run in runs for look in run["looks"]):
        gain, (low, high) = (
            true.gain(look["answers"], EVERY),
            map(look["gain"].get, ("low", "high")),
        )
        found.append(max(1.0, low * OFF / gain, gain * OFF / max(high, 1e-9)))
    return found


def curve(runs: Sequence[Run], measure: str = "macro_f1") -> tuple[np.ndarray, np.ndarray]:
    """The labels, and the mean over the runs."""
    shortest = min(len(run["curve"]) for run in runs)
    labels = np.array([point["labels"] for point in runs[0]["curve"][:shortest]], float)
    every = [[point[measure] for point in run["curve"][:shortest]] for run in runs]
    return labels, np.mean(every, axis=0)


def summary(name: str, runs: Sequence[Run]) -> dict[str, Any]:
    """Of one set."""
    notices = [noticed(run["looks"]) or BUDGETS[name] for run in runs]
    kappas = [stable(run["looks"]) for run in runs]
    plateaus = [flat(run) for run in runs]
    by_accuracy = TrueCurve.fit(*curve(runs, "accuracy")).point
    margins = lacking(runs)
    return {
        "set": name,
        "seeds": len(runs),
        "true": TrueCurve.fit(*curve(runs)).point,
        "true_by_accuracy": by_accuracy,
        "notice": float(np.mean(notices)),
        "notices": notices,
        "kappa_alone": kappas,
        "plateaus": plateaus,
        "false_alarms": sum(one is not None and one < by_accuracy for one in plateaus),
        "looks": len(margins),
        "interval_held": sum(one <= OFF for one in margins),
        "lacking": margins,
    }


def figures(runs: Sequence[Run]) -> dict[str, Any]:
    """Every set, and the means over them."""
    names = dict.fromkeys(run["set"] for run in runs)
    sets = [summary(name, [run for run in runs if run["set"] == name]) for name in names]
    lack = {one["set"]: one.pop("lacking") for one in sets}
    for one in sets:
        others = [factor for name, some in lack.items() if name != one["set"] for factor in some]
        margin = np.quantile(others or lack[one["set"]], 0.95)
        one["held_by_others_margin"] = sum(factor <= margin for factor in lack[one["set"]])
    true, notice = (np.mean([one[key] for one in sets]) for key in ("true", "notice"))
    looks = sum(one["looks"] for one in sets)
    return {
        "sets": sets,
        "mean_true": float(true),
        "mean_notice": float(notice),
        "off_by": float(notice / true - 1),
        "mean_ratio": float(np.mean([one["notice"] / one["true"] for one in sets])),
        "margin": float(np.quantile([factor for some in lack.values() for factor in some], 0.95)),
        "plateaus": sum(where is not None for one in sets for where in one["plateaus"]),
        "false_alarms": sum(one["false_alarms"] for one in sets),
        "held": sum(one["interval_held"] for one in sets) / looks,
        "held_by_others_margin": sum(one["held_by_others_margin"] for one in sets) / looks,
    }


# --- the command line ---------------------------------------------------------------------------


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--results", type=Path, required=True, help="JSONL file of finished runs")
    made.add_argument("--sets", default=",".join(BUDGETS))
    made.add_argument("--seeds", default="0,1")
    made.add_argument("--any-code", action="store_true", help="count runs of changed code too")
    options = made.parse_args()
    warnings.filterwarnings("ignore")  # labels not seen yet, a fit not quite converged
    code = _digest(MEASURED)
    lines = options.results.read_text("utf-8").splitlines() if options.results.exists() else []
    runs = [run for run in map(json.loads, lines) if options.any_code or run["code"] == code]
    done = {(run["set"], run["seed"]) for run in runs}
    wanted = product(map(int, options.seeds.split(",")), options.sets.split(","))
    for seed, name in wanted:
        if (name, seed) in done:
            continue
        with tempfile.TemporaryDirectory(prefix="txtal-bench-") as folder:
            found = simulate(Problem(name, Path(folder), "auto"), BUDGETS[name], seed)
        runs.append({"set": name, "seed": seed, "code": code, **found})
        with options.results.open("a", encoding="utf-8") as out:
            out.write(json.dumps(runs[-1]) + "\n")
        if not options.json:
            print(name, seed, "notice at", noticed(found["looks"]), flush=True)
    found = figures(runs)
    if not options.json:
        for one in found.pop("sets"):
            print(", ".join(f"{key} {value}" for key, value in one.items()))
    emit("stopping", found, as_json=options.json)


if __name__ == "__main__":
    main()

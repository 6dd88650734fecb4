"""Ratings: active learning against a random order, by mean absolute error.

    python -m tests.bench.ratings [--set nsmc_ko] [--budget 400] [--seeds 3] [--strategies ...]

`nsmc_ko` is its ratings of 1 to 10, 8,000 of them as the pool and 4,000 to measure on;
`wisesight_th` its posts as 1 (negative), 2 (neutral) and 3 (positive). Every run is
`txtal simulate --rating`, so that each answer goes through the very session and learner that
people label with.

    python -m tests.bench.ratings --scores [--set nsmc_ko] ...

is the same with the grades as scores: ten times the grade, on a scale of 0 to 100.

    python -m tests.bench.ratings --intervals [--set nsmc_ko] [--seeds 4]

says how often the 90% interval of grades and of scores holds, after random answers.

    python -m tests.bench.ratings --models [--set nsmc_ko]

compares ways to learn grades instead, on random answers: a softmax that knows no order, ridge
regression on the grade, all-threshold logistic regression (Rennie and Srebro 2005) and a yes or no
for each grade (Frank and Hall 2001), which is what txtal does.

    python -m tests.bench.ratings --suspects [--set nsmc_ko]

gives a tenth of 1,000 random answers a wrong grade, any of the others, and says of the first 50,
100 and 200 suspects how many are wrong, and by how many grades: as txtal finds them, and as it
would if grades were labels without order.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import Ridge

from tests.bench.common import DATA, emit, parser
from txtal.learning import calibrate
from txtal.learning.crossfit import cross_fitted, deal
from txtal.learning.matrix import IS, NOT
from txtal.learning.model import decide, fit
from txtal.learning.suspects import suspicions
from txtal.learning.training import Hyperparameters, Trainer
from txtal.types.grades import between
from txtal.vectors import spec
from txtal.vectors.cache import FeatureCache

POOL, TEST = 8_000, 4_000
SETS = {"nsmc_ko": "1-10", "wisesight_th": "1-3"}
FEELINGS = {"neg": 1, "neu": 2, "pos": 3}
ANSWERS = (30, 100, 300, 1_000, 3_000)
TIMES = 10
"""A score by its grade."""
JUDGED, NOISE = 1_000, 0.1
FIRST = (50, 100, 200)
Predict = Callable[[np.ndarray], np.ndarray]


def rows(name: str) -> list[dict[str, Any]]:
    """The set's distinct texts with grades, in random order, as many as are used."""
    found: dict[str, int] = {}
    for line in (DATA / name / "train.jsonl").open(encoding="utf-8"):
        record = json.loads(line)
        grade = FEELINGS.get(record["label"], record["label"])
        if str(grade).isdecimal() and record["text"].strip():
            found.setdefault(record["text"], int(grade))
    drawn = random.Random(1).sample(sorted(found.items()), POOL + TEST)
    return [{"text": text, "label": grade} for text, grade in drawn]


def simulate(name: str, budget: int, seeds: int, strategies: str, scored: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        given = [row | {"label": row["label"] * (TIMES if scored else 1)} for row in rows(name)]
        scale = ("--score", "0-100") if scored else ("--rating", SETS[name])
        for part, kept in (("pool", given[:POOL]), ("test", given[POOL:])):
            lines = "".join(json.dumps(row) + "\n" for row in kept)
            (Path(folder) / f"{part}.jsonl").write_text(lines, "utf-8")
        command = [
            *(
                sys.executable,
                "-m",
                "txtal",
                "-q",
                "simulate",
                "pool.jsonl",
                "--test",
                "test.jsonl",
            ),
            *(*scale, "--lang", "xx", "--strategy", strategies, "--json"),
            *("--budget", str(budget), "--seeds", str(seeds), "--batch", "5"),
        ]
        ran = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE)
    said: dict[str, Any] = json.loads(ran.stdout)
    curves: dict[str, dict[int, list[float]]] = {}
    for run in said["runs"]:
        for point in run["curve"]:
            curve = curves.setdefault(run["strategy"], {})
            curve.setdefault(point["labels"], []).append(point["mean_absolute_error"])
    means = {
        strategy: {labels: round(float(np.mean(found)), 3) for labels, found in curve.items()}
        for strategy, curve in curves.items()
    }
    return {
        "set": name,
        "seeds": seeds,
        "all labels": said["full"]["mean_absolute_error"],
        "mean absolute error": means,
        "labels to random's end": {
            found["strategy"]: found["labels"] for found in said["summary"]["configurations"]
        },
        "conclusion": said["summary"]["conclusion"],
    }


# --- ways to learn grades -----------------------------------------------------------------------


def softmax(x: np.ndarray, y: np.ndarray, k: int) -> Predict:
    model = fit(x, np.eye(k, dtype=np.int8)[y], "exclusive", balanced=False)
    return lambda new: (model.predict_proba(new).cumsum(axis=1) < 0.5).sum(axis=1)


def ridge(x: np.ndarray, y: np.ndarray, k: int) -> Predict:
    model = Ridge(alpha=1).fit(x, y)
    return lambda new: np.clip(np.rint(model.predict(new)), 0, k - 1)


def thresholds(x: np.ndarray, y: np.ndarray, k: int) -> Predict:
    """One direction and k - 1 thresholds, each answer a logistic loss at every threshold."""
    x, above = x.astype(np.float64), np.where(y[:, None] > np.arange(k - 1), 1.0, -1.0)

    def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
        w, cuts = p[: x.shape[1]], p[x.shape[1] :]
        score = above * ((x @ w)[:, None] - cuts)
        slope = -above * expit(-score)
        gradient = np.concatenate([x.T @ slope.sum(axis=1) + w, -slope.sum(axis=0)])
        return float(np.logaddexp(0, -score).sum() + w @ w / 2), gradient

    p = minimize(loss, np.zeros(x.shape[1] + k - 1), jac=True, method="L-BFGS-B").x
    w, cuts = p[: x.shape[1]], p[x.shape[1] :]
    return lambda new: ((new @ w)[:, None] >= cuts).sum(axis=1)


def each_grade(x: np.ndarray, y: np.ndarray, k: int) -> Predict:
    model = fit(x, np.eye(k, dtype=np.int8)[y], "rating")
    return lambda new: decide(model.predict_proba(new), "rating").argmax(axis=1)


WAYS = {
    "softmax": softmax,
    "ridge": ridge,
    "all thresholds": thresholds,
    "each grade (txtal)": each_grade,
}


def vectorised(name: str) -> tuple[np.ndarray, np.ndarray, int]:
    """The set's features, its grades counted from 0, and how many grades there are."""
    given = rows(name)
    texts = [row["text"] for row in given]
    y = np.array([row["label"] for row in given])
    with tempfile.TemporaryDirectory() as folder:
        ids = list(range(1, len(texts) + 1))
        wanted, _ = spec.resolve("auto@xx")
        cache = FeatureCache(Path(folder))
        found = cache.ensure(ids, lambda some: [texts[i - 1] for i in some], wanted)
        return np.asarray(found.matrix), y - y.min(), int(np.ptp(y)) + 1


def models(name: str, seeds: int) -> Iterator[tuple[str, dict[int, float]]]:
    """Each way with its mean absolute error after so many random answers."""
    x, y, k = vectorised(name)
    for way, learn in WAYS.items():
        errors: dict[int, float] = {}
        for answers in ANSWERS:
            off = []
            for seed in range(seeds):
                drawn = np.random.default_rng(seed).permutation(POOL)[:answers]
                predict = learn(x[drawn], y[drawn], k)
                off.append(np.abs(predict(x[POOL:]) - y[POOL:]).mean())
            errors[answers] = round(float(np.mean(off)), 3)
        yield way, errors


# --- wrong grades ---------------------------------------------------------------------------------


def suspects(name: str, seeds: int) -> dict[str, Any]:
    """Of the first suspects, how many were flipped and by how many grades; sums over the seeds."""
    x, y, k = vectorised(name)
    found: dict[str, Any] = {"wrong": 0, "off by": 0}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        drawn = rng.permutation(POOL)[:JUDGED]
        wrong = rng.random(JUDGED) < NOISE
        said = np.where(wrong, (y[drawn] + rng.integers(1, k, JUDGED)) % k, y[drawn])
        off = np.abs(said - y[drawn])
        found["wrong"] += int(wrong.sum())
        found["off by"] += int(off.sum())
        cells = np.where(np.eye(k, dtype=np.bool_)[said], IS, NOT).astype(np.int8)
        trainer = Trainer("rating", Hyperparameters())
        folds = deal(cells, np.ones(JUDGED, np.bool_))
        judged = cross_fitted(x[drawn], np.arange(JUDGED), cells, folds, trainer.model)
        for way, task in (("by support", "rating"), ("as labels", "exclusive")):
            first = suspicions(*judged, cells, task).rows  # type: ignore[arg-type]
            of = found.setdefault(way, {size: [0, 0] for size in FIRST})
            for size in FIRST:
                of[size][0] += int(wrong[first[:size]].sum())
                of[size][1] += int(off[first[:size]].sum())
    return found


# --- intervals ------------------------------------------------------------------------------------


def intervals(name: str, seeds: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Mean absolute error, and how often the interval holds, by kind and number of answers.

    A score is ten times the grade, less 0 to 9 at random, so that scores are no grades in disguise.
    """
    x, y, k = vectorised(name)
    scores = (y + 1) * TIMES - np.random.default_rng(0).integers(0, TIMES, len(y))
    for kind, truth, columns in (("grades", y, k), ("scores", scores, k * TIMES + 1)):
        for answers in (30, 60, *ANSWERS[1:4]):
            found = [_held(x, truth, columns, answers, seed) for seed in range(seeds)]
            error, held, width = np.mean(found, axis=0).round(3).tolist()
            yield f"{kind}, {answers}", {"error": error, "held": held, "width": width}


def _held(
    x: np.ndarray, y: np.ndarray, k: int, answers: int, seed: int
) -> tuple[float, float, float]:
    drawn = np.random.default_rng(seed).permutation(POOL)[:answers]
    cells = np.where(np.eye(k, dtype=np.bool_)[y[drawn]], IS, NOT).astype(np.int8)
    learn = Trainer("rating", Hyperparameters()).model
    model, rows = learn(x[drawn], np.arange(answers), cells), np.arange(answers)
    if answers >= calibrate.FEWEST:
        folds = deal(cells, np.ones(answers, np.bool_))
        judged, _ = cross_fitted(x[drawn], rows, cells, folds, learn)
        model = model.calibrated(calibrate.of_grades(judged, cells))
    proba, truth = model.predict_proba(x[POOL:]), y[POOL:]
    low, high = np.array([between(row) for row in proba.tolist()]).T
    off = np.abs(decide(proba, "rating").argmax(axis=1) - truth).mean()
    return float(off), float(((low <= truth) & (truth <= high)).mean()), float((high - low).mean())


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--set", choices=SETS, default="nsmc_ko")
    made.add_argument("--budget", type=int, default=400)
    made.add_argument("--seeds", type=int, default=3)
    made.add_argument("--strategies", default="auto,random")
    made.add_argument("--models", action="store_true", help="compare ways to learn grades")
    made.add_argument("--scores", action="store_true", help="ten times the grades, as scores")
    made.add_argument("--intervals", action="store_true", help="how often intervals hold")
    made.add_argument("--suspects", action="store_true", help="look for wrong grades")
    options = made.parse_args()
    if options.suspects:
        figures = {"set": options.set, **suspects(options.set, options.seeds)}
    elif options.intervals:
        figures = {"set": options.set, **dict(intervals(options.set, options.seeds))}
    elif options.models:
        figures = {"set": options.set, **dict(models(options.set, options.seeds))}
    else:
        figures = simulate(
            options.set, options.budget, options.seeds, options.strategies, options.scores
        )
    emit("ratings", figures, as_json=options.json)


if __name__ == "__main__":
    main()

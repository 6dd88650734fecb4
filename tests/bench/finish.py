"""Does the bound of `txtal finish` hold, and what share of the tickets may it label?

    python -m tests.bench.finish --sets banking77,clinc150 --models 4 --draws 25

For each set, ``--models`` sessions label a pool as `txtal teach` would, to ``--answers`` answers.
The model is what `txtal finish` makes of those answers that weren't random checks. From the other
tickets, ``--audits`` are drawn uniformly ``--draws`` times: models times draws sessions, whose
answers to random checks differ. In each the rest is labelled at ``--precision``, and the labels
are compared with the truth. Printed by set and number of random answers: the proportion of
sessions in which the precision was kept (a session that labels nothing keeps it), the mean
proportion of the rest that was labelled, the mean precision of what was, and the model's accuracy
on the rest.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.common import emit, parser
from tests.bench.estimates import Problem, answer, labelling, unmeasured
from txtal.learner.finishing import Told, blind_model, parts
from txtal.learning.finishing import passed
from txtal.measures.intervals import wilson
from txtal.types import LearnerSettings

SETS = (
    "banking77",
    "clinc150",
    "multidogo_software",
    "wisesight_th",
    "nlupp_banking",
    "nlupp_hotels",
)
LEVEL = 0.05

Row = dict[str, Any]


def sessions(problem: Problem, name: str, seed: int, options: Namespace) -> Iterator[Row]:
    """Label to so many answers, and yield what comes of each draw of random checks."""
    settings = LearnerSettings(seed=seed)
    with labelling(problem, name, settings, options.batch) as (learner, asking):
        with unmeasured():
            asking.begin()
            asking.update()
            while asking.question is not None and asking.count < options.answers:
                answer(problem, asking)
                asking.update()
        fit = learner.complete()
        taught, _ = parts(fit.answered)
        model = blind_model(fit, taught)
        rest = np.setdiff1d(np.arange(len(fit.features.ids)), fit.answered.rows[taught])
        told = Told.of(model, np.asarray(fit.features.matrix[rest], np.float32))
        cool = model.calibrated(fit.measured.temperature)
        expected = Told.of(cool, np.asarray(fit.features.matrix[rest], np.float32), told.decided)
        texts = learner.source.texts(fit.features.ids[rest].tolist())
        truth = np.array(
            [[name in problem.pool.gold[text] for name in problem.pool.labels] for text in texts]
        )
        right = ((told.decided == 1) == truth).all(axis=1)
        rng = np.random.default_rng(seed)
        for audits in options.audits:
            for _ in range(options.draws):
                drawn = np.zeros(len(rest), np.bool_)
                drawn[rng.choice(len(rest), min(audits, len(rest) // 2), replace=False)] = True
                found = passed(
                    told.sure[drawn], right[drawn], expected.sure[drawn], options.precision, LEVEL
                )
                given = right[~drawn & (told.sure >= found.threshold)] if found else right[:0]
                yield {
                    "audits": audits,
                    "labelled": len(given) / (~drawn).sum(),
                    "precision": given.mean() if len(given) else None,
                    "kept": not len(given) or bool(given.mean() >= options.precision),
                    "accuracy": right[~drawn].mean(),
                }


def summary(rows: list[Row]) -> str:
    """The figures of one set and number of random answers, in a line."""
    kept = sum(row["kept"] for row in rows)
    low, high = wilson(kept, len(rows))
    made = [row["precision"] for row in rows if row["precision"] is not None]
    precise = f"{np.mean(made):.1%}" if made else "-"
    return (
        f"bound kept {kept / len(rows):.1%} ({low:.1%} to {high:.1%}) of {len(rows)}, "
        f"labelled {np.mean([row['labelled'] for row in rows]):.1%}, precision {precise}, "
        f"model {np.mean([row['accuracy'] for row in rows]):.1%}"
    )


def main() -> None:
    """Print a line for each set and number of random answers."""
    made = parser(__doc__)
    made.add_argument("--sets", default=",".join(SETS))
    made.add_argument("--models", type=int, default=4)
    made.add_argument("--draws", type=int, default=25)
    made.add_argument("--answers", type=int, default=1_000)
    made.add_argument("--batch", type=int, default=100)
    made.add_argument("--precision", type=float, default=0.95)
    made.add_argument("--audits", default="100,200,400")
    options = made.parse_args()
    options.audits = [int(one) for one in options.audits.split(",")]
    figures: dict[str, Any] = {}
    for name in options.sets.split(","):
        rows: list[Row] = []
        with tempfile.TemporaryDirectory() as folder:
            problem = Problem(name, Path(folder) / name)
            for seed in range(options.models):
                rows += sessions(problem, name, seed, options)
        for audits in options.audits:
            some = [row for row in rows if row["audits"] == audits]
            figures[f"{name}, {audits} random answers"] = summary(some)
            print(name, audits, figures[f"{name}, {audits} random answers"], flush=True)
    emit("finish", figures, as_json=options.json)


if __name__ == "__main__":
    main()

"""Does the bound of `txtal finish` hold, and what share of the tickets may it label?

    python -m tests.bench.finish --sets banking77,clinc150 --models 4 --draws 25

For each set, ``--models`` sessions label a pool as `txtal teach` would, to ``--answers`` answers.
The model is what `txtal finish` makes of those answers that weren't random checks. From the other
tickets, ``--audits`` are drawn uniformly ``--draws`` times: models times draws sessions, whose
answers to random checks differ. In each the rest is labelled at ``--precision``, and the labels
are compared with the truth. Printed by set and number of random answers: the proportion of
sessions in which the precision was kept (a session that labels nothing keeps it), the mean
proportion of the rest that was labelled, the mean precision of what was, and the model's accuracy
on the rest. The line "tried until it passes" is of sessions that try after each of these numbers of
random answers, each try at its part of the level, and label as soon as one passes.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.bench.common import emit, parser
from tests.bench.estimates import Problem, answer, labelling, unmeasured
from txtal.learner.finishing import Told, blind_model, parts
from txtal.learning.arrays import Floats, Indices, Mask, usable_rows
from txtal.learning.finishing import passed, spent
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
REPEATED = "tried until it passes"

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
        rest = rest[usable_rows(fit.features.matrix[rest])]
        told = Told.of(model, np.asarray(fit.features.matrix[rest], np.float32))
        cool = model.calibrated(fit.measured.temperature)
        expected = Told.of(cool, np.asarray(fit.features.matrix[rest], np.float32), told.decided)
        texts = learner.source.texts(fit.features.ids[rest].tolist())
        labels = problem.pool.labels  # which takes all texts to find out
        truth = np.array([[name in problem.pool.gold[text] for name in labels] for text in texts])
        right = ((told.decided == 1) == truth).all(axis=1)
        rng = np.random.default_rng(seed)
        tested = Tested(told.sure, right, expected.sure)
        for _ in range(options.draws):
            order = rng.permutation(len(rest))[: len(rest) // 2]
            for precision in options.precision:
                yield from _draw(tested, order, precision, options.audits)


class Tested(NamedTuple):
    """Tickets that may be drawn, or else be labelled: how sure the model is, and whether right."""

    sure: Floats
    right: Mask
    expected: Floats

    def tried(self, drawn: Indices, precision: float, number: int) -> Row:
        """What a try labels, with these tickets as random answers."""
        level = spent(LEVEL, number)
        found = passed(self.sure[drawn], self.right[drawn], self.expected[drawn], precision, level)
        left = np.ones(len(self.sure), np.bool_)
        left[drawn] = False
        given = self.right[left & (self.sure >= found.threshold)] if found else self.right[:0]
        return {
            "set": (len(drawn), precision),
            "labelled": len(given) / left.sum(),
            "precision": given.mean() if len(given) else None,
            "kept": not len(given) or bool(given.mean() >= precision),
            "accuracy": self.right[left].mean(),
        }


def _draw(tested: Tested, order: Indices, precision: float, audits: list[int]) -> Iterator[Row]:
    """Yield what comes of each number of random answers, and of trying after each."""
    sizes = [size for size in audits if size <= len(order)]
    yield from (
        {**tested.tried(order[:size], precision, 1), "set": (size, precision)} for size in sizes
    )
    row = {}
    for number, size in enumerate(sizes, start=1):
        row = tested.tried(order[:size], precision, number)
        if row["precision"] is not None:
            break
    yield {**row, "set": (REPEATED, precision)}


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
    made.add_argument("--precision", default="0.95,0.9")
    made.add_argument("--audits", default="100,200,400")
    options = made.parse_args()
    options.audits = [int(one) for one in options.audits.split(",")]
    options.precision = [float(one) for one in options.precision.split(",")]
    figures: dict[str, Any] = {}
    for name in options.sets.split(","):
        rows: list[Row] = []
        with tempfile.TemporaryDirectory() as folder:
            problem = Problem(name, Path(folder) / name)
            for seed in range(options.models):
                rows += sessions(problem, name, seed, options)
        for precision in options.precision:
            for audits in (*options.audits, REPEATED):
                some = [row for row in rows if row["set"] == (audits, precision)]
                if not some:
                    continue
                named = audits if audits == REPEATED else f"{audits} random answers"
                figures[f"{name}, {precision}, {named}"] = summary(some)
                print(name, precision, named, summary(some), flush=True)
    emit("finish", figures, as_json=options.json)


if __name__ == "__main__":
    main()

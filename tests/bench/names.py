"""Label names as evidence: with them, without them, and with names that mislead.

    python -m tests.bench.names [--sets banking77,nlupp_banking,multidogo_software] [--seeds 2]

Each run is a session of `txtal simulate`, of 200 answers with a ranking every ten, from no answer
on. `shuffled`: every label is called by another one's name, drawn at random, in the
pool and in the test file alike. Printed are macro-F1 on the test file after 10, 50, 100 and 200
answers, the area under that curve to each of them (the mean of its points from 10 answers on), and
the share of questions with a suggestion whose suggestion alone was right: one key, and no other.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from tests.bench.common import DATA, emit, parser
from txtal.simulation.annotator import Labelled, labelled
from txtal.simulation.journal import Journal
from txtal.simulation.replay import Simulation
from txtal.simulation.runs import plan
from txtal.store import schema
from txtal.types import AUDIT, LearnerSettings, Record

SETS = ("banking77", "nlupp_banking", "multidogo_software")
WAYS = {"names": True, "no names": False, "shuffled": True}
BUDGET, BATCH = 200, 10
SHOWN = (10, 50, 100, 200)


def read(path: Path, called: dict[str, str]) -> Labelled:
    """A labelled file, with its labels called otherwise where ``called`` says how."""
    records = []
    for line in path.open(encoding="utf-8"):
        given = json.loads(line)
        names = given["labels"] if "labels" in given else [given["label"]]
        records.append(Record(given["text"], {}, {"labels": [called.get(n, n) for n in names]}))
    return labelled(records, path.name)


def shuffled(names: Sequence[str], seed: int) -> dict[str, str]:
    """Another's name for each; no label keeps its own."""
    order = random.Random(seed).sample(list(names), len(names))
    return dict(zip(order, [*order[1:], order[0]], strict=True))


Found = tuple[dict[int, float], list[bool]]
"""Macro-F1 by answers, and of each question with a suggestion whether it was right."""


def ran(name: str, way: str, seeds: int) -> Iterator[Found]:
    """A run of each seed."""
    plain = read(DATA / name / "train.jsonl", {})
    called = shuffled(plain.labels, 1) if way == "shuffled" else {}
    pool, held_out = (read(DATA / name / f"{part}.jsonl", called) for part in ("train", "test"))
    settings = LearnerSettings(names=WAYS[way])
    planned = plan(
        ["auto"], ["auto@en"], settings, seeds=seeds, budget=BUDGET, batches=[BATCH],
        points=BUDGET // BATCH,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        replay = Simulation(pool, held_out, planned, Path(folder), Journal())
        for number, run in enumerate(replay.runs(lambda config, seed, count: None)):
            yield (
                {point.labels: point.macro_f1 for point in run.curve},
                suggestions(Path(folder) / f"{number}.db"),
            )


def suggestions(database: Path) -> list[bool]:
    """Of each question with a suggestion whether it was right."""
    with closing(schema.open_readonly(database)) as conn:
        rows = conn.execute("SELECT suggestion, labels, reason FROM answer ORDER BY id")
        return [
            sorted(json.loads(row["suggestion"])) == sorted(json.loads(row["labels"]))
            for row in rows
            if row["reason"] != AUDIT
        ]


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--sets", default=",".join(SETS))
    made.add_argument("--ways", default=",".join(WAYS))
    made.add_argument("--seeds", type=int, default=2)
    options = made.parse_args()
    figures = {}
    for name in options.sets.split(","):
        for way in options.ways.split(","):
            found = list(ran(name, way, options.seeds))
            at = {n: float(np.mean([curve[n] for curve, _ in found])) for n in found[0][0]}
            figures[f"{name}, {way}"] = {
                "macro-F1": {n: round(at[n], 3) for n in SHOWN},
                "area": {
                    n: round(float(np.mean([f1 for x, f1 in at.items() if x <= n])), 3)
                    for n in SHOWN
                },
                "suggestions right": round(
                    float(np.mean([np.mean(right) for _, right in found])), 3
                ),
            }
            print(name, way, figures[f"{name}, {way}"], flush=True)
    emit("names", figures, as_json=options.json)


if __name__ == "__main__":
    main()

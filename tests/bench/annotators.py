"""What rules and a command are worth beside one's own answers.

    python -m tests.bench.annotators [--sets banking77,clinc150,multidogo_software] [--budget 200]

Each run is a session of `txtal simulate` with a model every ten answers. ``alone``: nobody votes.
``rules``: those that `tests.bench.name_rules` writes from the label names. ``command``: a scripted
annotator that is right 70% of the time (`tests.bench.scripted_annotator`) has suggested a label for
``--asked`` random tickets before the first answer, as `--suggest` asks it. Printed are the area
under the curve of macro-F1 on the test file (the mean of its points), macro-F1 after 20, 50, 100
answers and at the end, the answers it took to what ``alone`` has at the end, and what the votes
counted then.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import shlex
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from tests.bench.common import DATA, emit, parser
from tests.bench.name_rules import rules
from txtal.annotators.applying import apply_rules
from txtal.annotators.rules import read_rules
from txtal.annotators.suggesting import Suggesting
from txtal.formats.source import read
from txtal.simulation.annotator import Labelled, labelled
from txtal.simulation.comparison import labels_needed
from txtal.simulation.journal import Journal
from txtal.simulation.replay import Simulation
from txtal.simulation.runs import plan
from txtal.store import revisions, schema
from txtal.store.sqlite import Connection
from txtal.types import Dataset, LearnerSettings

SETS = ("banking77", "clinc150", "multidogo_software")
WAYS = ("alone", "rules", "command")
BATCH = 10
SHOWN = (20, 50, 100)
ACCURACY = 0.7

Vote = Callable[[Connection, Path, Dataset], object]


class VotedSimulation(Simulation):
    """A simulation in whose datasets somebody has voted before the first answer."""

    vote: Vote = staticmethod(lambda conn, path, dataset: None)

    def _load(self, conn: Connection) -> Dataset:
        dataset = super()._load(conn)
        path = Path(conn.execute("PRAGMA database_list").fetchone()[2])
        if path.stem.isdigit():  # not the one whose features are made, nor that of all labels
            self.vote(conn, path, dataset)
        return dataset


def voter(way: str, name: str, pool: Labelled, asked: int) -> Vote:
    """What votes in this way."""

    def by_rules(conn: Connection, path: Path, dataset: Dataset) -> None:
        file = path.with_name("rules.toml")
        file.write_text(rules(pool), encoding="utf-8")
        apply_rules(conn, path, dataset, read_rules(file))

    def by_command(conn: Connection, path: Path, dataset: Dataset) -> None:
        script = Path(__file__).with_name("scripted_annotator.py")
        words = [sys.executable, str(script), str(DATA / name / "train.jsonl"), str(ACCURACY)]
        suggesting = Suggesting(conn, path, dataset, shlex.join(words), asked, lambda said: None)
        suggesting.begin()
        suggesting.work()

    nobody: Vote = lambda conn, path, dataset: None  # noqa: E731
    return {"alone": nobody, "rules": by_rules, "command": by_command}[way]


def ran(
    name: str, way: str, budget: int, seeds: int, asked: int
) -> tuple[dict[int, float], list[str]]:
    """Mean macro-F1 by answers, and what the model said of the votes at the end of each run."""
    pool, held_out = (
        labelled(read(DATA / name / f"{part}.jsonl", lambda bad: None), name)
        for part in ("train", "test")
    )
    planned = plan(
        ["auto"], ["auto@en"], LearnerSettings(), seeds=seeds, budget=budget, batches=[BATCH],
        points=budget // BATCH,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        replay = VotedSimulation(pool, held_out, planned, Path(folder), Journal())
        replay.vote = voter(way, name, pool, asked)  # type: ignore[method-assign]
        runs = list(replay.runs(lambda config, seed, count: None))
        notes = [note(Path(folder) / f"{number}.db") for number in range(len(runs))]
    points = [{point.labels: point.macro_f1 for point in run.curve} for run in runs]
    return {n: float(np.mean([each[n] for each in points])) for n in points[0]}, notes


def note(database: Path) -> str:
    """What the newest model said of the votes."""
    with closing(schema.open_readonly(database)) as conn:
        last = revisions.last_ranking(conn, 1)
        said = last[1].revision.note if last else ""
    return next((part for part in said.split("; ") if part.startswith("votes")), "")


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--sets", default=",".join(SETS))
    made.add_argument("--ways", default=",".join(WAYS))
    made.add_argument("--budget", type=int, default=200)
    made.add_argument("--seeds", type=int, default=1)
    made.add_argument("--asked", type=int, default=1_000)
    options = made.parse_args()
    figures = {}
    for name in options.sets.split(","):
        target = 0.0
        for way in options.ways.split(","):
            curve, notes = ran(name, way, options.budget, options.seeds, options.asked)
            target = target or curve[options.budget]
            figures[f"{name}, {way}"] = {
                "area": round(float(np.mean(list(curve.values()))), 3),
                "macro-F1": {n: round(curve[n], 3) for n in (*SHOWN, options.budget) if n in curve},
                "answers": labels_needed(list(curve.items()), target),
                "votes": notes,
            }
            print(name, way, figures[f"{name}, {way}"], flush=True)
    emit("annotators", figures, as_json=options.json)


if __name__ == "__main__":
    main()

"""How the seconds of each stage grow with answers, labels and tickets.

    python -m tests.bench.growth [--quick] [--json]

Processor seconds in this process, on the tickets of ``tests.bench.scale``, a tenth of the answers
the audit's: of a session's first ranking (features are in the cache), of a ranking after one more
answer, of measuring, of the longest step that the learner does in a pause, of a search by words and
for tickets like one, of writing all answers, and of the figures of ``stats``. The memory is the
peak of a process that does nothing else. An exponent is that of the best fit of
seconds = a * size ** exponent; 1 is linear.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.common import emit, parser, spent
from tests.bench.scale import tickets

TXTAL = str(Path(sys.executable).parent / "txtal")

AXES = {
    "answers": ("tickets=10000,labels=77", (200, 1000, 3000, 9000)),
    "labels": ("tickets=10000,answers=1500", (2, 20, 77, 300)),
    "tickets": ("answers=500,labels=77", (10_000, 30_000, 100_000, 1_000_000)),
}
"""What stays as it is, and what is tried, for each thing that grows."""

RANKINGS = 3
SEARCHES = 9
WORDS = ("card", "refund", "exchange rate", "transfer pending", "lost phone")
STEPS = 400
"""The most steps of pauses that are waited for."""


def filled(path: Path, size: int, count: int, labels: int) -> None:
    """Make a dataset of so many tickets, with answers of so many labels."""
    from txtal.store import datasets, schema
    from txtal.store import tickets as store
    from txtal.store.ledger import StoreLedger
    from txtal.types import AUDIT, Answer, Ranked, Record

    with closing(schema.open_database(path, create=True)) as conn:
        conn.execute("PRAGMA synchronous = OFF")
        names = [(f"label {number}", "") for number in range(labels)]
        dataset = datasets.prepare(conn, "d", names, "exclusive")
        store.add(conn, dataset.id, [Record(one["text"], one["meta"]) for one in tickets(size)])
        ids, rng = dataset.scheme.ids, random.Random(0)
        every = store.ids_after(conn, dataset.id)
        rng.shuffle(every)
        with closing(StoreLedger(conn, path, dataset, annotator="bench")) as ledger:
            for number, ticket in enumerate(every[:count]):
                text = ledger.ticket(ticket).meta["label"]
                # So many groups of banking77's labels, or parts of them.
                label = ids[hash_of(f"{text}{ticket % max(1, labels // 77)}") % labels]
                drawn = Ranked(ticket, reason=AUDIT, selection_probability=1 / size)
                shown = Ranked(ticket) if number % 10 else drawn
                ledger.record(Answer(ticket, "accept", (label,), shown, answered=1.0))


def hash_of(text: str) -> int:
    """The same in every process."""
    return sum(ord(letter) * (place + 1) for place, letter in enumerate(text))


def learned(path: Path) -> dict[str, float]:
    """What the learner costs: in this process, which is a new one."""
    from txtal.learner.pool import PoolLearner
    from txtal.store import datasets, schema
    from txtal.store.ledger import StoreLedger
    from txtal.types import Answer, LearnerSettings, Ranked, StopRule

    learner = PoolLearner(path, "d", LearnerSettings(stop=StopRule(1.0)))
    first = cpu(lambda: learner.rank(measure_later=True))
    steps = done_in_pauses(learner.idle)
    ranks = []
    with closing(schema.open_database(path)) as conn:
        dataset = datasets.get(conn, "d")
        with closing(StoreLedger(conn, path, dataset, annotator="bench")) as ledger:
            for _ in range(RANKINGS):
                ticket = ledger.tickets.take_random(random.Random(0)) or 1
                label = dataset.scheme.ids[0]
                ledger.record(Answer(ticket, "accept", (label,), Ranked(ticket), answered=1.0))
                ranks.append(cpu(lambda: learner.rank(measure_later=True)))
    return {
        "first ranking": first,
        "ranking": statistics.median(ranks),
        "measuring": sum(steps["measure"]),
        "longest step": max(max(seconds) for seconds in steps.values()),
        "all steps": sum(sum(seconds) for seconds in steps.values()),
        "learner MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def done_in_pauses(idle: Any) -> dict[str, list[float]]:
    """Processor seconds of each step of each kind of work, until nothing is left to do."""
    steps: dict[str, list[float]] = {}
    for _ in range(STEPS):
        for one in fields(idle):
            began = time.process_time()
            more = getattr(idle, one.name)()
            steps.setdefault(one.name, []).append(time.process_time() - began)
            if more:
                break
        else:
            break
    return steps


def searched(path: Path) -> dict[str, float]:
    """What looking for tickets costs, once the index is made."""
    from txtal.store import schema
    from txtal.store import tickets as store
    from txtal.store.search import SearchIndex
    from txtal.types.query import parse

    index = SearchIndex(path, 1, "bench")
    index.start()
    index.wait()
    with closing(schema.open_readonly(path)) as conn:
        texts = store.texts(conn, range(1, 1 + SEARCHES))
    found = [cpu(lambda one=one: index.find(parse(one), 50)) for one in WORDS]
    like = [cpu(lambda one=one: index.like(one, 50)) for one in texts]
    index.close()
    return {"search": statistics.median(found), "tickets like one": statistics.median(like)}


def cpu(work: Callable[[], object]) -> float:
    """Processor seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measured(size: int, answers: int, labels: int) -> dict[str, float]:
    """Every stage at one size."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "t.db"
        filled(path, size, answers, labels)
        child = [sys.executable, "-m", "tests.bench.growth", "--learn", str(path)]
        subprocess.run(child, check=True, capture_output=True)  # makes the features
        done = subprocess.run(child, check=True, capture_output=True, text=True)
        figures: dict[str, float] = json.loads(done.stdout) | searched(path)
        figures["export"] = spent([TXTAL, "--db", str(path), "export", "d"])["cpu"]
        figures["stats"] = spent([TXTAL, "--db", str(path), "stats", "d"])["cpu"]
        return figures


def exponents(sizes: list[int], rows: list[dict[str, float]]) -> dict[str, float]:
    """Of each stage's seconds over the sizes."""
    logs = np.log(sizes)
    return {
        stage: round(float(np.polyfit(logs, np.log([row[stage] for row in rows]), 1)[0]), 2)
        for stage in rows[0]
    }


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--quick", action="store_true", help="the smaller sizes alone")
    arguments.add_argument("--axes", default=",".join(AXES), help="separated by commas")
    arguments.add_argument("--learn", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.learn:
        print(json.dumps(learned(options.learn)))
        return
    found: dict[str, Any] = {}
    for axis in options.axes.split(","):
        fixed, sizes = AXES[axis]
        given = {name: int(n) for name, n in (part.split("=") for part in fixed.split(","))}
        tried = list(sizes[:-1] if options.quick else sizes)
        rows = []
        for size in tried:
            wanted = given | {axis: size}
            rows.append(measured(wanted["tickets"], wanted["answers"], wanted["labels"]))
        found[axis] = {
            **{f"{size:,}": row for size, row in zip(tried, rows, strict=True)},
            "exponents": exponents(tried, rows),
        }
    emit("growth", found, as_json=options.json)


if __name__ == "__main__":
    main()

"""A stream of Korean reviews: is the memory constant, the budget kept, and the quality the pool's?

    python -m tests.bench.stream [--budget 0.1] [--answers-a-fit 100]

The reviews of nsmc_ko arrive in the order of the file, which goes from film to film; of each the
label is whether its rating is 8 or above, as an exclusive dataset of two labels. Every twelfth is
held out. The stream runs as ``txtal teach --stream`` does, session and learner in a process each,
but for the screen and the reader's thread: ``AT_ONCE`` tickets are handed over as soon as those
before are settled, and a perfect annotator answers what waits. The resident memory of both is
looked at after each of these.

Then the same number of answers is given to questions chosen from all of the tickets, by ``auto``
and at random, with a fit every so many answers. The three models, each fitted anew to its answers
on the same features, are tried on what was held out.
"""

from __future__ import annotations

import os
import sys

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import psutil

from tests.bench.common import DATA, emit, parser
from txtal.inflow import AT_ONCE, Inflow, Reader
from txtal.learner.client import LearnerProcess
from txtal.session import Session
from txtal.store import datasets, schema
from txtal.store.ledger import Ledger
from txtal.stream import Rule
from txtal.types import LearnerSettings, Record

LABELS = ("good", "poor")
GOOD = 8
HELD_OUT = 12
SETTINGS = {"vectoriser": "auto", "audit": 0.1}


class Arrivals(Reader):
    """Hands over what it holds, a part at a time."""

    def __init__(self, records: Sequence[Record]) -> None:
        super().__init__(lambda on_bad, stop: iter(()))
        self._waiting = records
        self._next = 0
        self.wanted = True

    @property
    def over(self) -> bool:
        return self._next >= len(self._waiting)

    def take(self) -> list[Any]:
        if not self.wanted:
            return []
        part = self._waiting[self._next : self._next + AT_ONCE]
        self._next += len(part)
        return list(part)


def reviews(limit: int) -> list[Record]:
    """Distinct texts with their label."""
    found: dict[str, Record] = {}
    with (DATA / "nsmc_ko" / "train.jsonl").open(encoding="utf-8") as file:
        for line in file:
            body = json.loads(line)
            label = LABELS[int(body["label"]) < GOOD]
            found.setdefault(body["text"], Record(body["text"], {}, {"label": label}))
            if len(found) == limit:
                break
    return list(found.values())


def stream(path: Path, records: Sequence[Record], budget: float) -> dict[str, Any]:
    """Label the stream in ``path``; how it went, and what was resident meanwhile."""
    gold = {record.text: record.extra["label"] for record in records}
    arrivals = Arrivals([Record(record.text) for record in records])
    woken = Event()
    with closing(schema.open_database(path, create=True)) as conn:
        dataset = datasets.prepare(conn, "simulated", [(label, "") for label in LABELS], None)
        ids = {label.name: label.id for label in dataset.scheme.labels}
        ledger = Ledger(conn, path, dataset, annotator="simulated", recipe="stream")
        settings = LearnerSettings(stream=True, **SETTINGS)  # type: ignore[arg-type]
        learner = LearnerProcess(path, dataset.name, settings, log=path.with_suffix(".log"))
        learner.wake(woken.set)
        learner.start()
        inflow = Inflow(ledger, Rule("exclusive", budget, settings.audit), arrivals)
        session = Session(ledger, dataset.scheme, learner=learner, inflow=inflow)
        began = time.perf_counter()
        resident: list[tuple[int, int, int]] = []
        session.begin()
        try:
            while True:
                woken.clear()
                standing = inflow.standing
                arrivals.wanted = not standing.unsettled
                if standing.over and not standing.unsettled and not session.question:
                    break
                news = session.update()
                while session.question is not None:
                    session.answer("accept", (ids[gold[session.question.ticket.text]],))
                    news = True
                if arrivals.wanted and learner.pid:
                    print(f"\r{standing.spent.decided:,}", end="", file=sys.stderr, flush=True)
                    resident.append(
                        (standing.spent.decided, *(map(_resident, (None, learner.pid))))
                    )
                if not news:
                    woken.wait(5)
        finally:
            learner.close()
        spent = inflow.standing.spent
    return {
        "arrived": spent.decided,
        "asked": spent.asked,
        "share asked": round(spent.asked / spent.decided, 4),
        "of the budget": round(spent.asked / spent.decided / budget, 3),
        "answers": session.count,
        "seconds": round(time.perf_counter() - began, 1),
        "resident MB after a share of the stream": _summary(resident, spent.decided),
    }


def _resident(pid: int | None) -> int:
    return int(psutil.Process(pid).memory_info().rss)


def _summary(resident: Sequence[tuple[int, int, int]], total: int) -> dict[str, dict[str, int]]:
    """The memory of the screen's process and the learner's at these shares of the stream."""
    shown = {}
    for share in (0.1, 0.25, 0.5, 0.75, 1.0):
        _, mine, its = min(resident, key=lambda one: abs(one[0] - share * total))
        shown[f"{share:.0%}"] = {"session": round(mine / 1e6), "learner": round(its / 1e6)}
    return shown


def compare(
    path: Path, records: Sequence[Record], held_out: Sequence[Record], answers: int, batch: int
) -> dict[str, dict[str, float]]:
    """Accuracy and macro-F1 on what was held out: the stream's, the pool's, and chance's."""
    from txtal.learner.learner import Learner
    from txtal.simulation.annotator import labelled
    from txtal.simulation.journal import Journal
    from txtal.simulation.replay import Simulation
    from txtal.simulation.runs import plan

    pool, test = (labelled(iter(part), "nsmc_ko") for part in (records, held_out))
    settings = LearnerSettings(**SETTINGS)  # type: ignore[arg-type]
    planned = plan(
        ["auto", "random"], ["auto"], settings, seeds=1, budget=answers, batches=(batch,), points=1
    )
    sim = Simulation(pool, test, planned, path.parent, Journal())
    learner = Learner(path, "simulated", settings, cache_folder=sim._cache(planned.vectorisers[0]))
    learner.rank()
    assert learner.model is not None
    assert learner.features is not None
    found = {"stream": _scores(*sim._score(learner.model, learner.features))}
    for run in sim.runs(lambda config, seed, count: None):
        point = run.curve[-1]
        found[f"pool, {run.config.strategy}"] = _scores(point.accuracy, point.macro_f1)
    full = sim.full(planned.vectorisers[0])
    return {**found, "every label": _scores(full.accuracy, full.macro_f1)}


def _scores(accuracy: float, macro_f1: float) -> dict[str, float]:
    return {"accuracy": round(accuracy, 4), "macro-F1": round(macro_f1, 4)}


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--tickets", type=int, default=60_000)
    made.add_argument("--budget", type=float, default=0.1)
    made.add_argument("--answers-a-fit", type=int, default=100)
    made.add_argument("--memory-only", action="store_true", help="leave out the quality")
    options = made.parse_args()
    every = reviews(options.tickets)
    held_out = every[::HELD_OUT]
    records = [record for n, record in enumerate(every) if n % HELD_OUT]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.db"
        figures = stream(path, records, options.budget)
        quality = None
        if not options.memory_only:
            quality = compare(path, records, held_out, figures["answers"], options.answers_a_fit)
    emit(
        "stream",
        {"budget": options.budget, "held out": len(held_out), **figures, "quality": quality},
        as_json=options.json,
    )


if __name__ == "__main__":
    main()

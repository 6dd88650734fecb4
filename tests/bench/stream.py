"""A stream of Korean reviews: is the memory constant, the budget kept, and the quality the pool's?

    python -m tests.bench.stream [--budget 0.1] [--answers-a-fit 100]
    python -m tests.bench.stream --memory-only [--times 2]

The reviews of nsmc_ko arrive in the order of the file, which goes from film to film; of each the
label is whether its rating is 8 or above, as an exclusive dataset of two labels. Every twelfth is
held out. The stream runs as ``txtal teach --stream`` does, session and learner in a process each,
but for the screen and the reader's thread: ``AT_ONCE`` tickets are handed over as soon as those
before are settled, and a perfect annotator answers what waits. The resident memory of both is
looked at after each of these. With ``--times 2`` as many more arrive after them, each composed of
the halves of two and a word that is in no other, as a stream never runs out of new words.

With ``--estimates 16`` so many short streams are labelled instead, each a part of the reviews of
which a third is held out: how far is what is shown of the accuracy from that on these, and how
often does its interval hold it?

Then the same number of answers is given to questions chosen from all of the tickets, by ``auto``
and at random, with a fit every so many answers. The three models, each fitted anew to its answers
on the same features, are tried on what was held out.
"""

from __future__ import annotations

import os
import sys

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from itertools import product
from pathlib import Path
from threading import Event
from typing import Any

import psutil

from tests.bench.common import DATA, emit, parser
from tests.sessions import session_of
from txtal.ingest.stream import AT_ONCE, Reader, SourceInflow
from txtal.learner.client import LearnerProcess
from txtal.learning.selective import Rule
from txtal.session.protocols import Learner
from txtal.session.session import Session
from txtal.store import datasets, schema
from txtal.store.ledger import StoreLedger
from txtal.types import Estimate, LearnerSettings, Measures, Record

LABELS = ("good", "poor")
GOOD = 8
HELD_OUT = 12
SETTINGS: dict[str, Any] = {"vectoriser": "auto", "audit": 0.1}


class Arrivals(Reader):
    """Hands over texts, a part at a time; holds them packed, lest what is made of them stays."""

    def __init__(self, texts: Iterable[str]) -> None:
        super().__init__(lambda on_bad, stop: iter(()))
        self._waiting = [text.encode() for text in texts]
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
        return [Record(text.decode()) for text in part]


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


def recombined(records: Sequence[Record], times: int) -> list[Record]:
    """The records, and the same number again and again of others made of them."""
    draw = random.Random(0)
    made = {record.text: record for record in records}
    for round_ in range(1, times):
        for number, record in enumerate(records):
            head, tail = record.text.split(), draw.choice(records).text.split()
            new = f"{_word(draw)}{round_}{number}"
            text = " ".join([*head[: -(-len(head) // 2)], new, *tail[len(tail) // 2 :]])
            made[text] = Record(text, {}, record.extra)
    return list(made.values())


def _word(draw: random.Random) -> str:
    """Three Hangul syllables."""
    return "".join(chr(draw.randrange(0xAC00, 0xD7A4)) for _ in range(3))


Labelling = tuple[Session, Arrivals, Callable[[], bool]]


@contextmanager
def labelling(
    path: Path, records: Sequence[Record], budget: float, seed: int, learner: Learner
) -> Iterator[Labelling]:
    """A session on a stream, and what answers all that it asks; whether it asked anything."""
    gold = {record.text: record.extra["label"] for record in records}
    arrivals = Arrivals(record.text for record in records)
    with closing(schema.open_database(path, create=True)) as conn:
        dataset = datasets.prepare(conn, "simulated", [(label, "") for label in LABELS], None)
        ids = {label.name: label.id for label in dataset.scheme.labels}
        ledger = StoreLedger(conn, path, dataset, annotator="simulated", recipe="stream")
        inflow = SourceInflow(
            ledger.stream, Rule("exclusive", budget, SETTINGS["audit"]), arrivals, seed
        )
        session = session_of(ledger, dataset.scheme, learner=learner, inflow=inflow)

        def answer() -> bool:
            asked = session.question is not None
            while session.question is not None:
                session.answer("accept", (ids[gold[session.question.ticket.text]],))
            return asked

        session.begin()
        yield session, arrivals, answer


def stream(path: Path, records: Sequence[Record], budget: float) -> dict[str, Any]:
    """Label the stream in ``path``; how it went, and what was resident meanwhile."""
    woken = Event()
    settings = LearnerSettings(stream=True, **SETTINGS)
    learner = LearnerProcess(path, "simulated", settings, log=path.with_suffix(".log"))
    learner.wake(woken.set)
    began = time.perf_counter()
    resident: list[tuple[int, int, int]] = []
    with labelling(path, records, budget, 0, learner) as (session, arrivals, answer):
        inflow = session.background.inflow
        assert inflow is not None
        learner.start()
        try:
            while True:
                woken.clear()
                standing = inflow.standing
                arrivals.wanted = not standing.pending
                if standing.over and not standing.pending and not session.question:
                    break
                news = session.update()
                news = answer() or news
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
    tenths = _summary(resident, spent.decided)
    return {
        "arrived": spent.decided,
        "asked": spent.asked,
        "share asked": round(spent.asked / spent.decided, 4),
        "of the budget": round(spent.asked / spent.decided / budget, 3),
        "answers": session.count,
        "seconds": round(time.perf_counter() - began, 1),
        "most resident MB of each tenth": tenths,
        "most over least of the last five": _spread(tenths),
    }


def _resident(pid: int | None) -> int:
    return int(psutil.Process(pid).memory_info().rss)


def _summary(resident: Sequence[tuple[int, int, int]], total: int) -> dict[str, dict[str, int]]:
    """The most that the screen's process and the learner's had in each tenth of the stream."""
    tenths: dict[str, dict[str, int]] = {}
    for decided, mine, its in resident:
        tenth = tenths.setdefault(f"{min(9, 10 * decided // total) + 1}0%", {})
        for whose, has in (("session", mine), ("learner", its)):
            tenth[whose] = max(tenth.get(whose, 0), round(has / 1e6))
    return tenths


def _spread(tenths: dict[str, dict[str, int]]) -> dict[str, float]:
    """The most of the last five tenths by the least of them."""
    last = list(tenths.values())[5:]
    of_both = {whose: [tenth[whose] for tenth in last] for whose in ("session", "learner")}
    return {whose: round(max(of) / min(of), 3) for whose, of in of_both.items() if of}


def compare(
    path: Path, records: Sequence[Record], held_out: Sequence[Record], answers: int, batch: int
) -> dict[str, dict[str, float]]:
    """Accuracy and macro-F1 on what was held out: the stream's, the pool's, and chance's."""
    from txtal.learner.pool import PoolLearner
    from txtal.simulation.annotator import labelled
    from txtal.simulation.journal import Journal
    from txtal.simulation.replay import Simulation
    from txtal.simulation.runs import plan

    pool, test = (labelled(iter(part), "nsmc_ko") for part in (records, held_out))
    settings = LearnerSettings(**SETTINGS)
    planned = plan(
        ["auto", "random"], ["auto"], settings, seeds=1, budget=answers, batches=(batch,), points=1
    )
    sim = Simulation(pool, test, planned, path.parent, Journal())
    cache = sim._cache(planned.vectorisers[0])
    fit = PoolLearner(path, "simulated", settings, cache=cache).learn()
    of_stream = sim._score(fit.model, fit.features)
    found = {"stream": _scores(of_stream["accuracy"], of_stream["macro_f1"])}
    for run in sim.runs(lambda config, seed, count: None):
        point = run.curve[-1]
        found[f"pool, {run.config.strategy}"] = _scores(point.accuracy, point.macro_f1)
    full = sim.full(planned.vectorisers[0])
    return {**found, "every label": _scores(full.accuracy, full.macro_f1)}


def judged(path: Path, held_out: Sequence[Record]) -> tuple[Measures, float]:
    """What a learner that goes on with the stream says of itself, and its true accuracy."""
    from txtal.learner.stream import StreamLearner

    fit = StreamLearner(path, "simulated", LearnerSettings(stream=True, **SETTINGS)).learn()
    measures = fit.measures
    assert measures is not None
    features = fit.features.vectoriser.transform([record.text for record in held_out])
    said = fit.model.predict_proba(features).argmax(axis=1)
    gold = [LABELS.index(record.extra["label"]) for record in held_out]
    return measures, float((said == gold).mean())


def estimates(records: Sequence[Record], streams: int, seeds: int, budget: float) -> dict[str, Any]:
    """What is estimated at the end of each stream, against what was held out of it."""
    from txtal.learner.inline import InlineLearner
    from txtal.learner.stream import StreamLearner

    size = len(records) // streams
    found: dict[str, list[tuple[Estimate, float]]] = {}
    for number, seed in product(range(streams), range(seeds)):
        part = records[number * size : (number + 1) * size]
        held_out, kept = part[::3], [record for n, record in enumerate(part) if n % 3]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "stream.db"
            settings = LearnerSettings(stream=True, **SETTINGS)
            inline = InlineLearner(StreamLearner(path, "simulated", settings))
            with labelling(path, kept, budget, number * seeds + seed, inline) as (
                session,
                arrivals,
                answer,
            ):
                while not arrivals.over or session.background.inflow.standing.pending:  # type: ignore[union-attr]
                    session.update()
                    answer()
            measures, truth = judged(path, held_out)
        for kind in ("accuracy", "corrected", "audit"):
            estimate = getattr(measures, kind)
            if estimate:
                found.setdefault(kind, []).append((estimate, truth))
        print(f"{number}: {truth:.3f}, {measures.accuracy}", file=sys.stderr, flush=True)
    return {kind: _quality(pairs) for kind, pairs in found.items()}


def _quality(pairs: Sequence[tuple[Estimate, float]]) -> dict[str, float]:
    off = [estimate.value - truth for estimate, truth in pairs]
    held = [estimate.low <= truth <= estimate.high for estimate, truth in pairs]
    wide = [estimate.high - estimate.low for estimate, _ in pairs]
    return {
        "streams": len(pairs),
        "interval holds": round(sum(held) / len(held), 3),
        "bias": round(statistics.mean(off), 4),
        "root mean square error": round(statistics.mean(one**2 for one in off) ** 0.5, 4),
        "width": round(statistics.mean(wide), 3),
    }


def _scores(accuracy: float, macro_f1: float) -> dict[str, float]:
    return {"accuracy": round(accuracy, 4), "macro-F1": round(macro_f1, 4)}


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--tickets", type=int, default=60_000)
    made.add_argument("--budget", type=float, default=0.1)
    made.add_argument("--answers-a-fit", type=int, default=100)
    made.add_argument("--memory-only", action="store_true", help="leave out the quality")
    made.add_argument("--times", type=int, default=1, help="so many times as many, recombined")
    made.add_argument("--estimates", type=int, default=0, help="so many short streams instead")
    made.add_argument("--seeds", type=int, default=1, help="times that each of those is labelled")
    options = made.parse_args()
    if options.times > 1 and not options.memory_only:
        made.error("what is recombined has no true label: add --memory-only")
    every = reviews(options.tickets)
    if options.estimates:
        figures = estimates(every, options.estimates, options.seeds, options.budget)
        emit("stream", {"budget": options.budget, **figures}, as_json=options.json)
        return
    held_out = every[::HELD_OUT]
    records = [record for n, record in enumerate(every) if n % HELD_OUT]
    records = recombined(records, options.times)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.db"
        figures = stream(path, records, options.budget)
        print(f"\n{figures}", file=sys.stderr, flush=True)  # the rest takes as long again
        quality = estimate = None
        if not options.memory_only:
            measures, truth = judged(path, held_out)
            estimate = {"shown": asdict(measures.accuracy), "true": round(truth, 4)}
            quality = compare(path, records, held_out, figures["answers"], options.answers_a_fit)
    emit(
        "stream",
        {
            "budget": options.budget,
            "held out": len(held_out),
            **figures,
            "estimate": estimate,
            "quality": quality,
        },
        as_json=options.json,
    )


if __name__ == "__main__":
    main()

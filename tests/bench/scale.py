"""What a pool of ten thousand, a hundred thousand and a million tickets costs, stage by stage.

    python -m tests.bench.scale --results scale.jsonl [--sizes 10000,100000,1000000] [--json]

Tickets are made from the real sets: the first half of a banking77 question, whose label the ticket
keeps, the second half of another text, and a mark, so that no two are alike. Each stage is
compared with a bare reference in the same run: loading with json and executemany, vectorising with
``nlp.pipe``, a ranking with one product of the features and the model's weights. Ratios are of
processor seconds, which say the same on a busy machine and an idle one; the seconds to a first
question are those of the clock. Then somebody answers once a second for a while.

A size that is in the results already isn't measured again. The exponent is that of the best fit of
seconds = a * size ** exponent.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import itertools
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.bench.common import DATA, as_installed, drained, emit, parser, spent
from tests.bench.keys import Terminal, marked, quantile, waited_for_model
from tests.bench.load import BARE
from tests.bench.startup import LIBRARIES

TXTAL = str(Path(sys.executable).parent / "txtal")
SETS = ("banking77", "clinc150", "multidogo_software", "nlupp_banking", "nlupp_hotels")
SIZES = (10_000, 100_000, 1_000_000)
ANSWERED = 200
BARE_TEXTS = 20_000
RANKINGS = 5
LOADS = 3
MORE = 5
"""Times as many answers of the largest pool: enough for a p99."""


# --- the tickets ------------------------------------------------------------------------------


def tickets(count: int) -> Iterator[dict[str, Any]]:
    """So many, always the same."""
    questions = _lines("banking77")
    others = [line["text"] for name in SETS for line in _lines(name)]
    rng = np.random.default_rng(0)
    pairs = zip(
        rng.integers(0, len(questions), count).tolist(),
        rng.integers(0, len(others), count).tolist(),
        strict=True,
    )
    for number, (i, j) in enumerate(pairs):
        text = f"{_half(questions[i]['text'], 0)} {_half(others[j], 1)}"
        yield {"text": marked(text, number), "meta": {"label": questions[i]["label"]}}


def _lines(name: str) -> list[dict[str, Any]]:
    text = (DATA / name / "train.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _half(text: str, which: int) -> str:
    words = text.split()
    middle = (len(words) + 1) // 2
    return " ".join(words[middle:] if which else words[:middle])


def labels() -> list[str]:
    return sorted({line["label"] for line in _lines("banking77")})


# --- stages -----------------------------------------------------------------------------------


def load(folder: Path, source: Path) -> dict[str, Any]:
    """The middle of a few rounds, each after the bare one that it is compared with."""
    rounds = []
    for _ in range(LOADS):
        for old in folder.glob("*.db*"):
            old.unlink()
        bare = spent([sys.executable, "-c", BARE, str(folder / "bare.db"), str(source)])
        ours = spent([TXTAL, "--db", str(folder / "t.db"), "load", "d", str(source)])
        rounds.append((ours["cpu"], bare["cpu"] / ours["cpu"], bare["seconds"] / ours["seconds"]))
    cpu, throughput, by_the_clock = map(statistics.median, zip(*rounds, strict=True))
    return {
        "cpu": cpu,
        "throughput over bare": throughput,
        "by the clock": by_the_clock,
        "database MB": (folder / "t.db").stat().st_size / 1e6,
    }


def learn(database: Path) -> dict[str, Any]:
    """What the learner does, in this process: vectorise, fit, rank."""
    import spacy

    from txtal.learner.fit import Fit
    from txtal.learner.pool import PoolLearner
    from txtal.store import datasets, schema
    from txtal.store import tickets as store
    from txtal.store.ledger import StoreLedger
    from txtal.types import Answer, LearnerSettings, Ranked, Record

    with closing(schema.open_database(database)) as conn:
        dataset = datasets.prepare(conn, "d", [(label, "") for label in labels()])
        count = store.count(conn, dataset.id)
        sample = store.texts(conn, list(range(1, 1 + min(count, BARE_TEXTS))))
        nlp = spacy.blank("en")
        bare = len(sample) / _cpu(lambda: drained(nlp.pipe(sample)))

        learner = PoolLearner(database, "d", LearnerSettings())
        ids = store.ids_after(conn, dataset.id)
        first = _cpu(lambda: learner._features.meet(ids, []))
        steps = list(_steps(learner.idle.grow))
        vectorise = first + sum(steps)
        neighbours = _cpu(learner.rank)

        ledger = StoreLedger(conn, database, dataset, annotator="bench")
        ids = {label.name: label.id for label in dataset.scheme.labels}
        rng = random.Random(0)

        def answer() -> None:
            ticket = ledger.ticket(ledger.tickets.take_random(rng) or 1)
            label = ids[ticket.meta["label"]]
            ledger.record(Answer(ticket.id, "accept", (label,), Ranked(ticket.id), answered=1.0))

        for _ in range(ANSWERED):
            answer()
        learner.rank()
        learner.idle.store_neighbours()
        refits, ranks, products = [], [], []
        for _ in range(RANKINGS):
            answer()
            ranks.append(_cpu(learner.rank))
            fit = learner.newest()
            again = partial(Fit.of, fit.snapshot, fit.neighbours, fit.trainer, before=fit)
            refits.append(_cpu(again))
            products.append(_cpu(partial(_product, fit)))
        ledger.close()
        prepared = PoolLearner(database, "d", LearnerSettings())
        prepared_rank = _cpu(prepared.rank)
        more = itertools.islice(tickets(count + count // 100), count, None)
        store.add(conn, dataset.id, [Record(one["text"], one["meta"]) for one in more])
        append = _cpu(prepared.rank) + sum(_steps(prepared.idle.grow))
        return {
            "vectorise": {
                "cpu": vectorise,
                "throughput over bare": count / vectorise / bare,
                "before the first ranking, cpu": first,
                "longest step, cpu": max(steps, default=0.0),
            },
            "first ranking": {"cpu": neighbours},
            "refit": {"cpu": statistics.median(refits)},
            "rank": {
                "cpu": statistics.median(ranks),
                "over one product": statistics.median(ranks) / statistics.median(products),
            },
            "prepared pool, first ranking": {"cpu": prepared_rank},
            "append a hundredth": {
                "cpu": append,
                "a ticket over vectorising one": append / (count // 100) / (vectorise / count),
            },
        }


def _steps(work: Callable[[], bool]) -> Iterator[float]:
    """Processor seconds of each step, until there is none left."""
    more = True
    while more:
        began = time.process_time()
        more = work()
        yield time.process_time() - began


def _product(fit: Any) -> None:
    matrix, weights = fit.features.matrix, fit.model.coef.T
    for begin in range(0, len(matrix), 16_384):
        _ = matrix[begin : begin + 16_384] @ weights


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def sit(folder: Path, words: list[str], seconds: int) -> dict[str, Any]:
    """Clock seconds to the first question; then an answer a second."""
    environment = {**os.environ, "TERM": "xterm", "TXTAL_LOG": str(folder / "log")}
    began = time.perf_counter()
    terminal = Terminal([TXTAL, *words], environment)
    first = terminal.wait_for_another("") - began
    if seconds:
        waited_for_model(words[1])
    process = psutil.Process(terminal._process.pid)
    memory, behind, presses = [], [], []
    for _ in range(seconds):
        until = time.perf_counter() + 1
        presses.append(terminal.press("1"))
        while time.perf_counter() < until:
            time.sleep(0.1)
            memory.append(_memory(process))
        terminal.catch_up()
        shown = re.search(r"(\d+) behind", terminal.text)
        behind.append(int(shown[1]) if shown else 0)
    terminal.close()
    libraries = spent([sys.executable, "-c", LIBRARIES])["seconds"]
    figures: dict[str, Any] = {
        "first question, seconds": first,
        "over importing its libraries": first / libraries,
    }
    if seconds:
        figures |= {
            "answers": seconds,
            "most behind": max(behind),
            "key to paint, ms, p50": statistics.median(presses),
            "key to paint, ms, p99": quantile(presses, 0.99),
            "key to paint, ms, slowest": max(presses),
            "peak MB, both processes": max(sum(used) for used in memory),
            "peak MB, screen": max(used[0] for used in memory),
        }
    return figures


def _memory(process: psutil.Process) -> tuple[float, float]:
    """Resident MB of the screen's process, and of those it started."""
    children = process.children(recursive=True)
    return process.memory_info().rss / 1e6, sum(c.memory_info().rss for c in children) / 1e6


def measure(size: int, seconds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, scheme = folder / "tickets.jsonl", folder / "labels.txt"
        with source.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(ticket) + "\n" for ticket in tickets(size))
        scheme.write_text("\n".join(labels()))
        figures: dict[str, Any] = {"tickets": size, "file MB": source.stat().st_size / 1e6}
        figures["load"] = load(folder, source)
        child = [sys.executable, "-m", "tests.bench.scale", "--learn", str(folder / "t.db")]
        done = subprocess.run(child, check=True, capture_output=True, text=True)
        figures |= json.loads(done.stdout)
        prepared = ["--db", str(folder / "t.db"), "teach", "d"]
        figures["prepared"] = sit(folder, prepared, seconds)
        figures["prepared"] |= sit(folder, prepared, 0)
        for one in (folder / "t.db.cache").rglob("*"):
            kind = "search" if one.name.startswith("search") else "features"
            kept = figures.setdefault("caches MB", {"search": 0.0, "features": 0.0})
            kept[kind] += one.stat().st_size / 1e6 * one.is_file()
        new = ["--db", str(folder / "n.db"), "teach", "d", str(source)]
        figures["new file"] = sit(folder, [*new, "--labels-from", str(scheme)], 0)
        return figures


def exponents(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Of each stage's seconds, over the sizes."""
    sizes = np.log([row["tickets"] for row in rows])
    found = {}
    for stage, figures in rows[0].items():
        if isinstance(figures, dict) and "cpu" in figures:
            seconds = np.log([row[stage]["cpu"] for row in rows])
            found[stage] = round(float(np.polyfit(sizes, seconds, 1)[0]), 2)
    return found


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--sizes", type=lambda text: [int(n) for n in text.split(",")])
    arguments.add_argument("--results", type=Path, default=Path("scale.jsonl"))
    arguments.add_argument(
        "--answers", type=int, default=20, help="at one a second; five times as many of the largest"
    )
    arguments.add_argument("--learn", type=Path, help="what a child process is started with")
    options = arguments.parse_args()
    if options.learn:
        print(json.dumps(learn(options.learn)))
        return
    as_installed()
    rows: dict[int, dict[str, Any]] = {}
    if options.results.exists():
        for line in options.results.read_text("utf-8").splitlines():
            row = json.loads(line)
            rows[row["tickets"]] = row
    sizes = options.sizes or SIZES
    for size in itertools.filterfalse(rows.__contains__, sizes):
        rows[size] = measure(size, options.answers * (MORE if size == max(sizes) else 1))
        with options.results.open("a", encoding="utf-8") as out:
            out.write(json.dumps(rows[size]) + "\n")
    measured = [rows[size] for size in sizes]
    figures: dict[str, Any] = {"sizes": measured}
    if len(measured) > 1:
        figures["exponents"] = exponents(measured)
    if not options.json:
        figures = {str(row["tickets"]): row for row in measured} | figures
        del figures["sizes"]
    emit("scale", figures, as_json=options.json)


if __name__ == "__main__":
    main()

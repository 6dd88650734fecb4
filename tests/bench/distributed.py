"""What Dask's workers on this machine take against this process alone, in the same run.

    python -m tests.bench.distributed --lines 100000

A scheduler and ``--workers`` processes on 127.0.0.1: predicting from file to file, vectorising a
dataset, and sweeps of its pool; and that what comes out is the same, byte for byte. Seconds are the
processor's, of the command and of the workers. What the command itself takes of each line is what
bounds the number of workers that it can keep busy; what all take together is the price of the way.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import filecmp
import json
import shutil
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import psutil

from tests.bench.common import DATA, emit, parser, quietly
from tests.engine.machines import Machines, running

TXTAL = (sys.executable, "-m", "txtal", "-q")


def spent(command: list[str]) -> float:
    """Seconds of the processor that a command took."""
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{command} failed")
    return usage.ru_utime + usage.ru_stime


def of_workers(machines: Machines) -> float:
    """Seconds of the processor that the scheduler and its workers took so far."""
    processes = (machines.scheduler, *machines.workers)
    times = [psutil.Process(process.pid).cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


def sweeps(database: Path, address: str | None) -> list[float]:
    """Seconds of this process for a first and a second sweep of a whole pool."""
    from txtal.learner.pool import PoolLearner
    from txtal.types import Compute, LearnerSettings

    compute = Compute("dask", address) if address else Compute()
    learner = PoolLearner(database, "d", LearnerSettings(strategy="margin", compute=compute))
    taken = []
    for _ in range(2):
        learner.rank()
        began = time.process_time()
        while learner.idle.sweep():
            pass
        taken.append(time.process_time() - began)
    return taken


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--lines", type=int, default=100_000)
    arguments.add_argument("--workers", type=int, default=2)
    options = arguments.parse_args()
    rows = [
        json.loads(line)
        for line in (DATA / "banking77" / "train.jsonl").read_text("utf-8").splitlines()
    ]
    figures: dict[str, object] = {"lines": options.lines, "workers": options.workers}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        answers, many = folder / "answers.jsonl", folder / "many.jsonl"
        answers.write_text("".join(json.dumps(row) + "\n" for row in rows[::20]))
        with many.open("w") as out:
            for number, row in enumerate(islice(cycle(rows), options.lines)):
                text = f"{row['text']} {rows[number * 7 % len(rows)]['text']} {number}"
                out.write(json.dumps({"text": text}) + "\n")
        local, there = folder / "local.db", folder / "dask.db"
        for database in (local, there):
            quietly([*TXTAL, "--db", str(database), "load", "d", str(answers), "--answers"])
            quietly([*TXTAL, "--db", str(database), "load", "d", str(many)])
        model = str(folder / "model")
        quietly([*TXTAL, "--db", str(local), "train", "d", "-o", model])
        shutil.rmtree(folder / "local.db.cache")

        def predict(target: str, *engine: str) -> list[str]:
            return [*TXTAL, "predict", model, str(many), "-o", str(folder / target), *engine]

        def prepare(database: Path, *engine: str) -> list[str]:
            return [*TXTAL, "--db", str(database), "load", "d", "--prepare", *engine]

        alone = {"predict": spent(predict("local.jsonl")), "prepare": spent(prepare(local))}
        with running(folder, options.workers) as machines:
            engine = machines.options
            for what, command in (
                ("predict", predict("dask.jsonl", *engine)),
                ("prepare", prepare(there, *engine)),
            ):
                before = of_workers(machines)
                client = spent(command)
                workers = of_workers(machines) - before
                figures |= {
                    f"{what}, local, ms a thousand": 1e6 * alone[what] / options.lines,
                    f"{what}, the command, ms a thousand": 1e6 * client / options.lines,
                    f"{what}, workers and scheduler, ms a thousand": 1e6 * workers / options.lines,
                    f"{what}, local over the command": alone[what] / client,
                    f"{what}, all over local": (client + workers) / alone[what],
                }
            first, after = sweeps(there, machines.address)
        here = sweeps(local, None)[1]
        figures["sweep, local, ms a thousand"] = 1e6 * here / options.lines
        figures["first sweep, the learner over local"] = first / here
        figures["next sweep, the learner over local"] = after / here
        assert filecmp.cmp(folder / "local.jsonl", folder / "dask.jsonl", shallow=False)
        matrices = [next((folder / f"{one.name}.cache").rglob("*.f16")) for one in (local, there)]
        assert filecmp.cmp(*matrices, shallow=False)
    figures["bytes that differ"] = 0
    emit("distributed", figures, as_json=options.json)


if __name__ == "__main__":
    main()

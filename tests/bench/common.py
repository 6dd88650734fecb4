"""What the benchmarks share: side-by-side timing, and printing figures as a table or JSON."""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import resource
import statistics
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("TXTAL_DATA", ROOT.parent / "shared" / "data"))
SAMPLE = ROOT / "sample_data" / "feedback.jsonl"


def as_installed() -> None:
    """Compile txtal, as an installer does, where the environment keeps Python from doing so.

    Otherwise each command that is timed would compile every file of it again.
    """
    compileall.compile_dir(ROOT / "txtal", quiet=1)


def parser(doc: str | None) -> argparse.ArgumentParser:
    """A command line with ``--json``."""
    made = argparse.ArgumentParser(description=doc)
    made.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return made


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long one call takes."""
    began = clock()
    work()
    return clock() - began


def alternate(
    works: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """The median seconds of each, run in turn so that noise falls on all alike."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(work, clock))
    return {name: statistics.median(values) for name, values in times.items()}


def drained(items: Iterable[object]) -> None:
    """Take every item and keep none, as a user of a stream does."""
    deque(items, maxlen=0)


def quietly(command: Sequence[str], **options: Any) -> None:
    """Run a command to its end, its output thrown away; raise if it fails."""
    subprocess.run(command, check=True, capture_output=True, **options)


def spent(command: list[str], **options: Any) -> dict[str, float]:
    """Processor and clock seconds of a command, which must succeed."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "seconds": time.perf_counter() - began}


def emit(name: str, figures: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the figures with the machine and the date."""
    body = {
        "benchmark": name,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        **figures,
    }
    if as_json:
        print(json.dumps(body, indent=2))
        return
    for key, value in body.items():
        print(f"{key}: {value:.3g}" if isinstance(value, float) else f"{key}: {value}")

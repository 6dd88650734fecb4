"""The speed benchmarks in one go: a table of ratios beside those of the run that was kept last.

    python -m tests.bench.all --quick
    python -m tests.bench.all --keep docs/benchmarks.json

What became worse by more than a tenth is said, and the exit code is 1 then. A ratio is over what
a user would run instead, in the same run; see the benchmark of that name for what this is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from tests.bench.common import ROOT

KEPT = ROOT / "docs" / "benchmarks.json"

TOLERATED = 0.1
"""What is worse by a larger fraction than this is said."""

Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module here, how it is run, and which of its figures are ratios."""

    module: str
    quick: str
    full: str
    ratios: Mapping[str, Better]


SUITE = (
    Benchmark(
        "startup",
        "--rounds 5",
        "--rounds 15",
        {
            "help_over_python_pass": "lower",
            "first_question_over_import_of_libraries": "lower",
        },
    ),
    Benchmark(
        "load",
        "--lines 50000 --rounds 3",
        "--lines 1000000 --rounds 3",
        {
            "processor_throughput_over_sqlite_utils": "higher",
            "processor_throughput_over_bare": "higher",
        },
    ),
    Benchmark(
        "vectorise",
        "--rounds 3",
        "--rounds 7",
        {
            "transform ratio lexical@en": "higher",
            "transform ratio lexical+static@en": "higher",
            "fit+transform ratio lexical+static@en": "higher",
        },
    ),
    Benchmark(
        "predict",
        "--lines 20000 --rounds 1 --short",
        "--lines 200000 --rounds 3",
        {
            "throughput over the pipeline": "higher",
            "throughput over the pipeline, top label": "higher",
            "one text over the pipeline": "lower",
        },
    ),
    Benchmark(
        "serve",
        "--seconds 1 --rounds 2",
        "--seconds 5 --rounds 5",
        {"ratio": "higher"},
    ),
    Benchmark(
        "keys",
        "--answers 60 --tickets 2000",
        "--answers 300",
        {"p50_over_bare": "lower", "p99_over_bare": "lower"},
    ),
    Benchmark(
        "strategies",
        "--tickets 30000 --rounds 1",
        "--tickets 100000",
        {
            "multiple of the product.auto": "lower",
            "multiple of the product.margin": "lower",
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio, and what it was in the run that was kept."""

    name: str
    better: Better
    now: float
    before: float | None

    @property
    def worse(self) -> float:
        """By what fraction it became worse; negative where it became better."""
        if not self.before:
            return 0.0
        change = self.now / self.before - 1
        return change if self.better == "lower" else -change


def run(one: Benchmark, *, quick: bool) -> Mapping[str, Any]:
    """Run a benchmark in a process of its own; return its figures."""
    words = (one.quick if quick else one.full).split()
    done = subprocess.run(
        [sys.executable, "-m", f"tests.bench.{one.module}", *words, "--json"],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: Mapping[str, Any] = json.loads(done.stdout)
    return figures


def ratios(one: Benchmark, found: Mapping[str, Any]) -> Iterator[tuple[str, Better, float]]:
    """The figures that are compared; a dot leads into a table of them."""
    for path, better in one.ratios.items():
        value: Any = found
        for key in path.split("."):
            value = value[key]
        yield f"{one.module}: {path}", better, float(value)


def table(figures: list[Figure], date: str) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield f"| ratio | better | now | {date} |"
    yield "| --- | --- | ---: | ---: |"
    for one in figures:
        before = "" if one.before is None else f"{one.before:.2f}"
        yield f"| {one.name} | {one.better} | {one.now:.2f} | {before} |"


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--quick", action="store_true", help="smaller sizes, under ten minutes")
    made.add_argument("--only", help="modules, separated by commas")
    made.add_argument("--keep", type=Path, metavar="FILE", help="write the run there")
    options = made.parse_args()
    chosen = set(options.only.split(",")) if options.only else {one.module for one in SUITE}
    size = "quick" if options.quick else "full"
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    last = kept.get(size, {})
    before = last.get("ratios", {})
    began, figures = time.monotonic(), []
    for one in SUITE:
        if one.module in chosen:
            found = run(one, quick=options.quick)
            for name, better, now in ratios(one, found):
                figures.append(Figure(name, better, now, before.get(name)))
            print(f"{one.module}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print("\n".join(table(figures, last.get("date", "not kept"))))
    if options.keep:
        now = {one.name: round(one.now, 3) for one in figures}
        kept[size] = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{os.cpu_count()} cores",
            "ratios": {**before, **now},
        }
        options.keep.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    worse = [one for one in figures if one.worse > TOLERATED]
    for one in worse:
        print(f"worse by {one.worse:.0%}: {one.name}, {one.before:.2f} to {one.now:.2f}")
    raise SystemExit(bool(worse))


if __name__ == "__main__":
    main()

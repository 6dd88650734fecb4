"""What ``txtal simulate`` prints: how far it is, and what the runs came to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

from txtal.cli.output import Console, put, put_table
from txtal.cli.plot import draw
from txtal.formats.atomic import write_atomically
from txtal.simulation import comparison as figures
from txtal.simulation import conclusion as words
from txtal.simulation import report
from txtal.simulation.comparison import ERROR, NAMES, Measure, compare, levels, measure_of
from txtal.simulation.conclusion import conclusion, names, told
from txtal.simulation.replay import Simulation
from txtal.simulation.runs import Config, Full, Run, to_json
from txtal.text import count, decimals


class RunProgress:
    """Says which run it is, and how long all may take."""

    def __init__(self, console: Console, replay: Simulation) -> None:
        self._console = console
        self._budget = replay.budget
        self._runs = len(replay.plan.runs)
        self._missing = len(replay.missing)
        self._done = 0
        self._names = names(replay.plan.configs)
        self._began = time.monotonic()
        there = self._runs - self._missing
        if there:
            console.say(f"{there:,} of {count(self._runs, 'run')} done before, and not again")

    def step(self, config: Config, seed: int, answers: int) -> None:
        given = self._done * self._budget + answers
        ahead = self._missing * self._budget - given
        seconds = ahead * (time.monotonic() - self._began) / given
        what = f"{self._which(config, seed)}, {_about(seconds)} left"
        self._console.progress(what, answers, self._budget)

    def finished(self, run: Run) -> None:
        point = run.curve[-1]
        which = self._which(run.config, run.seed)
        self._done += 1
        if self._runs > 1:
            self._console.say(
                f"{which}: {told(point)} with {count(point.labels, 'label')}, {point.seconds:.0f} s"
            )

    def _which(self, config: Config, seed: int) -> str:
        number = self._runs - self._missing + self._done + 1
        return f"run {number}/{self._runs} {self._names[config]} seed {seed}"


def _about(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Results:
    """What there is to print, as a table, as JSON and as a page."""

    def __init__(
        self,
        source: str,
        test: str,
        target: float | None,
        replay: Simulation,
        runs: list[Run],
        fulls: dict[str, Full],
    ) -> None:
        self.source, self.test = source, test
        self.replay, self.runs, self.fulls = replay, runs, fulls
        self.comparisons = compare(runs, target)
        self.names = names(run.config for run in runs)

    def to_json(self) -> dict[str, Any]:
        """One object; ``vectoriser`` and ``full`` are those of the first features."""
        fulls = {name: to_json(full) for name, full in self.fulls.items()}
        first = next(iter(fulls))
        return {
            "source": self.source,
            "test": self.test,
            "vectoriser": first,
            "classes": self.replay.pool.labels,
            "tested": len(self.replay.test.records),
            "unknown_labels": list(self.replay.test.unknown),
            "overlap": asdict(self.replay.test.overlap),
            "runs": [run.to_json() for run in self.runs],
            "full": fulls[first],
            "fulls": fulls,
            "summary": {
                **figures.to_json(self.comparisons),
                "conclusion": conclusion(self.comparisons, self.replay.test.overlap),
            },
        }

    def show(self, plot: bool) -> None:
        """The tables, the plot, and the answer in a sentence."""
        labels = count(len(self.replay.pool.labels), "label")
        put(f"{self.source}: {labels}, {', '.join(self.fulls)}")
        self._show_curves()
        for one in self.comparisons:
            called = words.names(outcome.config for outcome in one.outcomes)
            put("")
            if len(self.comparisons) > 1:
                put(f"{words.noise_name(one.noise)}:")
            put_table(
                words.summary_heads(one),
                [words.summary_row(one, o, called) for o in one.outcomes],
            )
            put(words.saved_against(one, called))
        if plot:
            put("")
            draw(self._means(), self.names, NAMES[self.measure])
        put("")
        put(words.conclusion(self.comparisons, self.replay.test.overlap))

    def _means(self) -> dict[Config, dict[int, float]]:
        groups = {config: [r for r in self.runs if r.config == config] for config in self.names}
        return {
            config: {level.labels: level.mean for level in levels(runs, self.measure)}
            for config, runs in groups.items()
        }

    @property
    def measure(self) -> Measure:
        """What the curves are of."""
        return ERROR if measure_of(self.runs) == ERROR else "accuracy"

    def _full(self, config: Config) -> float:
        return float(getattr(self.fulls[config.vectoriser], self.measure))

    def _show_curves(self) -> None:
        put(f"{NAMES[self.measure]} on the test file, mean over seeds:")
        means = self._means()
        marks = sorted({labels for curve in means.values() for labels in curve})
        for configs in _fitting(self.names):
            rows = [
                [
                    f"{mark:,}",
                    *(decimals(means[c][mark]) if mark in means[c] else "" for c in configs),
                ]
                for mark in marks
            ]
            fulls = [decimals(self._full(config)) for config in configs]
            rows.append([f"all {len(self.replay.pool.records):,}", *fulls])
            put_table(("labels", *(self.names[config] for config in configs)), rows)

    def write(self, path: Path) -> None:
        """The report, in one step."""
        facts = report.Facts(
            self.source,
            self.test,
            len(self.replay.test.records),
            len(self.replay.pool.labels),
            self.replay.plan.seeds,
            self.replay.plan.settings.audit,
            metadata.version("txtal"),
            self.fulls,
            self.replay.test.overlap,
        )
        with write_atomically(path) as file:
            file.write(report.page(self.runs, self.comparisons, facts))


def _fitting(names: Mapping[Config, str]) -> list[list[Config]]:
    """The configurations in as many tables as it takes to stay within the terminal's width."""
    room = get_terminal_size().columns - len("all 100,000")
    tables: list[list[Config]] = [[]]
    used = 0
    for config, name in names.items():
        width = 2 + max(5, len(name))
        if tables[-1] and used + width > room:
            tables.append([])
            used = 0
        tables[-1].append(config)
        used += width
    return tables

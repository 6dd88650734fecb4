"""``txtal simulate``."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from txtal.cli import options
from txtal.cli.output import Console, put, put_json, put_table
from txtal.errors import UsageError

if TYPE_CHECKING:
    from txtal.formats.reading import Reading
    from txtal.simulation.annotator import Labelled
    from txtal.simulation.comparison import Measure
    from txtal.simulation.replay import Simulation
    from txtal.simulation.runs import Config, Full, Run


class _Numbers(click.ParamType[list[float]]):
    """``0,0.1`` as numbers within bounds, each once."""

    name = "N,N,…"

    def __init__(self, kind: type[int] | type[float], least: float, most: float) -> None:
        self.kind, self.least, self.most = kind, least, most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[float]:
        if isinstance(value, list):
            return value
        found = [self._number(part.strip(), param, ctx) for part in str(value).split(",")]
        return list(dict.fromkeys(found))

    def _number(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = self.kind(text)
        except ValueError:
            self.fail(f"{text!r} is not a number; separate several with commas.", param, ctx)
        if not self.least <= number <= self.most:
            most = "" if math.isinf(self.most) else f" and at most {self.most:g}"
            self.fail(f"{text} must be at least {self.least:g}{most}.", param, ctx)
        return number


@click.command("simulate")
@click.argument("source")
@click.option("--test", required=True, help="A labelled file to measure on.")
@options.reading(labels=True)
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Answers a run may ask for.",
)
@click.option(
    "-s",
    "--strategy",
    type=options.Commas(),
    multiple=True,
    default=["auto,random"],
    show_default=True,
    help="Strategies to compare, separated by commas.",
)
@click.option(
    "--vectors",
    type=options.Commas(),
    multiple=True,
    default=["auto"],
    show_default=True,
    help="Features to compare: as for teach; separated by commas.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Runs of each configuration.",
)
@click.option(
    "--noise",
    type=_Numbers(float, 0, 1),
    default="0",
    show_default=True,
    help="Shares of answers with a wrong label, drawn at random.",
)
@click.option(
    "--batch",
    type=_Numbers(int, 1, math.inf),
    default="1",
    show_default=True,
    help="Answers between two fits; several to compare.",
)
@click.option(
    "--audit",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Share of questions drawn at random, as in teach.",
)
@click.option("--robust", is_flag=True, help="Learn nothing from answers that look impossible.")
@click.option(
    "--target",
    type=click.FloatRange(0, min_open=True),
    help="Macro-F1 to reach, or mean absolute error.  [default: what random has at the end]",
)
@click.option("--rating", metavar="LOW-HIGH", help="The labels are grades, as in 1-5.")
@options.pipeline
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep finished runs in this JSONL file, and skip those it has.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a page of HTML with charts.",
)
@click.option(
    "--plot/--no-plot", default=None, help="Draw the curves.  [default: on a terminal only]"
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(
    console: Console,
    source: str,
    test: str,
    reading: Reading,
    budget: int,
    strategy: Sequence[Sequence[str]],
    vectors: Sequence[Sequence[str]],
    seeds: int,
    noise: Sequence[float],
    batch: Sequence[int],
    audit: float,
    robust: bool,
    target: float | None,
    rating: str | None,
    lang: str,
    spacy: str | None,
    code: Path | None,
    resume: Path | None,
    report: Path | None,
    plot: bool | None,
    as_json: bool,
) -> None:
    """Replay a labelled SOURCE as the annotator: does active learning pay on my data?

    Each run starts from nothing and labels up to the budget with the very session and learner that
    teach uses, the file giving the answers; dataset:NAME stands for what is answered there. The
    model is measured on the test file as it grows. Every strategy is run with all features, noises,
    batches and seeds.
    """
    import tempfile

    from txtal.formats.merging import gold
    from txtal.formats.source import labelled as labelled_entries
    from txtal.ingest.load import OWN, own_answers
    from txtal.ingest.talk import BadLines, checked
    from txtal.simulation import annotator
    from txtal.simulation.heldout import remarks
    from txtal.simulation.journal import Journal, fixed
    from txtal.simulation.replay import Simulation
    from txtal.simulation.runs import plan
    from txtal.types import LearnerSettings
    from txtal.types.grades import grades

    _check(report)
    if target is not None and target > 1 and not rating:
        raise UsageError("a macro-F1 is at most 1: give --target a share, as in 0.8")
    planned = plan(
        [name for names in strategy for name in names],
        [options.spec_of(name, lang, spacy) for names in vectors for name in names],
        LearnerSettings(audit=audit, code=str(code) if code else None, robust=robust),
        seeds=seeds,
        budget=budget,
        noises=noise,
        batches=batch,
    )
    bad = BadLines(console, strict=False)
    scale = grades(rating) if rating else ()

    def labelled(one: str) -> Labelled:
        if one.startswith(OWN):
            with console.read() as conn:
                return annotator.labelled(own_answers(conn, one), one, scale)
        entries = labelled_entries(one, bad, reading, say=console.say)
        return annotator.labelled(gold(checked(entries, bad, one)), one, scale)

    pool, held_out = labelled(source), labelled(test)
    journal = Journal()
    if resume:
        with suppress(OSError):  # what is wrong with it is told by who reads it
            resume.touch(mode=0o600)
        journal = Journal.resume(resume, fixed(pool, held_out, planned))
    with tempfile.TemporaryDirectory(prefix="txtal-") as folder:
        replay = Simulation(pool, held_out, planned, Path(folder), journal)
        for line in remarks(replay.test, held_out):
            console.say(line)
        results = _Results(source, test, target, replay, *_ran(console, replay))
    console.clear()
    if as_json:
        put_json(results.to_json())
    else:
        results.show(sys.stdout.isatty() if plot is None else plot)
    if report:
        results.write(report)
        console.say(f"{report}: the report")


def _check(report: Path | None) -> None:
    """Refuse a report that can't be written now rather than after hours of work."""
    if report is not None and (report.is_dir() or not report.parent.is_dir()):
        raise UsageError(f"{report} can't be written: name a file in a directory that is there")


def _ran(console: Console, replay: Simulation) -> tuple[list[Run], dict[str, Full]]:
    """Every run of the plan and what all labels give, told as they come."""
    talk = _Talk(console, replay)
    for run in replay.runs(talk.step):
        talk.finished(run)
    runs = [replay.journal.runs[key] for key in replay.plan.runs]
    vectorisers = dict.fromkeys(replay.plan.vectorisers)
    return runs, {vectoriser: replay.full(vectoriser) for vectoriser in vectorisers}


class _Talk:
    """Says which run it is, and how long all may take."""

    def __init__(self, console: Console, replay: Simulation) -> None:
        from txtal.simulation.conclusion import names
        from txtal.text import count

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
        from txtal.simulation.conclusion import told
        from txtal.text import count

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


class _Results:
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
        from txtal.simulation.comparison import compare
        from txtal.simulation.conclusion import names

        self.source, self.test = source, test
        self.replay, self.runs, self.fulls = replay, runs, fulls
        self.comparisons = compare(runs, target)
        self.names = names(run.config for run in runs)

    def to_json(self) -> dict[str, Any]:
        """One object; ``vectoriser`` and ``full`` are those of the first features."""
        from txtal.simulation import comparison
        from txtal.simulation.conclusion import conclusion
        from txtal.simulation.runs import to_json

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
                **comparison.to_json(self.comparisons),
                "conclusion": conclusion(self.comparisons, self.replay.test.overlap),
            },
        }

    def show(self, plot: bool) -> None:
        """The tables, the plot, and the answer in a sentence."""
        from txtal.cli.plot import draw
        from txtal.simulation import conclusion as words
        from txtal.simulation.comparison import NAMES
        from txtal.text import count

        labels = count(len(self.replay.pool.labels), "label")
        put(f"{self.source}: {labels}, {', '.join(self.fulls)}")
        self._show_curves()
        for comparison in self.comparisons:
            called = words.names(outcome.config for outcome in comparison.outcomes)
            put("")
            if len(self.comparisons) > 1:
                put(f"{words.noise_name(comparison.noise)}:")
            put_table(
                words.summary_heads(comparison),
                [words.summary_row(comparison, o, called) for o in comparison.outcomes],
            )
            put(words.saved_against(comparison, called))
        if plot:
            put("")
            draw(self._means(), self.names, NAMES[self.measure])
        put("")
        put(words.conclusion(self.comparisons, self.replay.test.overlap))

    def _means(self) -> dict[Config, dict[int, float]]:
        from txtal.simulation.comparison import levels

        groups = {config: [r for r in self.runs if r.config == config] for config in self.names}
        return {
            config: {level.labels: level.mean for level in levels(runs, self.measure)}
            for config, runs in groups.items()
        }

    @property
    def measure(self) -> Measure:
        """What the curves are of."""
        from txtal.simulation.comparison import ERROR, measure_of

        return ERROR if measure_of(self.runs) == ERROR else "accuracy"

    def _full(self, config: Config) -> float:
        return float(getattr(self.fulls[config.vectoriser], self.measure))

    def _show_curves(self) -> None:
        from txtal.simulation.comparison import NAMES

        put(f"{NAMES[self.measure]} on the test file, mean over seeds:")
        means = self._means()
        marks = sorted({labels for curve in means.values() for labels in curve})
        for configs in _fitting(self.names):
            rows = [
                [
                    f"{mark:,}",
                    *(f"{means[c][mark]:.3f}" if mark in means[c] else "" for c in configs),
                ]
                for mark in marks
            ]
            fulls = [f"{self._full(config):.3f}" for config in configs]
            rows.append([f"all {len(self.replay.pool.records):,}", *fulls])
            put_table(("labels", *(self.names[config] for config in configs)), rows)

    def write(self, path: Path) -> None:
        """The report, in one step."""
        from importlib import metadata

        from txtal.formats.atomic import write_atomically
        from txtal.simulation import report

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
    from shutil import get_terminal_size

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

"""``txtal simulate``."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from txtal.cli import options
from txtal.cli.output import Console, put_json
from txtal.errors import UsageError

if TYPE_CHECKING:
    from txtal.formats.reading import Reading
    from txtal.simulation.annotator import Labelled
    from txtal.simulation.replay import Simulation
    from txtal.simulation.runs import Full, Plan, Run


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


@dataclass(frozen=True, slots=True)
class _PatternQuota:
    """Patterns whose tickets have a quota of their own, and the quota."""

    patterns: Path | None
    patterns_share: float


@dataclass(frozen=True, slots=True)
class _Compared:
    """What is run: every combination of strategies, vectors, noises, batches and seeds."""

    budget: int
    strategy: Sequence[Sequence[str]]
    vectors: Sequence[Sequence[str]]
    seeds: int
    noise: Sequence[float]
    batch: Sequence[int]
    audit: float
    names: bool
    robust: bool
    lang: str
    spacy: str | None
    code: Path | None

    def planned(self, quota: _PatternQuota) -> Plan:
        """The runs, in their order."""
        from txtal.simulation.runs import plan
        from txtal.types import LearnerSettings
        from txtal.vectors.spec import spec_of

        code = str(self.code) if self.code else None
        return plan(
            [name for names in self.strategy for name in names],
            [spec_of(name, self.lang, self.spacy) for names in self.vectors for name in names],
            LearnerSettings(audit=self.audit, code=code, names=self.names, robust=self.robust),
            seeds=self.seeds,
            budget=self.budget,
            noises=self.noise,
            batches=self.batch,
            patterns=quota.patterns,
            patterns_share=quota.patterns_share if quota.patterns else 0.0,
        )


@dataclass(frozen=True, slots=True)
class _Output:
    """Where the results go."""

    report: Path | None
    plot: bool | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class _Running:
    """How many runs at once, and where finished ones are kept."""

    jobs: int
    resume: Path | None


@dataclass(frozen=True, slots=True)
class _LabelNumbers:
    """What the labels are, where they are numbers."""

    rating: str | None
    score: str | None


@click.command("simulate")
@click.argument("source")
@click.option("--test", required=True, help="Labelled file to measure on.")
@options.reading(labels=True)
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Answers per run.",
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
    help="Text vectors to compare, as in teach, separated by commas.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Runs per configuration.",
)
@click.option(
    "--noise",
    type=_Numbers(float, 0, 1),
    default="0",
    show_default=True,
    help="Fractions of answers to make wrong, at random.",
)
@click.option(
    "--batch",
    type=_Numbers(int, 1, math.inf),
    default="1",
    show_default=True,
    help="Answers per model version; several to compare.",
)
@click.option(
    "--audit",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Fraction of tickets picked at random, as in teach.",
)
@options.names
@click.option(
    "--patterns",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Patterns file, for --patterns-share.",
)
@click.option(
    "--patterns-share",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Fraction of tickets that match one of the patterns, as in teach.",
)
@click.option("--robust", is_flag=True, help="Train without answers that look impossible.")
@click.option(
    "--target",
    type=click.FloatRange(0, min_open=True),
    help="Macro-F1 to reach, or mean absolute error.  [default: what random reaches]",
)
@click.option("--rating", metavar="LOW-HIGH", help="The labels are grades, such as 1-5.")
@click.option("--score", metavar="LOW-HIGH", help="They are scores, such as 0-100.")
@options.pipeline
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Runs at once, each in a process of its own.",
)
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
@options.gathered(_Compared, "compared")
@options.gathered(_PatternQuota, "quota")
@options.gathered(_Running, "running")
@options.gathered(_Output, "output")
@options.gathered(_LabelNumbers, "numbers")
def command(
    console: Console,
    source: str,
    test: str,
    reading: Reading,
    compared: _Compared,
    quota: _PatternQuota,
    target: float | None,
    numbers: _LabelNumbers,
    running: _Running,
    output: _Output,
) -> None:
    """Test on a labelled SOURCE whether active learning pays off.

    The file plays the annotator. Each run starts without answers and labels up to the budget, with
    the session and learner that teach uses; dataset:NAME takes the answers of a dataset. The model
    is measured on the test file along the way. Every strategy is run with all vectors, noises,
    batches and seeds.
    """
    import tempfile

    from txtal.cli.simulated import Results
    from txtal.formats.merging import gold
    from txtal.formats.source import labelled as labelled_entries
    from txtal.ingest.load import OWN, own_answers
    from txtal.ingest.talk import BadLines, checked
    from txtal.simulation import annotator
    from txtal.simulation.heldout import remarks
    from txtal.simulation.journal import Journal, fixed
    from txtal.simulation.replay import Simulation
    from txtal.simulation.runs import in_their_language
    from txtal.types.grades import given as scale_given

    _check(output.report, source, test, *filter(None, [running.resume, compared.code]))
    if target is not None and target > 1 and not (numbers.rating or numbers.score):
        raise UsageError("--target is a macro-F1 of at most 1, such as 0.8")
    planned = compared.planned(quota)
    bad = BadLines(console, strict=False)
    scale = scale_given(numbers.rating, numbers.score)

    def labelled(one: str) -> Labelled:
        if one.startswith(OWN):
            with console.read() as conn:
                return annotator.labelled(own_answers(conn, one), one, scale)
        entries = labelled_entries(one, bad, reading, say=console.say)
        return annotator.labelled(gold(checked(entries, bad, one)), one, scale)

    pool, held_out = labelled(source), labelled(test)
    planned, notice = in_their_language(planned, [record.text for record in pool.records])
    if notice:
        console.say(notice)
    journal = Journal()
    if running.resume:
        journal = Journal.resume(running.resume, fixed(pool, held_out, planned))
    with tempfile.TemporaryDirectory(prefix="txtal-") as folder:
        replay = Simulation(pool, held_out, planned, Path(folder), journal)
        for line in remarks(replay.test, held_out):
            console.say(line)
        results = Results(source, test, target, replay, *_ran(console, replay, running.jobs))
    console.clear()
    if output.as_json:
        put_json(results.to_json())
    else:
        results.show(sys.stdout.isatty() if output.plot is None else output.plot)
    if output.report:
        results.write(output.report)
        console.say(f"{output.report}: the report")


def _check(report: Path | None, *inputs: str | Path) -> None:
    """Refuse a report that can't be written now rather than after hours of work."""
    from txtal.tempfiles import check_target

    if report is not None and (report.is_dir() or not report.parent.is_dir()):
        raise UsageError(f"{report} can't be written: its folder doesn't exist")
    if report is not None:
        check_target(report, *inputs)


def _ran(console: Console, replay: Simulation, jobs: int) -> tuple[list[Run], dict[str, Full]]:
    """Every run of the plan and what all labels give, told as they come."""
    from txtal.cli.simulated import RunProgress

    progress = RunProgress(console, replay)
    for run in replay.runs(progress.step, jobs):
        progress.finished(run)
    runs = [replay.journal.runs[key] for key in replay.plan.runs]
    vectorisers = dict.fromkeys(replay.plan.vectorisers)
    return runs, {vectoriser: replay.full(vectoriser) for vectoriser in vectorisers}

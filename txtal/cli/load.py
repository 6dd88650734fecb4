"""``txtal load``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from txtal.cli import options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put_json, writing
from txtal.engine import check as check_engine
from txtal.errors import UsageError
from txtal.formats import MAX_LINE
from txtal.types import TASKS, Task

if TYPE_CHECKING:
    from txtal.formats.reading import Reading
    from txtal.ingest.outcome import LoadOutcome


@dataclasses.dataclass(frozen=True, slots=True)
class _AnswerOptions:
    """How the answers of a file are taken."""

    annotator: str | None
    task: Task | None
    rating: str | None
    score: str | None
    replacing: bool
    conflicts: Path | None


@dataclasses.dataclass(frozen=True, slots=True)
class _Preparation:
    """Whether features are made, which, and where."""

    prepare: bool
    vectors: str
    lang: str
    spacy: str | None
    code: Path | None
    carry: bool
    engine: str
    scheduler: str | None


@click.command("load")
@click.argument("dataset", shell_complete=dataset_names)
@click.argument("source", nargs=-1)
@options.reading(labels=True)
@click.option("--strict", is_flag=True, help="Load nothing from a file that has a bad line.")
@click.option("--answers", is_flag=True, help="Import the labels in the file as answers.")
@click.option(
    "--annotator",
    envvar="TXTAL_ANNOTATOR",
    help="Whose answers they are.  [default: as the file says, else your login name]",
)
@click.option("--task", type=click.Choice(TASKS), help="Task of the answers.  [default: detected]")
@click.option("--rating", metavar="LOW-HIGH", help="The answers are grades, such as 1-5.")
@click.option("--score", metavar="LOW-HIGH", help="They are scores, such as 0-100.")
@click.option(
    "--replace",
    "replacing",
    is_flag=True,
    help="Replace answers of the same annotator that differ.",
)
@click.option(
    "--conflicts",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write contradicting answers to this JSONL file.",
)
@click.option(
    "--max-line",
    type=click.IntRange(min=1),
    default=MAX_LINE,
    show_default=True,
    help="Longest line to take, in bytes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
@click.option(
    "--carry",
    is_flag=True,
    help="Have answers to near-duplicates vote on tickets without an answer.",
)
@click.option("--prepare", is_flag=True, help="Compute text vectors too, so teach starts at once.")
@options.features
@options.engine
@click.pass_context
@options.gathered(_AnswerOptions, "given")
@options.gathered(_Preparation, "wanted")
def command(
    context: click.Context,
    dataset: str,
    source: tuple[str, ...],
    reading: Reading,
    strict: bool,
    answers: bool,
    given: _AnswerOptions,
    max_line: int,
    as_json: bool,
    wanted: _Preparation,
) -> None:
    """Load tickets into DATASET from each SOURCE.

    A SOURCE is a file in any format that --from lists, also compressed, a folder of such files or a
    quoted pattern as in 'shards/*.gz', - for standard input, or dataset:NAME. A text the dataset
    already has is counted as a duplicate; a bad line is reported and skipped. --prepare and the
    options after it are for large datasets.
    """
    console: Console = context.obj
    if not (source or wanted.prepare or wanted.carry):
        raise UsageError("name a SOURCE to load, or --prepare what is loaded already")
    if not wanted.prepare and (wanted.engine, wanted.scheduler) != ("local", None):
        raise UsageError("--engine needs --prepare: loading itself runs on this machine")
    of_answers = (
        given.rating,
        given.score,
        given.replacing,
        given.conflicts,
        reading.label,
        reading.labels,
    )
    if not answers and any(of_answers):
        raise UsageError(
            "--label, --rating, --score, --replace and --conflicts are about the answers of a "
            "file: give --answers, too"
        )
    check_engine(wanted.engine, wanted.scheduler)
    from txtal.formats.folders import shards
    from txtal.tempfiles import check_target
    from txtal.types import grades

    if wanted.code:
        from txtal.recipes.recipe import load_file

        load_file(wanted.code)  # it may add an import format
    is_named = context.get_parameter_source("annotator") is ParameterSource.COMMANDLINE
    job = _Load(
        console,
        dataset,
        dataclasses.replace(reading, max_line=max_line),
        strict,
        options.annotator_of(context, given.annotator),
        is_named,
        given.task,
        grades.given(given.rating, given.score),
        given.replacing,
    )
    files = [file for named in source for file in shards(named, console.say)]
    if given.conflicts is not None:
        check_target(given.conflicts, *files, *filter(None, [wanted.code]))
    outcomes = job.load_answers(files, given.conflicts) if answers else job.load(files)
    if wanted.carry:
        _carry(console, dataset)
    if as_json:
        put_json({"dataset": dataset, "sources": [one.to_json() for one in outcomes]})
    if wanted.prepare:
        _prepare(console, dataset, wanted)


@dataclasses.dataclass(frozen=True, slots=True)
class _Load:
    """What to load, and how."""

    console: Console
    dataset: str
    reading: Reading
    strict: bool
    annotator: str
    is_named: bool
    """Whether the command names the annotator, so that the file doesn't."""
    task: Task | None
    scale: tuple[str, ...]
    replacing: bool

    def load(self, files: Sequence[str]) -> list[LoadOutcome]:
        """The tickets of each file, in one transaction a file."""
        from txtal.ingest.load import load
        from txtal.store import datasets
        from txtal.store.sqlite import transaction

        outcomes = []
        with self.console.open(create=True) as conn:
            for one in files:
                with transaction(conn):  # a refused file leaves nothing, not even the dataset
                    target = datasets.prepare(conn, self.dataset)
                    outcomes.append(
                        load(
                            conn,
                            target,
                            one,
                            self.console,
                            strict=self.strict,
                            reading=self.reading,
                        )
                    )
        return outcomes

    def load_answers(self, files: Sequence[str], conflicts: Path | None) -> list[LoadOutcome]:
        """The tickets and answers of each file, and what contradicts into another."""
        from txtal.ingest.answers import AnswerSettings, conflict_lines, load_answers
        from txtal.store import datasets
        from txtal.store.sqlite import transaction

        wish = AnswerSettings(
            self.annotator, self.is_named, self.task, self.scale, self.replacing, self.strict
        )
        outcomes, found = [], []
        with self.console.open(create=True) as conn:
            for one in files:
                with transaction(conn):
                    target = datasets.prepare(conn, self.dataset)
                    outcome, conflicting = load_answers(
                        conn, target, one, self.console, wish, self.reading
                    )
                outcomes.append(outcome)
                found += conflicting
        if conflicts is not None:
            with writing(conflicts) as out:
                for line in conflict_lines(found):
                    out.write(line)
        return outcomes


def _carry(console: Console, dataset: str) -> None:
    from txtal.annotators.carrying import carry
    from txtal.store import datasets
    from txtal.text import count

    with console.open() as conn:
        done = carry(conn, console.database, datasets.get(conn, dataset))
    console.say(
        f"{dataset}: answers to near-duplicates vote on {done.votes:,} of "
        f"{count(done.looked_at, 'open ticket')} not looked at before; see `txtal rules {dataset}`"
    )


def _prepare(console: Console, dataset: str, wanted: _Preparation) -> None:
    from txtal.engine import open_engine
    from txtal.learner.prepare import prepare
    from txtal.recipes.recipe import load_code
    from txtal.text import count
    from txtal.vectors.spec import spec_of

    load_code(wanted.code)
    spec = spec_of(wanted.vectors, wanted.lang, wanted.spacy)
    with open_engine(wanted.engine, wanted.scheduler) as opened:
        features = prepare(
            console.database,
            dataset,
            spec,
            opened,
            lambda done, total: console.progress("vectorising", done, total),
        )
    console.say(f"{count(len(features.ids), 'ticket')} vectorised")

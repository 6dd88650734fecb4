"""``txtal load``."""

from __future__ import annotations

from pathlib import Path

import click

from txtal.cli import options
from txtal.cli.options import dataset_names, default_annotator
from txtal.cli.output import Console
from txtal.engine import check as check_engine
from txtal.errors import UsageError
from txtal.formats import MAX_LINE
from txtal.types import TASKS, Task


@click.command("load")
@click.argument("dataset", shell_complete=dataset_names)
@click.argument("source", nargs=-1)
@click.option("--strict", is_flag=True, help="Load nothing of a file that has a bad line.")
@click.option(
    "--answers",
    is_flag=True,
    help="Take the labels in the file (label, labels, or Prodigy's accept and answer) as answers.",
)
@click.option("--annotator", envvar="TXTAL_ANNOTATOR", help="Whose answers; your login name.")
@click.option("--task", type=click.Choice(TASKS), help="What the answers are to; told from them.")
@click.option("--rating", metavar="LOW-HIGH", help="The answers are grades, as in 1-5.")
@click.option(
    "--max-line",
    type=click.IntRange(min=1),
    default=MAX_LINE,
    show_default=True,
    help="Longest line to take, in bytes.",
)
@click.option(
    "--prepare", is_flag=True, help="Then make the features, so that teach begins at once."
)
@options.features
@options.engine
@click.pass_obj
def command(
    console: Console,
    dataset: str,
    source: tuple[str, ...],
    strict: bool,
    answers: bool,
    annotator: str | None,
    task: Task | None,
    rating: str | None,
    max_line: int,
    prepare: bool,
    vectors: str,
    lang: str,
    spacy: str | None,
    code: Path | None,
    engine: str,
    scheduler: str | None,
) -> None:
    """Load tickets into DATASET from each SOURCE.

    A SOURCE is a file (.jsonl, .csv or .txt, each also as .gz, or .parquet), a folder of such
    files or a quoted pattern as in 'shards/*.gz', - for JSONL on standard input, or dataset:NAME.
    A text the dataset has already is counted as a duplicate; a bad line is reported and the rest is
    loaded. --prepare, and the options after it, is for large datasets.
    """
    if not (source or prepare):
        raise UsageError("name a SOURCE to load, or --prepare what is loaded already")
    if not prepare and (engine, scheduler) != ("local", None):
        raise UsageError("--engine goes with --prepare: loading itself is this machine's work")
    check_engine(engine, scheduler)
    from txtal.formats.source import shards
    from txtal.ingest.load import load, load_answers
    from txtal.store import datasets
    from txtal.store.sqlite import transaction
    from txtal.types.grades import grades

    if rating and not answers:
        raise UsageError("--rating says what the answers of a file are: give --answers, too")
    scale = grades(rating) if rating else ()
    with console.open(create=True) as conn:
        for one in (file for given in source for file in shards(given)):
            with transaction(conn):  # a refused file leaves nothing behind, not even the dataset
                target = datasets.prepare(conn, dataset)
                if not answers:
                    load(conn, target, one, console, strict=strict, max_line=max_line)
                    continue
                load_answers(
                    conn,
                    target,
                    one,
                    console,
                    annotator=annotator or default_annotator(),
                    task=task,
                    grades=scale,
                    strict=strict,
                    max_line=max_line,
                )
    if prepare:
        spec = options.spec_of(vectors, lang, spacy)
        _prepare(console, dataset, spec, code, engine, scheduler)


def _prepare(
    console: Console, dataset: str, spec: str, code: Path | None, engine: str, scheduler: str | None
) -> None:
    from txtal.engine import open_engine
    from txtal.learner.prepare import prepare
    from txtal.recipes.recipe import load_file, shipped
    from txtal.text import count

    shipped()  # what the shipped recipes register can be named anywhere
    if code:
        load_file(code)
    with open_engine(engine, scheduler) as opened:
        features = prepare(
            console.database,
            dataset,
            spec,
            opened,
            lambda done, total: console.progress("vectorising", done, total),
        )
    console.say(f"{count(len(features.ids), 'ticket')} vectorised")

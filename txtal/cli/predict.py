"""``txtal predict``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from txtal.cli import options
from txtal.cli.output import Console, writing
from txtal.errors import UsageError
from txtal.formats import MAX_LINE

if TYPE_CHECKING:
    from txtal.loading import BadLines
    from txtal.types import Record


@click.command("predict")
@click.argument("classifier", type=click.Path(path_type=Path, exists=False))
@click.argument("source", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write this file (.jsonl, .jsonl.gz or .parquet); else JSONL on standard output.",
)
@click.option("--strict", is_flag=True, help="Stop at the first bad line.")
@click.option("--restart", is_flag=True, help="Begin anew, whatever an earlier run has finished.")
@click.option("--code", type=click.Path(path_type=Path), help="A recipe file to load for its own.")
@options.engine
@click.pass_obj
def command(
    console: Console,
    classifier: Path,
    source: tuple[str, ...],
    output: Path | None,
    strict: bool,
    restart: bool,
    code: Path | None,
    engine: str,
    scheduler: str | None,
) -> None:
    """Label the texts of each SOURCE with a CLASSIFIER that `txtal train` wrote.

    A SOURCE is a file (.jsonl, .csv or .txt, each also as .gz, or .parquet), a folder of such
    files, - for JSONL on standard input, or dataset:NAME. Writes each record with predicted (the
    label, or a list of labels), probability, and probabilities of every label. A run that was
    stopped is gone on with when the same command is run again.
    """
    from txtal import classifier as saved
    from txtal import predicting
    from txtal.engine import open_engine
    from txtal.formats.predicted import form_for
    from txtal.formats.source import STDIN
    from txtal.loading import BadLines
    from txtal.recipes import load_file
    from txtal.text import count

    if code:
        load_file(code)
    sources = _files(source)
    made = saved.load(classifier)
    form = form_for(output, made.task, made.labels, _columns(sources))
    work = predicting.Predicting(made, form)
    bad = BadLines(console, strict=strict)
    records = _records(console, sources, bad)
    with open_engine(engine, scheduler) as opened:
        if output is not None and (output.is_file() or not output.exists()):
            predicted = predicting.predict_to(
                output,
                work,
                records,
                opened,
                source=", ".join(source),
                keep=STDIN not in sources,
                restart=restart,
                say=console.say,
            )
        elif form.converter:
            raise UsageError(f"{output} isn't a file: Parquet can't be written there")
        else:
            with writing(output) as out:
                predicted = predicting.predict(work, records, opened, out.write)
    console.say(f"predicted {predicted:,}, {count(bad.count, 'bad line')}")


def _files(source: Sequence[str]) -> list[str]:
    """Every SOURCE, folders as the files in them; one that isn't there is told at once."""
    from txtal.errors import DataError
    from txtal.formats.source import STDIN, shards
    from txtal.loading import OWN

    files = [one for given in source for one in shards(given)]
    for one in files:
        if one != STDIN and not one.startswith(OWN) and not Path(one).exists():
            raise DataError(f"{one}: no such file")
    return files


def _columns(sources: Sequence[str]) -> object:
    """The columns of Parquet, where every SOURCE has the same; else None."""
    from txtal.formats import parquet
    from txtal.formats.source import is_parquet

    if not all(map(is_parquet, sources)):
        return None
    first, *others = (parquet.schema(Path(one)) for one in sources)
    return first if all(first.equals(other) for other in others) else None


def _records(console: Console, sources: Sequence[str], bad: BadLines) -> Iterator[Record]:
    from txtal.formats.source import read
    from txtal.loading import OWN, stored

    def opened(number: int, source: str) -> Iterator[Record]:
        if source.startswith(OWN):
            return stored(console.database, source)
        which = f" {number}/{len(sources)}" if len(sources) > 1 else ""
        return read(
            source,
            bad,
            max_line=MAX_LINE,
            progress=lambda done, total: console.progress(f"predicting{which}", done, total),
        )

    return chain.from_iterable(opened(*one) for one in enumerate(sources, start=1))

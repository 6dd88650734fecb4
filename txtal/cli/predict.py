"""``txtal predict``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from txtal.cli import options
from txtal.cli.output import Console, put_json, writing
from txtal.errors import UsageError
from txtal.formats import PREDICTIONS
from txtal.formats.imports import is_parquet

if TYPE_CHECKING:
    from txtal.classifier.classifier import Classifier
    from txtal.classifier.predict import Predicting
    from txtal.engine import Engine
    from txtal.formats.reading import Reading
    from txtal.ingest.talk import BadLines
    from txtal.types import Record

_SEPARATORS = ("/", os.sep)


@dataclass(frozen=True, slots=True)
class _ResultOptions:
    """Where predictions go, and in what form."""

    output: str | None
    form_of_parts: str | None
    restart: bool
    top: int | None
    as_json: bool

    @property
    def in_folder(self) -> bool:
        """Whether each SOURCE has a file of its own."""
        output = self.output
        return output is not None and (output.endswith(_SEPARATORS) or Path(output).is_dir())

    def check(self) -> None:
        """Raise UsageError for options that go with another kind of output."""
        if self.as_json and self.output is None:
            raise UsageError("--json needs a file or folder: add -o")
        if self.form_of_parts and not self.in_folder:
            raise UsageError(
                "--format is for an output folder; a file's format is that of its name"
            )


@dataclass(frozen=True, slots=True)
class _ComputeOptions:
    """Where it is computed, and with what code of the user's."""

    code: Path | None
    engine: str
    scheduler: str | None


@click.command("predict")
@click.argument("classifier", type=click.Path(path_type=Path, exists=False))
@click.argument("source", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="Write this file (.jsonl, .jsonl.gz or .parquet), or into this folder (one that is there,"
    " or a name with / at its end) a file of each SOURCE; else JSONL on standard output.",
)
@click.option(
    "--format",
    "form_of_parts",
    type=click.Choice(PREDICTIONS),
    help="Format in an output folder.  [default: as the SOURCEs]",
)
@options.reading(labels=False)
@click.option("--strict", is_flag=True, help="Stop at the first bad line.")
@click.option("--restart", is_flag=True, help="Start over, ignoring earlier output.")
@click.option(
    "--code",
    type=click.Path(path_type=Path),
    help="Recipe file that defines the strategies and vectorisers used.",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="JSON Lines: probabilities of the N most probable labels only.",
)
@options.engine
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON; needs -o.")
@click.pass_obj
@options.gathered(_ResultOptions, "results")
@options.gathered(_ComputeOptions, "computing")
def command(
    console: Console,
    classifier: Path,
    source: tuple[str, ...],
    reading: Reading,
    results: _ResultOptions,
    computing: _ComputeOptions,
    strict: bool,
) -> None:
    """Label the texts of each SOURCE with a CLASSIFIER that `txtal train` wrote.

    A SOURCE is a file (.jsonl, .csv or .txt, each also as .gz, or .parquet), a folder of such
    files or a quoted pattern as in 'shards/*.gz', - for JSONL on standard input, or dataset:NAME.
    Writes each record with predicted (the label, or a list of labels), probability, and
    probabilities of every label. Run the same command again to resume a run that was stopped; in a
    folder only new and changed files are done.
    """
    from txtal.classifier import classifier as saved
    from txtal.engine import check as check_engine
    from txtal.engine import open_engine
    from txtal.ingest.talk import BadLines
    from txtal.recipes.recipe import load_code
    from txtal.tempfiles import check_target
    from txtal.text import count

    check_engine(computing.engine, computing.scheduler)
    results.check()
    load_code(computing.code)
    output = results.output
    files = _files(source, console)
    if output is not None and not results.in_folder:
        code = [computing.code] if computing.code else []
        check_target(Path(output), *files, *classifier.glob("*"), *code)
    job = _PredictRun(
        saved.load(classifier),
        files,
        BadLines(console, strict=strict),
        console,
        partial(open_engine, computing.engine, computing.scheduler),
        results.restart,
        reading,
        results.top,
    )
    if output is None:
        predicted = job.to_lines(None)
    elif results.in_folder:
        predicted = job.to_folder(Path(output), results.form_of_parts)
    elif Path(output).is_file() or not Path(output).exists():
        predicted = job.to_file(Path(output), ", ".join(source))
    else:
        predicted = job.to_lines(Path(output))
    if results.as_json:
        put_json({
            "classifier": str(classifier),
            "sources": files,
            "output": output,
            "predicted": predicted,
            "bad_lines": job.bad.count,
        })  # fmt: skip
        return
    console.say(f"predicted {predicted:,}, {count(job.bad.count, 'bad line')}")


@dataclass(frozen=True, slots=True)
class _PredictRun:
    """What there is to predict, wherever it goes."""

    classifier: Classifier
    sources: Sequence[str]
    bad: BadLines
    console: Console
    engine: Callable[[], AbstractContextManager[Engine]]
    restart: bool
    reading: Reading
    top: int | None = None

    def to_lines(self, output: Path | None) -> int:
        """Standard output, a device or a pipe."""
        from txtal.classifier.predict import predict

        work = self._work(output)
        if work.form.converter:
            raise UsageError(f"{output} isn't a file: Parquet can't be written there")
        with self.engine() as engine, writing(output) as out:
            return predict(work, self._all(), engine, out.write)

    def to_file(self, output: Path, source: str) -> int:
        """One file of all SOURCEs."""
        from txtal.classifier.predict import Shard, predict_to
        from txtal.formats.source import STDIN

        shard = Shard(source, self._all, output, keep=STDIN not in self.sources)
        with self.engine() as engine:
            return predict_to(
                [shard], self._work(output), engine, restart=self.restart, say=self.console.say
            )

    def to_folder(self, output: Path, form: str | None) -> int:
        """A file of each SOURCE."""
        from txtal.classifier.parts import parts
        from txtal.classifier.predict import Shard, maker, predict_to
        from txtal.formats.source import STDIN
        from txtal.text import count

        form = form or _form(self.sources)
        work = self._work(Path(f"part.{form}"))
        with parts(output, self.sources, form, maker(work), restart=self.restart) as folder:
            there = len(self.sources) - len(folder.missing)
            if there:
                self.console.say(f"{count(there, 'file')} done already")
            shards = [
                Shard(
                    one.source,
                    partial(self._one, one.number),
                    one.file,
                    keep=one.source != STDIN,
                    anew=True,
                )
                for one in folder.missing
            ]
            with self.engine() as engine:
                return predict_to(
                    shards,
                    work,
                    engine,
                    restart=self.restart,
                    say=self.console.say,
                    finishing=lambda shard, records: folder.add(shard.target, records),
                )

    def _work(self, output: Path | None) -> Predicting:
        from txtal.classifier.encode import form_for
        from txtal.classifier.predict import Predicting

        made = self.classifier
        return Predicting(made, form_for(output, made.task, made.labels, self._columns(), self.top))

    def _all(self) -> Iterator[Record]:
        return chain.from_iterable(map(self._one, range(len(self.sources))))

    def _one(self, number: int) -> Iterator[Record]:
        from txtal.formats.source import read
        from txtal.ingest.load import OWN, stored
        from txtal.ingest.talk import checked, progress_of

        source, total = self.sources[number], len(self.sources)
        if source.startswith(OWN):
            return stored(self.console.database, source)
        which = f" {number + 1}/{total}" if total > 1 else ""
        records = read(
            source,
            self.bad,
            self.reading,
            say=self.console.say,
            progress=progress_of(self.console, f"predicting{which}"),
        )
        return checked(records, self.bad, source)

    def _columns(self) -> object:
        """The columns of Parquet, where every SOURCE has the same, and the text as it is."""
        from txtal.formats import parquet
        from txtal.formats.reading import Reading

        if self.reading != Reading() or not all(map(is_parquet, self.sources)):
            return None
        first, *others = (parquet.schema(Path(one)) for one in self.sources)
        if "text" not in first.names or any(not first.equals(other) for other in others):
            return None
        return first


def _form(sources: Sequence[str]) -> str:
    """Of files that are as the SOURCEs are."""
    if all(map(is_parquet, sources)):
        return "parquet"
    return "jsonl.gz" if all(one.lower().endswith(".gz") for one in sources) else "jsonl"


def _files(source: Sequence[str], console: Console) -> list[str]:
    """Return every SOURCE, and the files of folders. Raises UsageError if one doesn't exist."""
    from txtal.errors import DataError
    from txtal.formats.folders import shards
    from txtal.formats.source import STDIN
    from txtal.ingest.load import OWN

    files = [one for given in source for one in shards(given, console.say)]
    for one in files:
        if one != STDIN and not one.startswith(OWN) and not Path(one).exists():
            raise DataError(f"{one}: no such file")
    return files

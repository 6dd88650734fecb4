"""``txtal export``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from txtal.cli.as_of import as_of, go_back
from txtal.cli.options import dataset_names, gathered
from txtal.cli.output import Console, put_json, writing
from txtal.cli.selection import SelectionOptions, Tally, selection
from txtal.cli.splits import Split, parsed, places
from txtal.errors import UsageError
from txtal.formats.exports import (
    DEFAULT,
    EXPORTS,
    ExportFormat,
    Target,
    chosen,
    help_of_formats,
)

if TYPE_CHECKING:
    from txtal.api.rows import VotesByTicket
    from txtal.formats.rows import ExportRow, PredictedRow, Row, VotedRow, Written
    from txtal.store.sqlite import Connection
    from txtal.types import Dataset

_SPACY_SPLIT = "80,20"


@dataclass(frozen=True, slots=True)
class _WriteOptions:
    """Where the answers go, and how they are written."""

    output: Path | None
    form: str | None
    formulas: bool
    bom: bool
    split: str | None
    seed: int
    lang: str
    code: Path | None
    as_json: bool

    def parts(self, row: ExportFormat) -> Split | None:
        """Return the split that is wanted; a folder for spaCy is split unless it was said how."""
        of_spacy = row.name == "spacy" and self.output and not self.output.suffix
        split = self.split or (_SPACY_SPLIT if of_spacy else None)
        return parsed(split, self.seed) if split else None


@click.command("export")
@click.argument("dataset", shell_complete=dataset_names)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write this file or folder; else standard output.",
)
@click.option(
    "-f",
    "--format",
    "form",
    metavar="NAME",
    shell_complete=lambda *_: list(EXPORTS.names),
    help=f"Format to write. {help_of_formats()}  [default: by the name of -o, else {DEFAULT}]",
)
@click.option(
    "--formulas",
    is_flag=True,
    help="Don't escape cells that look like formulas (csv, tsv).",
)
@click.option(
    "--bom/--no-bom",
    "--excel",
    default=False,
    help="Start with a byte order mark, so that Excel reads UTF-8 (csv, tsv).",
)
@click.option(
    "--split",
    metavar="80,10,10",
    help="Split into parts to train, tune and test on (or two: 80,20). Every label is spread "
    "over the parts; near-identical texts stay in one.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the split.")
@click.option("--lang", default="en", show_default=True, help="Language of the texts (spacy).")
@selection
@as_of
@click.option(
    "--predicted",
    is_flag=True,
    help="Include the model's predictions (finish, teach --band), marked as predicted.",
)
@click.option(
    "--votes",
    "with_votes",
    is_flag=True,
    help="Include what rules, commands and other sources say, with source and confidence.",
)
@click.option(
    "--code",
    type=click.Path(path_type=Path),
    help="Recipe file that adds formats.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON; needs -o.")
@click.pass_obj
@gathered(_WriteOptions, "writes")
def command(
    console: Console,
    dataset: str,
    writes: _WriteOptions,
    wish: SelectionOptions,
    as_of: str | None,
    predicted: bool,
    with_votes: bool,
) -> None:
    """Write the answers of DATASET as training data, one for each ticket.

    A correction replaces what it corrects, whoever made it. Where annotators differ, --gold
    decides. With -o the file is replaced in one step, so it is never half written.
    """
    from txtal.recipes.recipe import load_file
    from txtal.store import datasets, tickets
    from txtal.tempfiles import check_target

    if as_of and (predicted or with_votes):
        raise UsageError("--as-of is about answers: leave out --predicted and --votes")
    if writes.code:
        load_file(writes.code)
    row = chosen(writes.form, writes.output)
    parts = writes.parts(row)
    if writes.output is not None and writes.code is not None and not writes.output.is_dir():
        check_target(writes.output, writes.code)
    _check(row, writes, wish, parts, predicted=predicted, votes=with_votes)
    with console.read() as conn:
        there = datasets.get(conn, dataset)
        go_back(conn, there.id, as_of)
        job = _Export(conn, there, wish, predicted, _votes(conn, there) if with_votes else {})
        target = Target(
            there.scheme,
            writes.output,
            partial(writing, writes.output),
            writes.formulas,
            writes.bom,
            writes.lang,
            has_ids=partial(tickets.have_ids, conn, there.id),
            whole_ids=partial(tickets.have_whole_ids, conn, there.id),
        )
        written = job.write_parts(row, target, parts) if parts else job.write(row, target)
    if writes.as_json:
        put_json(_as_data(row, dataset, writes.output, written, job.tally))
    else:
        _tell(console, row, dataset, written, job.tally, predicted, wish)


def _check(
    row: ExportFormat,
    writes: _WriteOptions,
    wish: SelectionOptions,
    split: Split | None,
    *,
    predicted: bool,
    votes: bool,
) -> None:
    """Raise UsageError for what can't go together."""
    if not row.terminal and writes.output is None and sys.stdout.isatty():
        raise UsageError(
            f"{row.name.upper()} isn't safe to show in a terminal; name a file with -o"
        )
    if writes.output is None and (split or writes.as_json):
        raise UsageError(
            f"{'--split' if split else '--json'} needs a file or folder: name it by -o"
        )
    if predicted and not row.predictions:
        able = ", ".join(one.name for one in EXPORTS if one.predictions)
        raise UsageError(f"the format {row.name} can't mark predictions; choose from {able}")
    if votes and not row.votes:
        able = ", ".join(one.name for one in EXPORTS if one.votes)
        raise UsageError(f"the format {row.name} has no place for votes; choose from {able}")
    if wish.every and not row.every:
        able = ", ".join(one.name for one in EXPORTS if one.every)
        raise UsageError(
            f"--all may give one text two labels, which {row.name} can't keep apart; choose {able}"
        )
    if split and (wish.every or predicted or votes):
        raise UsageError(
            "--split divides one answer per ticket: leave out --all, --predicted and --votes"
        )


def _votes(conn: Connection, dataset: Dataset) -> VotesByTicket:
    from txtal.api.rows import votes_by_ticket

    return votes_by_ticket(conn, dataset)


@dataclass(slots=True)
class _Export:
    """What is to be written."""

    conn: Connection
    dataset: Dataset
    wish: SelectionOptions
    predicted: bool
    votes: VotesByTicket
    """None unless they are wanted."""
    tally: Tally = field(default_factory=Tally)

    def answers(self) -> Iterator[ExportRow]:
        """Return every answer to export, and start counting again."""
        from txtal.api.rows import rows_of
        from txtal.store import gold

        self.tally = Tally()
        found = gold.read(self.conn, self.dataset, self.wish.of(self.conn, self.dataset))
        return rows_of(self.tally.of(found), self.dataset, self.votes)

    def predictions(self) -> Iterator[PredictedRow]:
        """What only the model labelled."""
        from txtal.formats.rows import predicted_row
        from txtal.store import arrivals, predictions

        proven = {one.ticket.id: one for one in predictions.predictions(self.conn, self.dataset.id)}
        of_stream = (
            one
            for one in arrivals.predictions(self.conn, self.dataset.id)
            if one.ticket.id not in proven
        )
        for found in chain(of_stream, proven.values()):
            votes = self.votes.get(found.ticket.id, ())
            yield predicted_row(found, self.dataset.scheme, votes)

    def voted(self) -> Iterator[VotedRow]:
        """What nobody has labelled, and neither has the model if its labels are wanted."""
        from txtal.api.rows import voted_rows
        from txtal.store import answers

        labelled = {one.ticket_id for one in answers.standing(self.conn, self.dataset.id)}
        if self.predicted:
            labelled |= {one.ticket.id for one in self.predictions()}
        return voted_rows(self.conn, self.dataset, self.votes, labelled)

    def write(self, row: ExportFormat, target: Target) -> dict[str, tuple[Path | None, Written]]:
        """Write everything to one place. Returns what was written where, by part."""
        rows: Iterable[Row] = self.answers()
        if self.predicted:
            rows = chain(rows, self.predictions())
        if self.votes:
            rows = chain(rows, self.voted())
        return {"": (target.output, row.write(rows, target))}

    def write_parts(
        self, row: ExportFormat, target: Target, split: Split
    ) -> dict[str, tuple[Path | None, Written]]:
        """Write each part of a split; the answers are read once more for each."""
        part_of = split.assign(self.answers())
        if row.folder:
            with target.folder() as made:
                found = self._write_parts(row, replace(target, output=made), split, part_of)
            return {name: (target.named() / name, written) for name, (_, written) in found.items()}
        return self._write_parts(row, target, split, part_of)

    def _write_parts(
        self, row: ExportFormat, target: Target, split: Split, part_of: Mapping[int, str]
    ) -> dict[str, tuple[Path | None, Written]]:
        files = places(row, target.named(), split)
        found: dict[str, tuple[Path | None, Written]] = {}
        for name, file in files.items():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            rows = (one for one in self.answers() if part_of.get(one.ticket.id) == name)
            part = replace(target, output=file, text=partial(writing, file))
            found[name] = (file, row.write(rows, part))
        row.finished(target, files)
        return found


def _tell(
    console: Console,
    row: ExportFormat,
    dataset: str,
    written: Mapping[str, tuple[Path | None, Written]],
    tally: Tally,
    predicted: bool,
    wish: SelectionOptions,
) -> None:
    for name, (file, part) in written.items():
        if name:
            console.say(f"{name}: {_lines(part)}, {file}")
    whole = _sum(written)
    console.say(_summary(row, whole, predicted))
    for what, number in whole.changed.items():
        console.say(f"{number:,} {what}")
    if told := tally.told(wish.rule, dataset):
        console.say(told)


def _lines(written: Written) -> str:
    from txtal.text import count

    return count(written.lines, "line")


def _sum(written: Mapping[str, tuple[Path | None, Written]]) -> Written:
    first, *others = (one for _, one in written.values())
    return sum(others, first)


def _summary(row: ExportFormat, written: Written, predicted: bool) -> str:
    from txtal.text import count

    said = f"{_lines(written)} from {count(written.answers, 'answer')}"
    for verdict, number in written.left_out.items():
        said += f", {number:,} {_WHY.get(verdict, verdict)} left out ({row.name} can't express it)"
    if predicted:
        said += f", and {count(written.predictions, 'prediction')}"
    if written.votes:
        said += f", and {count(written.votes, 'vote')}"
    return f"{said}; kept: {row.keeps}" if row.keeps else said


_WHY = {"no label": "without a label", "several labels": "with several labels"}


def _as_data(
    row: ExportFormat,
    dataset: str,
    output: Path | None,
    written: Mapping[str, tuple[Path | None, Written]],
    tally: Tally,
) -> dict[str, Any]:
    whole = _sum(written)
    files = [
        {"part": name or None, "file": str(file), "lines": part.lines}
        for name, (file, part) in written.items()
    ]
    return {
        "dataset": dataset,
        "format": row.name,
        "output": str(output),
        "files": files,
        "answers": whole.answers,
        "lines": whole.lines,
        "predictions": whole.predictions,
        "votes": whole.votes,
        "left_out": dict(whole.left_out),
        "changed": dict(whole.changed),
        "several": tally.as_data(),
    }

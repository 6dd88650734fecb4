"""``txtal export``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from txtal.cli.options import dataset_names
from txtal.cli.output import Console, writing
from txtal.cli.selection import Tally, Wish, selection
from txtal.errors import UsageError
from txtal.formats.exports import DEFAULT, EXPORTS, Target, chosen, help_of_formats

if TYPE_CHECKING:
    from txtal.formats.rows import ExportRow, PredictedRow, Row, Written
    from txtal.store.sqlite import Connection
    from txtal.types import Dataset


@click.command("export")
@click.argument("dataset", shell_complete=dataset_names)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write this file; else standard output."
)
@click.option(
    "-f",
    "--format",
    "form",
    metavar="NAME",
    shell_complete=lambda *_: list(EXPORTS.names),
    help=f"{help_of_formats()}  [default: by the name of the output, else {DEFAULT}]",
)
@click.option(
    "--formulas",
    is_flag=True,
    help="csv: leave cells that begin like a formula as they are, for programs that run none.",
)
@selection
@click.option(
    "--predicted",
    is_flag=True,
    help="Also what only the model labelled (teach --band), each line marked as predicted.",
)
@click.option(
    "--code",
    type=click.Path(path_type=Path),
    help="A recipe file to load for the formats it adds.",
)
@click.pass_obj
def command(
    console: Console,
    dataset: str,
    output: Path | None,
    form: str | None,
    formulas: bool,
    wish: Wish,
    predicted: bool,
    code: Path | None,
) -> None:
    """Write the answers of DATASET as training data, one for each ticket.

    A correction replaces what it corrects, whoever made it. Where annotators differ, --gold
    decides. With -o the file is replaced in one step: it is the old one or the new one.
    """
    from functools import partial

    from txtal.store import datasets

    if code:
        from txtal.recipes.recipe import load_file

        load_file(code)
    row = chosen(form, output)
    if not row.terminal and output is None and sys.stdout.isatty():
        raise UsageError(
            f"{row.name.upper()} can't make text harmless for a terminal; name a file with -o"
        )
    if predicted and not row.predictions:
        able = ", ".join(one.name for one in EXPORTS if one.predictions)
        raise UsageError(
            f"the format {row.name} has no mark for what was only predicted; choose from {able}"
        )
    if wish.every and not row.every:
        able = ", ".join(one.name for one in EXPORTS if one.every)
        raise UsageError(
            f"--all may give one text two labels, which {row.name} can't keep apart; choose {able}"
        )
    tally = Tally()
    with console.read() as conn:
        dataset_there = datasets.get(conn, dataset)
        rows: Iterable[Row] = _answers(conn, dataset_there, wish, tally)
        if predicted:
            rows = chain(rows, _predicted(conn, dataset_there))
        target = Target(dataset_there.scheme, output, partial(writing, output), formulas)
        written = row.write(rows, target)
    console.say(_summary(row.name, written, predicted))
    if told := tally.told(wish.rule, dataset):
        console.say(told)


def _summary(form: str, written: Written, predicted: bool) -> str:
    from txtal.text import count

    said = f"{count(written.lines, 'line')} from {count(written.answers, 'answer')}"
    for verdict, number in written.left_out.items():
        said += f", {number:,} {verdict} left out ({form} can't say it)"
    if predicted:
        said += f", and {count(written.predictions, 'prediction')}"
    return said


def _predicted(conn: Connection, dataset: Dataset) -> Iterator[PredictedRow]:
    from txtal.formats.rows import predicted_row
    from txtal.store import arrivals

    for found in arrivals.predictions(conn, dataset.id):
        yield predicted_row(found, dataset.scheme)


def _answers(conn: Connection, dataset: Dataset, wish: Wish, tally: Tally) -> Iterator[ExportRow]:
    from txtal.formats.rows import export_row
    from txtal.store import gold

    for found in tally.of(gold.read(conn, dataset, wish.of(conn, dataset))):
        assert found.gold.answer is not None
        yield export_row(
            found.ticket,
            found.gold.answer,
            dataset.scheme,
            session=f"{dataset.name}-{found.session_id}",
            votes=(found.gold.votes, found.gold.voters) if len(found.gold.said) > 1 else None,
        )

"""``txtal export``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from txtal.cli.options import dataset_names
from txtal.cli.output import Console, writing
from txtal.errors import UsageError
from txtal.formats import EXPORTS

if TYPE_CHECKING:
    from txtal.formats.export import ExportRow, PredictedRow
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
    type=click.Choice(EXPORTS),
    default="jsonl",
    show_default=True,
    help="jsonl: everything. prodigy: Prodigy's tasks. plain: text and label of what was accepted. "
    "csv: the same for a spreadsheet.",
)
@click.option(
    "--formulas",
    is_flag=True,
    help="csv: leave cells that begin like a formula as they are, for programs that run none.",
)
@click.option(
    "--predicted",
    is_flag=True,
    help="Also what only the model labelled (teach --band), each line marked as predicted.",
)
@click.pass_obj
def command(
    console: Console,
    dataset: str,
    output: Path | None,
    form: str,
    formulas: bool,
    predicted: bool,
) -> None:
    """Write the answers of DATASET as training data, in the order they were given.

    With -o the file is replaced in one step: it is the old one or the new one, never a part.
    """
    from txtal.formats.export import FORMATS, PREDICTED, write, write_predicted, write_table
    from txtal.store import datasets
    from txtal.text import count

    if form == "csv" and output is None and sys.stdout.isatty():
        raise UsageError("CSV can't make text harmless for a terminal; name a file with -o")
    if predicted and form not in PREDICTED:
        raise UsageError(
            f"the format {form} has no mark for what was only predicted; choose from "
            f"{', '.join(PREDICTED)}"
        )
    with console.read() as conn:
        target = datasets.get(conn, dataset)
        added = 0
        with writing(output) as out:
            rows = _rows(conn, target)
            if form == "csv":
                written = write_table(rows, out, target.scheme, formulas=formulas)
            else:
                written = write(rows, out, FORMATS[form])
            if predicted:
                added = write_predicted(_predicted(conn, target), out, PREDICTED[form])
    said = f"{count(written.lines, 'line')} from {count(written.answers, 'answer')}"
    for verdict, number in written.left_out.items():
        said += f", {number:,} {verdict} left out ({form} can't say it)"
    if predicted:
        said += f", and {count(added, 'prediction')}"
    console.say(said)


def _predicted(conn: Connection, dataset: Dataset) -> Iterator[PredictedRow]:
    from txtal.formats.export import predicted_row
    from txtal.store import arrivals

    for found in arrivals.predictions(conn, dataset.id):
        yield predicted_row(found, dataset.scheme)


def _rows(conn: Connection, dataset: Dataset) -> Iterator[ExportRow]:
    from txtal.formats.export import export_row
    from txtal.store import answers

    for found in answers.export(conn, dataset.id):
        yield export_row(
            found.ticket,
            found.answer,
            dataset.scheme,
            session=f"{dataset.name}-{found.session_id}",
        )

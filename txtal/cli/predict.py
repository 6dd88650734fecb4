"""``txtal predict``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import click

from txtal.cli.output import Console, writing
from txtal.formats import MAX_LINE
from txtal.types import Record


@click.command("predict")
@click.argument("classifier", type=click.Path(path_type=Path, exists=False))
@click.argument("source")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write this file; else standard output."
)
@click.option("--strict", is_flag=True, help="Stop at the first bad line.")
@click.option("--code", type=click.Path(path_type=Path), help="A recipe file to load for its own.")
@click.pass_obj
def command(
    console: Console,
    classifier: Path,
    source: str,
    output: Path | None,
    strict: bool,
    code: Path | None,
) -> None:
    """Label the texts of SOURCE with a CLASSIFIER that `txtal train` wrote.

    A SOURCE is a file, - for JSONL on standard input, or dataset:NAME.

    Writes JSONL: each record with predicted (the label, or a list of labels), probability, and
    probabilities of every label.
    """
    from txtal import classifier as saved
    from txtal.formats.source import read
    from txtal.loading import OWN, BadLines, own_texts
    from txtal.recipes import load_file
    from txtal.text import count

    if code:
        load_file(code)
    made = saved.load(classifier)
    bad = BadLines(console, strict=strict)
    records: Iterable[Record]
    if source.startswith(OWN):
        with console.read() as conn:
            records = own_texts(conn, source)
    else:
        records = read(
            source,
            bad,
            max_line=MAX_LINE,
            progress=lambda done, total: console.progress("predicting", done, total),
        )
    predicted = 0
    with writing(output) as out:
        for line in saved.predicted_lines(made, records):
            out.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            predicted += 1
    console.say(f"predicted {predicted:,}, {count(bad.count, 'bad line')}")

"""``txtal onnx``."""

from __future__ import annotations

from pathlib import Path

import click

from txtal.cli.output import Console


@click.command("onnx")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write the model.",
)
@click.pass_obj
def command(console: Console, folder: Path, output: Path) -> None:
    """Write the classifier in FOLDER as an ONNX model, for programs that aren't in Python.

    The model takes the vectors of sentence models and returns probabilities. A classifier on other
    vectors can't be exported: ONNX can't read its texts.
    """
    from txtal.classifier import load

    classifier = load(folder)
    classifier.to_onnx(output)
    inputs = ", ".join(one.name for one in classifier.vectoriser.blocks)
    console.say(f"{output}: an ONNX model from the vectors of {inputs} to probabilities")

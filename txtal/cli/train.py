"""``txtal train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from txtal.cli import models, options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put_json, quality

if TYPE_CHECKING:
    from txtal.api.training import Trained
    from txtal.classifier.versions import Version


@click.command("train")
@click.argument("dataset", shell_complete=dataset_names)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the classifier to this folder, too.",
)
@options.names
@click.option(
    "--if-better",
    is_flag=True,
    help="Write it only if it is right more often than the version in use, on answers new to both.",
)
@click.option("--robust", is_flag=True, help="Train without answers that look impossible.")
@options.features
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
@click.pass_context
@options.gathered(options.FeatureOptions, "features")
def command(
    context: click.Context,
    dataset: str,
    output: Path | None,
    features: options.FeatureOptions,
    names: bool,
    if_better: bool,
    robust: bool,
    as_json: bool,
) -> None:
    """Train a classifier on DATASET's answers and keep it as a version.

    With -o it is also saved to a folder, for `txtal predict`. It is plain arrays and JSON; nothing
    in it is ever executed. It uses the text vectors the dataset was labelled with, unless you name
    others. `txtal models` lists the versions, which are kept beside the database.
    """
    from txtal.api import training
    from txtal.text import count

    console: Console = context.obj
    wanted = options.names_as_taught(context, dataset, names)
    settings = features.settings(context, dataset, names=wanted, robust=robust)
    done = training.train(
        console.database,
        dataset,
        settings,
        output=output,
        if_better=if_better,
        report=console.status,
    )
    if done.compared is not None:
        console.say(_comparison(done))
    if done.version is None:
        console.say(f"not written: v{done.in_use} stays in use")
        if as_json:
            put_json({"dataset": dataset, "output": None, "version": done.in_use})
        return
    if as_json:
        put_json(_as_data(done, done.version, output, settings.vectoriser))
        return
    beside = "".join(f", {number:,} {why} left out" for why, number in done.left_out.items())
    written = f"written to {output} and kept as" if output else "kept as"
    console.say(
        f"trained on {count(done.tickets, 'ticket')}{beside}, {written} v{done.version.number}"
    )
    if done.measures:
        console.say(f"about {quality(done.measures.headline, done.task)} audit answers)")
    elif done.headline:
        from txtal.cli.models import figures_of

        console.say(
            f"about {figures_of(done.version)}, each predicted by a model of others: it holds for "
            "other tickets only if these were drawn at random"
        )


def _as_data(
    done: Trained, version: Version, output: Path | None, vectoriser: str
) -> dict[str, Any]:
    return {
        "dataset": done.dataset,
        "output": str(output) if output else None,
        "version": version.number,
        "task": done.task,
        "labels": list(done.labels),
        "vectoriser": vectoriser,
        "tickets": done.tickets,
        "left_out": dict(done.left_out),
        "headline": done.headline,
    }


def _comparison(done: Trained) -> str:
    """How the new model does beside the version that was in use."""
    from txtal.classifier.compare import FEWEST

    before = f"v{done.in_use}" if done.version is None else "the version before"
    if done.compared is None or done.too_few:
        new = done.compared.n if done.compared else 0
        return f"{new} answers are new to {before}: too few to compare on, it takes {FEWEST}"
    return models.paired_words(done.compared, before, "the new model")

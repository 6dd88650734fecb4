"""``txtal train``."""

from __future__ import annotations

from pathlib import Path

import click

from txtal.cli import options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, quality


@click.command("train")
@click.argument("dataset", shell_complete=dataset_names)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder to write the classifier to.",
)
@click.option("--robust", is_flag=True, help="Learn nothing from answers that look impossible.")
@options.features
@click.pass_context
def command(
    context: click.Context,
    dataset: str,
    output: Path,
    vectors: str,
    lang: str,
    spacy: str | None,
    code: Path | None,
    robust: bool,
) -> None:
    """Fit the classifier on every answer of DATASET and write it to a folder.

    `txtal predict` uses it. It is plain arrays and JSON; nothing in it is ever executed. The
    features are those the dataset was taught with, unless you name others.
    """
    from txtal.classifier import classifier
    from txtal.errors import LearnerError
    from txtal.learner.fit import NOT_READY
    from txtal.learner.idle import refined
    from txtal.learner.pool import PoolLearner
    from txtal.learning.overlap import sketches
    from txtal.store import answers, datasets, tickets
    from txtal.types import LearnerSettings

    console: Console = context.obj
    spec = options.spec_as_taught(context, dataset, vectors, lang, spacy)
    settings = LearnerSettings(spec, code=str(code) if code else None, robust=robust)
    fit = refined(PoolLearner(console.database, dataset, settings, console.status))
    if not fit.model.ready:
        raise LearnerError(f"{dataset}: nothing to train on yet: {NOT_READY}")
    names = tuple(label.name for label in fit.scheme.labels)
    with console.read() as conn:
        standing = answers.standing(conn, datasets.get(conn, dataset).id)
        learned = sketches(tickets.texts(conn, sorted({one.ticket_id for one in standing})))
    made = classifier.Classifier(fit.task, names, fit.calibrated, fit.features.vectoriser, learned)
    classifier.save(made, output)
    ignored = sum(one.verdict == "ignore" for one in fit.snapshot.answers)
    beside = f" ({ignored:,} ignored left out)" if ignored else ""
    taught = len(fit.snapshot.answers) - ignored
    console.say(f"trained on {taught:,} answers{beside}, written to {output}")
    if headline := fit.measured.headline:
        console.say(f"about {quality(headline, fit.task)} audit answers)")

"""``txtal train``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from txtal.cli import models, options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put_json, quality
from txtal.measures.quality import headline_data

if TYPE_CHECKING:
    from txtal.learner.fit import Fit


@click.command("train")
@click.argument("dataset", shell_complete=dataset_names)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to write the classifier to.",
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
    output: Path,
    features: options.FeatureOptions,
    names: bool,
    if_better: bool,
    robust: bool,
    as_json: bool,
) -> None:
    """Train a classifier on DATASET's answers and save it to a folder.

    `txtal predict` uses it. It is plain arrays and JSON; nothing in it is ever executed. It uses
    the text vectors the dataset was labelled with, unless you name others. A copy is kept as a
    version beside the database; see `txtal models`.
    """
    from txtal.classifier import classifier, versions
    from txtal.errors import LearnerError
    from txtal.learner import figures
    from txtal.learner.fit import NOT_READY
    from txtal.learning.overlap import sketches
    from txtal.store import answers, datasets, tickets
    from txtal.text import count

    console: Console = context.obj
    wanted = options.names_as_taught(context, dataset, names)
    settings = features.settings(context, dataset, names=wanted, robust=robust)
    known = None if robust else figures.kept(console.database, dataset, settings.vectoriser)
    fit = figures.fitted(console.database, dataset, settings, console.status)
    if not fit.ready:
        raise LearnerError(f"{dataset}: nothing to train on yet: {NOT_READY}")
    labels = tuple(label.name for label in fit.scheme.labels)
    with console.read() as conn:
        standing = answers.standing(conn, datasets.get(conn, dataset).id)
        learned = sketches(tickets.texts(conn, sorted({one.ticket_id for one in standing})))
    made = classifier.Classifier(fit.task, labels, fit.calibrated, fit.features.vectoriser, learned)
    folder = models.folder_of(console, dataset)
    in_use = versions.current(folder)
    if if_better and in_use is not None and not _better(console, folder, in_use, fit):
        console.say(f"not written: v{in_use} stays in use")
        if as_json:
            put_json({"dataset": dataset, "output": None, "version": in_use})
        return
    measures = known or fit.measures
    classifier.save(made, output)
    headline = headline_data(measures) if measures else None
    version = versions.keep(
        folder,
        made,
        answers=len(fit.snapshot.answers),
        newest=fit.snapshot.log.newest,
        robust=robust,
        figures=headline,
    )
    trained, left_out = len(fit.answered.tickets), _left_out(fit)
    if as_json:
        put_json({
            "dataset": dataset,
            "output": str(output),
            "version": version.number,
            "task": fit.task,
            "labels": list(labels),
            "vectoriser": settings.vectoriser,
            "tickets": trained,
            "left_out": left_out,
            "headline": headline,
        })  # fmt: skip
        return
    beside = "".join(f", {number:,} {why} left out" for why, number in left_out.items())
    console.say(
        f"trained on {count(trained, 'ticket')}{beside}, written to {output} and kept as "
        f"v{version.number}"
    )
    if measures:
        console.say(f"about {quality(measures.headline, fit.task)} audit answers)")


def _left_out(fit: Fit) -> dict[str, int]:
    """Count the answered tickets that nothing is learned from, by the reason."""
    from txtal.measures.gold import counting, settle

    learned = set(fit.answered.tickets.tolist())
    why: Counter[str] = Counter()
    for ticket, said in counting(fit.snapshot.answers).items():
        if ticket not in learned:
            stands = settle(said, fit.scheme).answer
            ignored = stands is not None and stands.verdict == "ignore"
            why["tied" if stands is None else "ignored" if ignored else "without a label"] += 1
    return dict(why)


def _better(console: Console, folder: Path, in_use: int, fit: Fit) -> bool:
    """Whether models like the new one are right more often, on answers new to the version."""
    from txtal.classifier import versions
    from txtal.classifier.compare import FEWEST, Decision, against
    from txtal.learner import heldout
    from txtal.store import tickets

    found = heldout.decisions(fit)
    with console.read() as conn:
        texts = tickets.texts(conn, [ticket for ticket, *_ in found])
    decisions = [
        Decision(text, truth, said, audit)
        for text, (_, audit, truth, said) in zip(texts, found, strict=True)
    ]
    difference = against(versions.load(folder, in_use), decisions)
    if difference.n < FEWEST:
        console.say(
            f"{difference.n} answers are new to v{in_use}: too few to compare on, it takes {FEWEST}"
        )
        return False
    console.say(models.paired_words(difference, f"v{in_use}", "the new model"))
    return difference.value > 0

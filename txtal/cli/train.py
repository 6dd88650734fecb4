"""``txtal train``."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from txtal.cli import options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put_json, quality

if TYPE_CHECKING:
    from txtal.learner.fit import Fit


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
@click.option("--json", "as_json", is_flag=True, help="Say what was trained as JSON.")
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
    as_json: bool,
) -> None:
    """Fit the classifier on what stands of each ticket of DATASET and write it to a folder.

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
    from txtal.text import count
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
    trained, left_out = len(fit.answered.tickets), _left_out(fit)
    headline = fit.measured.headline
    if as_json:
        put_json({
            "dataset": dataset,
            "output": str(output),
            "task": fit.task,
            "labels": list(names),
            "vectoriser": spec,
            "tickets": trained,
            "left_out": left_out,
            "headline": headline and asdict(headline),
        })  # fmt: skip
        return
    beside = "".join(f", {number:,} {why} left out" for why, number in left_out.items())
    console.say(f"trained on {count(trained, 'ticket')}{beside}, written to {output}")
    if headline:
        console.say(f"about {quality(headline, fit.task)} audit answers)")


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

"""``txtal evaluate``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from txtal.cli import estimates, options
from txtal.cli.estimates import audits
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put_json
from txtal.errors import LearnerError
from txtal.measures.quality import LIKE_THOSE_LOADED

if TYPE_CHECKING:
    from txtal.formats.reading import Reading


@click.command("evaluate")
@click.argument("what", metavar="DATASET|FOLDER", shell_complete=dataset_names)
@click.argument("source", required=False)
@options.reading(labels=True)
@options.features
@click.option("--all", "others", is_flag=True, help="Show the other estimates, too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def command(
    context: click.Context,
    what: str,
    source: str | None,
    reading: Reading,
    vectors: str,
    lang: str,
    spacy: str | None,
    code: Path | None,
    others: bool,
    as_json: bool,
) -> None:
    """How good is the model? Of a DATASET by its own answers, of a classifier by a labelled SOURCE.

    With a DATASET alone, its answers are fitted anew and the model is judged by cross-fitting. With
    SOURCE, a classifier that `txtal train` wrote to FOLDER is tried on every labelled line of it.
    """
    console: Console = context.obj
    if source is None:
        spec = options.spec_as_taught(context, what, vectors, lang, spacy)
        body = _of_dataset(console, what, spec, code, others)
        told = f"an estimate for {LIKE_THOSE_LOADED}, from {audits(body)}"
    else:
        body = _of_classifier(console, Path(what), source, code, reading)
        told = f"from {body['accuracy']['n']:,} labelled texts of {source}"
    if as_json:
        put_json(body)
        return
    estimates.show_sums(body, told)
    if source is not None:
        estimates.show_overlap(body)
    elif others:
        estimates.show_others(body)
    click.echo()
    estimates.show_labels(body)
    estimates.show_confusion(body)
    estimates.show_reliability(body)


def _of_dataset(
    console: Console, dataset: str, spec: str, code: Path | None, others: bool
) -> dict[str, Any]:
    from txtal.learner.pool import PoolLearner
    from txtal.learning.estimate import FEWEST
    from txtal.measures.quality import as_data
    from txtal.types import LearnerSettings

    settings = LearnerSettings(vectoriser=spec, code=str(code) if code else None)
    fit = PoolLearner(console.database, dataset, settings, console.status).learn()
    console.clear()
    if fit.measures is None:
        raise LearnerError(
            f"{dataset}: no estimate yet: it takes {FEWEST} answers to tickets drawn at random, "
            "each with its labels"
        )
    return {"dataset": dataset, **as_data(fit.measures, fit.scheme.names, others=others)}


def _of_classifier(
    console: Console, folder: Path, source: str, code: Path | None, reading: Reading
) -> dict[str, Any]:
    from txtal.classifier import classifier, evaluate
    from txtal.formats.merging import gold
    from txtal.formats.source import labelled
    from txtal.ingest.talk import BadLines, checked, progress_of
    from txtal.measures.quality import as_data
    from txtal.recipes.recipe import load_file
    from txtal.text import count

    if code:
        load_file(code)
    made = classifier.load(folder)
    bad = BadLines(console, strict=False)
    entries = labelled(
        source, bad, reading, say=console.say, progress=progress_of(console, "evaluating")
    )
    tried = evaluate.trial(made, gold(checked(entries, bad, source), made.task), source)
    console.clear()
    if tried.left_out or bad.count:
        unlabelled = count(tried.left_out, "text")
        console.say(f"left out {unlabelled} without usable labels, {count(bad.count, 'bad line')}")
    names = dict(enumerate(tried.labels))
    apart = tried.apart and as_data(tried.apart, names)
    return {
        "classifier": str(folder),
        "source": source,
        **as_data(tried.measures, names),
        "overlap": tried.overlap and asdict(tried.overlap),
        "without_overlap": apart and {key: apart[key] for key in ("accuracy", "macro_f1")},
    }

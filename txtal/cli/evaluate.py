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
from txtal.errors import UsageError
from txtal.measures.quality import LIKE_THOSE_LOADED

if TYPE_CHECKING:
    from txtal.formats.reading import Reading
    from txtal.types import LearnerSettings


@click.command("evaluate")
@click.argument("what", metavar="DATASET|FOLDER", shell_complete=dataset_names)
@click.argument("source", required=False)
@options.reading(labels=True)
@options.features
@click.option(
    "--test-split",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="FRACTION",
    help="Test on this fraction of a DATASET's answers; train on more and more of the rest.",
)
@click.option("--all", "others", is_flag=True, help="Show all estimates.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
@options.gathered(options.FeatureOptions, "features")
def command(
    context: click.Context,
    what: str,
    source: str | None,
    reading: Reading,
    features: options.FeatureOptions,
    test_split: float | None,
    others: bool,
    as_json: bool,
) -> None:
    """Measure a dataset's model, or test a classifier on a labelled file.

    With a DATASET alone, its model is measured on the answers to tickets drawn at random; where
    there are none, as of answers loaded from elsewhere, on all answers by cross-fitting. With
    SOURCE, a classifier that `txtal train` wrote to FOLDER is tested on every labelled line of it.
    """
    console: Console = context.obj
    if source is None:
        names = options.names_as_taught(context, what)
        settings = features.settings(context, what, names=names)
        if test_split is not None:
            body = _held_out(console, what, settings, test_split)
        else:
            body = _of_dataset(console, what, settings, others)
    elif test_split is not None:
        raise UsageError("--test-split holds out answers of a DATASET: leave out SOURCE")
    else:
        body = _of_classifier(console, Path(what), source, features.code, reading)
    if as_json:
        put_json(body)
        return
    estimates.show_sums(body, _told(body, source))
    if source is not None:
        estimates.show_overlap(body)
    elif "others" in body:
        estimates.show_others(body)
    elif "curve" in body:
        estimates.show_curve(body)
    if body.get("scored"):
        return
    click.echo()
    estimates.show_labels(body)
    estimates.show_confusion(body)
    estimates.show_reliability(body)


def _of_dataset(
    console: Console, dataset: str, settings: LearnerSettings, others: bool
) -> dict[str, Any]:
    """By the audit; without one, by all answers, each predicted by a model of the others."""
    from txtal.learner import figures, heldout
    from txtal.measures.quality import ALL_ANSWERS, as_data
    from txtal.store import datasets

    measures, basis = figures.kept(console.database, dataset, settings), "audit"
    if measures is None:
        fit = figures.fitted(console.database, dataset, settings, console.status)
        measures = fit.measures
        if measures is None:
            measures, basis = heldout.of_all(fit), ALL_ANSWERS
        console.clear()
    with console.read() as conn:
        names = datasets.get(conn, dataset).scheme.names
    return {
        "dataset": dataset,
        "basis": basis,
        **as_data(measures, names, others=others and basis == "audit"),
    }


def _held_out(
    console: Console, dataset: str, settings: LearnerSettings, share: float
) -> dict[str, Any]:
    from txtal.learner import figures, heldout
    from txtal.measures.quality import as_data
    from txtal.store import tickets

    fit = figures.fitted(console.database, dataset, settings, console.status)
    with console.read() as conn:
        texts = tickets.texts(conn, fit.answered.tickets.tolist())
    found = heldout.part_held_out(fit, share, texts)
    console.clear()
    names = fit.scheme.names
    data = [as_data(step.measures, names) for step in found.curve]
    curve = [{key: one[key] for key in ("answers", "accuracy", "macro_f1")} for one in data]
    return {
        "dataset": dataset,
        "basis": "held out",
        **as_data(found.measures, names),
        "curve": curve,
        "overlap": asdict(found.overlap),
    }


_ONLY_IF = "holds for other tickets only if these were drawn at random"


def _told(body: dict[str, Any], source: str | None) -> str:
    """Say what the figures are from."""
    n = f"{body['accuracy']['n']:,}"
    if source is not None:
        return f"from {n} labelled texts of {source}"
    if body["basis"] == "audit":
        return f"an estimate for {LIKE_THOSE_LOADED}, from {audits(body)}"
    if body["basis"] == "held out":
        return f"from {n} answers held out, by a model of {body['answers']:,} others: {_ONLY_IF}"
    return f"from all {n} answers, each predicted by a model that has not seen it: {_ONLY_IF}"


def _of_classifier(
    console: Console, folder: Path, source: str, code: Path | None, reading: Reading
) -> dict[str, Any]:
    from txtal.classifier import classifier, evaluate
    from txtal.formats.merging import gold
    from txtal.formats.source import labelled
    from txtal.ingest.talk import BadLines, checked, progress_of
    from txtal.measures.quality import as_data
    from txtal.recipes.recipe import load_code
    from txtal.text import count

    load_code(code)
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
        "without_overlap": apart
        and {key: apart[key] for key in ("accuracy", "macro_f1", "mean_absolute_error")},
    }

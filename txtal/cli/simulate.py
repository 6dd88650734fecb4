"""``txtal simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from txtal.cli import options
from txtal.cli.output import Console, put, put_json, put_table


@click.command("simulate")
@click.argument("source")
@click.option("--test", required=True, help="A labelled file to measure on.")
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Answers a run may ask for.",
)
@click.option(
    "-s",
    "--strategy",
    type=options.Commas(),
    default="auto,random",
    show_default=True,
    help="Strategies to compare, separated by commas.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Runs of each strategy.",
)
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Answers between two fits.",
)
@click.option(
    "--audit",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Share of questions drawn at random, as in teach.",
)
@options.features
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(
    console: Console,
    source: str,
    test: str,
    budget: int,
    strategy: list[str],
    seeds: int,
    batch: int,
    audit: float,
    vectors: str,
    lang: str,
    spacy: str | None,
    code: Path | None,
    as_json: bool,
) -> None:
    """Replay a labelled SOURCE as the annotator: does active learning pay on my data?

    Each run starts from nothing and labels up to the budget with the very session and learner that
    teach uses, the file giving the answers. The model is measured on the test file as it grows.
    """
    import tempfile

    from txtal import simulation
    from txtal.formats.source import read
    from txtal.loading import BadLines
    from txtal.types import LearnerSettings

    bad = BadLines(console, strict=False)
    pool = simulation.labelled(read(source, bad), source)
    held_out = simulation.labelled(read(test, bad), test)
    settings = LearnerSettings(
        vectoriser=options.spec_of(vectors, lang, spacy),
        audit=audit,
        code=str(code) if code else None,
    )
    plan = simulation.Plan(strategy, seeds, budget, settings, batch)
    with tempfile.TemporaryDirectory(prefix="txtal-") as folder:
        replay = simulation.Simulation(pool, held_out, plan, Path(folder))
        runs = list(replay.runs(console.progress))
        body = {"source": source, "test": test, **replay.report(runs)}
    console.clear()
    if as_json:
        put_json(body)
    else:
        _show(body)


def _show(body: dict[str, Any]) -> None:
    put(f"{body['source']}: {len(body['classes'])} labels, {body['vectoriser']}")
    put("accuracy on the test file, mean over seeds:")
    strategies = list(dict.fromkeys(run["strategy"] for run in body["runs"]))
    by_mark: dict[int, dict[str, list[float]]] = {}
    for run in body["runs"]:
        for point in run["curve"]:
            cells = by_mark.setdefault(point["labels"], {name: [] for name in strategies})
            cells[run["strategy"]].append(point["accuracy"])
    rows = [[f"{mark:,}", *map(_mean, by_mark[mark].values())] for mark in sorted(by_mark)]
    full = body["full"]
    rows.append([f"all {full['labels']:,}", *[f"{full['accuracy']:.3f}"] * len(strategies)])
    put_table(("labels", *strategies), rows)


def _mean(values: list[float]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else ""

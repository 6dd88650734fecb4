"""``txtal report``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from txtal.cli import options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console
from txtal.errors import DataError

if TYPE_CHECKING:
    from txtal.reports.dataset import Saved


@click.command("report")
@click.argument("dataset", shell_complete=dataset_names)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The HTML file to write.",
)
@click.option(
    "--simulation",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Output of `txtal simulate --json`; adds what active learning saves.",
)
@click.option(
    "--quick",
    is_flag=True,
    help="Leave out drift and advice on the labels, which take a fit of the model.",
)
@options.features
@click.pass_context
@options.gathered(options.FeatureOptions, "features")
def command(
    context: click.Context,
    dataset: str,
    output: Path,
    simulation: Path | None,
    quick: bool,
    features: options.FeatureOptions,
) -> None:
    """Write an HTML report on DATASET: quality, labels, effort, versions, drift and advice.

    It is one file that loads nothing else. It holds label names and single words that set tickets
    apart, but no ticket's text.
    """
    from importlib import metadata

    from txtal.api import others
    from txtal.cli.findings import findings
    from txtal.formats.atomic import write_atomically
    from txtal.reports.dataset import page
    from txtal.store import datasets, effort, history, stats
    from txtal.tempfiles import check_target

    console: Console = context.obj
    check_target(output, *filter(None, [simulation, features.code]))
    saved = _saved(simulation) if simulation else None
    names = options.names_as_taught(context, dataset)
    with console.read() as conn:
        answered = any(stats.verdicts(conn, datasets.get(conn, dataset).id).values())
    wanted = answered and not quick
    settings = features.settings(context, dataset, names=names) if wanted else None
    found = findings(console, dataset, settings)
    with console.read() as conn:  # after the findings, which measure the model
        told = history.of(conn, dataset)
        cost = effort.of(conn, told.dataset.id, told.standing)
        voting = others.of(conn, told.dataset)
    with write_atomically(output) as file:
        file.write(page(told, cost, saved, metadata.version("txtal"), found, voting=voting))
    console.say(f"{output}: the report")


def _saved(path: Path) -> Saved | None:
    """Return a simulation's best configuration. Raises DataError if the file isn't one."""
    from txtal.reports.dataset import Saved

    try:
        body: dict[str, Any] = json.loads(path.read_text("utf-8"))
        summary = body["summary"]
        target = summary["targets"][0]
        reached = [
            one
            for one in summary["configurations"]
            if one["labels"] is not None and one["strategy"] != target["baseline"]["strategy"]
        ]
        best = min(reached, key=lambda one: one["labels"], default=None)
        return Saved(
            str(body["source"]),
            str(best["strategy"]) if best else "",
            int(best["labels"]) if best else int(target["labels"]),
            int(target["labels"]),
            str(summary["conclusion"]),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        raise DataError(f"{path}: not what `txtal simulate --json` writes") from None

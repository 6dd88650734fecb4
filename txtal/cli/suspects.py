"""``txtal suspects``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from txtal.cli import options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put, put_json
from txtal.text import percent

if TYPE_CHECKING:
    from txtal.types import Suspect

_SHOWN = 100
"""Characters of a ticket that are shown."""


@click.command("suspects")
@click.argument("dataset", shell_complete=dataset_names)
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="Most answers to list."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@options.features
@click.pass_context
@options.gathered(options.FeatureOptions, "features")
def command(
    context: click.Context,
    dataset: str,
    limit: int,
    as_json: bool,
    features: options.FeatureOptions,
) -> None:
    """List answers of DATASET that are probably wrong, worst first, and why.

    Each answer is compared with a model that has not seen it. `txtal teach DATASET --suspects`
    shows them again on the screen. The newest 20 answers are left out, and those reviewed that way.
    """
    from txtal.learner.pool import PoolLearner
    from txtal.text import count

    console: Console = context.obj
    names = options.names_as_taught(context, dataset)
    settings = features.settings(context, dataset, names=names)
    settings = replace(settings, measured=False)  # the accuracy isn't what is wanted here
    learner = PoolLearner(console.database, dataset, settings, console.status)
    found = learner.suspects()
    console.clear()
    shown = found[:limit]
    labels, texts = _read(console, dataset, shown)
    if as_json:
        put_json([_row(one, labels, texts) for one in shown])
        return
    for one in shown:
        _show(one, labels, texts)
    if not found:
        console.say(f"{dataset}: no answer looks wrong")
    elif len(found) > limit:
        console.say(f"{count(len(found), 'suspect')}, the first {limit} listed; --limit has more")


def _read(
    console: Console, dataset: str, shown: Sequence[Suspect]
) -> tuple[Mapping[int, str], Mapping[int, str]]:
    """The labels' names, and the texts of what is shown."""
    from txtal.store import datasets, tickets

    near = [near.ticket_id for one in shown for near in one.near]
    ids = list(dict.fromkeys([*(one.answer.ticket_id for one in shown), *near]))
    with console.read() as conn:
        names = datasets.get(conn, dataset).scheme.names
        return names, dict(zip(ids, tickets.texts(conn, ids), strict=True))


def _row(one: Suspect, names: Mapping[int, str], texts: Mapping[int, str]) -> dict[str, Any]:
    answer = one.answer
    return {
        "number": answer.id,
        "text": texts[answer.ticket_id],
        "answer": answer.verdict,
        "labels": _names(answer.labels, names),
        "annotator": answer.annotator,
        "probability": one.given,
        "instead": {
            "label": names.get(one.label),
            "applies": one.missing,
            "probability": one.other,
        },
        "near": [
            {
                "text": texts[near.ticket_id],
                "labels": _names(near.labels, names),
                "similarity": near.similarity,
            }
            for near in one.near
        ],
    }


def _show(one: Suspect, names: Mapping[int, str], texts: Mapping[int, str]) -> None:
    from txtal.text import shorten

    put(f"#{one.answer.id}  {shorten(' '.join(texts[one.answer.ticket_id].split()), _SHOWN)}")
    put(f"    {said_of(one, names)}")


def said_of(one: Suspect, names: Mapping[int, str]) -> str:
    """Why it is suspect: ``ann: refund (2%), model: billing (91%), 4 of the 5 nearest …``."""
    answer = one.answer
    said = ", ".join(_names(answer.labels, names)) or "none"
    said = said if answer.verdict == "accept" else f"not {said}"
    label = names.get(one.label, "")
    other = label if one.missing else f"not {label}"
    near = (
        f", {one.agreeing} of the {len(one.near)} nearest answers agree with it" if one.near else ""
    )
    ours = f"{answer.annotator}: {said} ({percent(one.given, 0)})"
    return f"{ours}, model: {other} ({percent(one.other, 0)}){near}"


def _names(labels: Sequence[int], names: Mapping[int, str]) -> list[str]:
    return [names.get(label, f"label {label}") for label in labels]

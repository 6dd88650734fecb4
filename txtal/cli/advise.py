"""``txtal advise``."""

from __future__ import annotations

from dataclasses import asdict

import click

from txtal.cli import options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put, put_json
from txtal.types import FAULTS

_SHOWN = 90
"""Characters of a ticket that are shown."""


@click.command("advise")
@click.argument("dataset", shell_complete=dataset_names)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@options.features
@click.pass_context
@options.gathered(options.FeatureOptions, "features")
def command(
    context: click.Context,
    dataset: str,
    as_json: bool,
    features: options.FeatureOptions,
) -> None:
    """Find faults in DATASET's labels, with tickets that show them and commands that mend them.

    Suggests labels to merge, split, answer more often or add, and lists descriptions that
    contradict how a label is used. It changes nothing.
    """
    from txtal.learner import advising
    from txtal.learner.pool import PoolLearner
    from txtal.text import count, shorten

    console: Console = context.obj
    settings = features.settings(context, dataset)
    learner = PoolLearner(console.database, dataset, settings, console.status)
    with learner.source.computing():
        found = advising.advice(learner.complete(), learner.source)
    console.clear()
    ids = sorted({ticket for one in found for ticket in one.tickets})
    texts = dict(zip(ids, learner.source.texts(ids), strict=True))
    if as_json:
        put_json(
            [{**asdict(one), "tickets": [texts[ticket] for ticket in one.tickets]} for one in found]
        )
        return
    kind = ""
    for one in found:
        if one.kind != kind:
            click.echo() if kind else None
            put(f"{FAULTS[one.kind]}:")
            kind = one.kind
        put(f"  {' and '.join(one.labels)}: {one.why}" if one.labels else f"  {one.why}")
        for ticket in one.tickets:
            put(f"      {shorten(' '.join(texts[ticket].split()), _SHOWN)}")
        put(f"    {one.command}")
    if found:
        console.say(f"{count(len(found), 'remark')}; nothing was changed")
    else:
        console.say(f"{dataset}: no faults found in its labels")

"""``txtal drift``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from shlex import quote as shell_quoted
from typing import TYPE_CHECKING, Any

import click

from txtal.cli import options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put, put_json, put_table
from txtal.text import percent

if TYPE_CHECKING:
    from txtal.formats.reading import Reading
    from txtal.learner.drifting import Drift, Week

_SHOWN = 90
"""Characters of a ticket that are shown."""

_MOST = 8


@click.command("drift")
@click.argument("dataset", shell_complete=dataset_names)
@click.argument("source", required=False)
@options.reading(labels=False)
@options.features
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
@options.gathered(options.FeatureOptions, "features")
def command(
    context: click.Context,
    dataset: str,
    source: str | None,
    reading: Reading,
    features: options.FeatureOptions,
    as_json: bool,
) -> None:
    """Find out whether new tickets differ from those DATASET's answers are about.

    The new tickets are the texts of SOURCE or, without it, those loaded after the newest ticket
    that was answered. If tickets have dates in their meta, each week is compared with those before.
    """
    from txtal.errors import UsageError
    from txtal.learner import drifting
    from txtal.learner.pool import PoolLearner

    console: Console = context.obj
    settings = features.settings(context, dataset)
    learner = PoolLearner(console.database, dataset, settings, console.status)
    fit = learner.complete(measure=False)
    old, new = drifting.sides(
        fit.features.ids.tolist(), [one.ticket_id for one in fit.snapshot.answers]
    )
    weeks = drifting.by_week(fit, learner.source)
    found, far = None, []
    if source is not None:
        texts = _read(console, source, reading)
        found = drifting.of_texts(fit, learner.source, [*old, *new], texts)
        far = [texts[place] for place in found.unlike[:_MOST]]
    elif new:
        found = drifting.between(fit, learner.source, old, new)
        far = learner.source.texts([new[place] for place in found.unlike[:_MOST]])
    elif not weeks:
        raise UsageError(
            f"{dataset}: no ticket was loaded after the newest one that is answered; name a SOURCE "
            "of new ones"
        )
    console.clear()
    if found is not None and found.noticed:
        from txtal.hooks import starting

        told = {key: value for key, value in asdict(found).items() if key != "unlike"}
        starting.tell(console.database, dataset, "drift", told)
    if as_json:
        put_json(_json(dataset, found, far, weeks))
        return
    if found is not None:
        _show(dataset, found, far, loaded=source is None)
    _show_weeks(weeks)


def _read(console: Console, source: str, reading: Reading) -> list[str]:
    from txtal.formats.source import read
    from txtal.ingest.talk import BadLines

    bad = BadLines(console, strict=False)
    records = read(source, bad, reading=reading)
    return list(dict.fromkeys(record.text for record in records))


def _json(
    dataset: str, found: Drift | None, far: Sequence[str], weeks: Sequence[Week]
) -> dict[str, Any]:
    body: dict[str, Any] = {"dataset": dataset}
    if found is not None:
        body |= asdict(found) | {"unlike": list(far)}
    return {**body, "weeks": [asdict(one) for one in weeks]}


def _show(dataset: str, found: Drift, far: Sequence[str], *, loaded: bool) -> None:
    from txtal.text import shorten

    verdict = "drift" if found.noticed else "no drift found"
    put(f"{verdict}: {found.new:,} new tickets compared with {found.old:,} earlier ones")
    tests = ", ".join(f"{name} {p:.3g}" for name, p in found.tests.items())
    put(f"probability of a difference this large by chance: {tests}")
    far_off = f"{percent(found.share_far)} of the new tickets"
    put(f"{far_off} lie far from the others (5% of the earlier ones)")
    if found.mix:
        click.echo()
        put("predicted labels that changed most:")
        rows = [(one.label, percent(one.before), percent(one.after)) for one in found.mix[:_MOST]]
        put_table(("label", "before", "now"), rows)
    if found.words:
        put(f"words that are new or more frequent: {', '.join(found.words)}")
    if found.noticed:
        click.echo()
        put("least like the earlier tickets:")
        for text in far:
            put(f"  {shorten(' '.join(text.split()), _SHOWN)}")
        first = "" if loaded else "load them, then "
        put(f"to label them: {first}txtal teach {shell_quoted(dataset)} --new")


def _show_weeks(weeks: Sequence[Week]) -> None:
    if not weeks:
        return
    words = {True: "drift", False: "-", None: "too few to tell"}
    click.echo()
    put("each week compared with those before:")
    rows = [(one.week, f"{one.tickets:,}", percent(one.far), words[one.noticed]) for one in weeks]
    put_table(("week", "tickets", "far from the others", ""), rows, words=(0, 3))

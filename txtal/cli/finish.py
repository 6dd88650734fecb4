"""``txtal finish``."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from txtal.cli import options
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put, put_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from txtal.learner.finishing import Finished, Wish
    from txtal.types import Scheme

_SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@dataclass(frozen=True, slots=True)
class FinishOptions:
    """What is asked of the labels."""

    precision: float
    confidence: float
    check: float
    per_label: bool
    seed: int


@click.command("finish")
@click.argument("dataset", shell_complete=dataset_names)
@click.option(
    "--precision",
    type=_SHARE,
    default=0.95,
    show_default=True,
    help="Proportion of the labels given that must be right.",
)
@click.option(
    "--confidence",
    type=_SHARE,
    default=0.95,
    show_default=True,
    help="Probability with which that must hold.",
)
@click.option(
    "--check",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Fraction of the labelled tickets that people are shown, to check.",
)
@click.option("--per-label", is_flag=True, help="Keep the precision for each label by itself.")
@click.option("--dry-run", is_flag=True, help="Only say what could be labelled.")
@click.option("--withdraw", is_flag=True, help="Withdraw the labels of earlier runs, and stop.")
@click.option("--seed", default=0, help="Makes the draw of what is checked repeatable.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@options.features
@click.pass_context
@options.gathered(options.FeatureOptions, "features")
@options.gathered(FinishOptions, "wanted")
def command(
    context: click.Context,
    dataset: str,
    dry_run: bool,
    withdraw: bool,
    as_json: bool,
    wanted: FinishOptions,
    features: options.FeatureOptions,
) -> None:
    """Let the model label open tickets of DATASET as far as its precision is proven.

    The proof is by answers to tickets picked at random, which the model has not learned from.
    The labels are stored as predictions, never as answers; `txtal export --predicted` writes them.
    A part is shown to people by `txtal teach` to check; with too many errors all are withdrawn.
    """
    from txtal.learner.finishing import Wish

    console: Console = context.obj
    if withdraw:
        _withdraw(console, dataset)
        return
    if why := _checked(console, dataset):
        console.say(f"the earlier labels are withdrawn: {why}")
    first = Wish(wanted.precision, wanted.confidence, wanted.per_label)
    found, wish, state, scheme = _finish(context, console, dataset, features, first)
    if found.given and not dry_run:
        _store(console, dataset, found, wish, state, wanted)
    body = _body(console, dataset, found, wish, scheme)
    if as_json:
        put_json(body)
    else:
        _show(dataset, found, wish, body, dry_run)


def _withdraw(console: Console, name: str) -> None:
    from txtal.store import datasets, predictions

    with console.open() as conn:
        dataset = datasets.get(conn, name)
        gone = len(predictions.labelled(conn, dataset.id))
        predictions.withdraw(conn, dataset.id, "withdrawn by hand")
    console.say(f"{name}: {gone:,} predictions are withdrawn")


def _checked(console: Console, name: str) -> str:
    from txtal.store import datasets, predictions

    with console.open() as conn:
        return predictions.withdraw_if_wrong(conn, datasets.get(conn, name).id)


def _finish(
    context: click.Context,
    console: Console,
    dataset: str,
    features: options.FeatureOptions,
    wish: Wish,
) -> tuple[Finished, Wish, str, Scheme]:
    """Test at the level of this try, which is noted before anything is found out."""
    from txtal.learner import finishing
    from txtal.learner.pool import PoolLearner
    from txtal.store import datasets, predictions

    names = options.names_as_taught(context, dataset)
    settings = features.settings(context, dataset, names=names)
    learner = PoolLearner(console.database, dataset, settings, console.status)
    fit = learner.complete()
    state = finishing.state(fit, wish)
    with console.open() as conn:
        dataset_id = datasets.get(conn, dataset).id
        number = predictions.begin_try(conn, dataset_id, wish.precision, state)
    wish = replace(wish, number=number)
    with learner.source.computing():
        found = finishing.finish(fit, wish)
    console.clear()
    return found, wish, state, fit.scheme


def _store(
    console: Console, name: str, found: Finished, wish: Wish, state: str, wanted: FinishOptions
) -> None:
    from txtal.store import datasets, predictions

    coin = random.Random(f"{wanted.seed} {name}")
    checks = set(coin.sample(range(len(found.given)), round(wanted.check * len(found.given))))
    evidence = {
        "method": "learn then test",
        "level": wish.level,
        "try": wish.number,
        "state": state,
        "audits": found.audits,
        "bounds": [{"label": label, **asdict(one)} for label, one in found.bounds],
    }
    with console.open() as conn:
        predictions.store(
            conn,
            datasets.get(conn, name).id,
            wish.precision,
            evidence,
            [
                (one.ticket_id, one.labels, one.confidence, place in checks)
                for place, one in enumerate(found.given)
            ],
        )


def _body(
    console: Console, name: str, found: Finished, wish: Wish, scheme: Scheme
) -> dict[str, Any]:
    from txtal.store import datasets, predictions

    with console.read() as conn:
        seen = predictions.checked(conn, datasets.get(conn, name).id)
    return {
        "dataset": name,
        "precision": wish.precision,
        "confidence": wish.confidence,
        "try": wish.number,
        "level": wish.level,
        "open": found.open,
        "labelled": len(found.given),
        "left": found.open - len(found.given),
        "unknown": found.unknown,
        "audits": found.audits,
        "needed": found.needed,
        "bounds": [
            {"label": None if label is None else scheme.names[label], **asdict(one)}
            for label, one in found.bounds
        ],
        "forecast": [asdict(one) for one in found.forecast],
        "checks": asdict(seen),
    }


def _show(
    dataset: str, found: Finished, wish: Wish, body: Mapping[str, Any], dry_run: bool
) -> None:
    from txtal.text import count, decimals, in_full, percent

    if not found.given:
        put(
            f"no ticket can be labelled with a proven precision of {in_full(wish.precision)}: "
            f"there are {count(found.audits, 'random answer')}, and the next try takes "
            f"{found.needed:,} without an error at the least"
        )
    else:
        done = "could be labelled" if dry_run else "are labelled"
        share = len(found.given) / found.open
        put(f"{len(found.given):,} of {count(found.open, 'open ticket')} ({percent(share)}) {done}")
    if wish.number > 1:
        put(
            f"this is try {wish.number}, tested at a level of {100 * wish.level:.2g}%, so that all "
            f"tries together keep {in_full(wish.confidence)} confidence; fewer tries label more"
        )
    for one in body["bounds"]:
        label = f"{one['label']}: " if one["label"] else ""
        put(
            f"  {label}at least {percent(one['low'])} are right, with "
            f"{in_full(wish.confidence)} confidence: "
            f"{count(one['errors'], 'error')} in {count(one['tested'], 'random answer')} with a "
            f"confidence of {decimals(one['threshold'])} or more"
        )
    if found.given and not dry_run:
        put(f"{body['checks']['waiting']:,} of them will be shown to check, by txtal teach")
        put(f"export them: txtal export {dataset} --predicted -o FILE")
    put(f"{count(body['left'], 'ticket')} left for people")
    if found.unknown:
        put(f"  of these, {found.unknown:,} without a word that the model knows")
    for one in found.forecast:
        more = one.audits - found.audits
        put(
            f"about {count(more, 'random answer')} more would probably allow "
            f"{percent(one.share, 0)} of the open tickets, {round(one.share * found.open):,}"
        )

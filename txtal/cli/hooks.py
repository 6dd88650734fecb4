"""``txtal hooks``: the hooks of datasets, and what isn't delivered yet."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import click

from txtal.cli.options import dataset_names, hook_options, hooks_given
from txtal.cli.output import Console, put, put_json, put_table
from txtal.errors import UsageError


class _WithHookOptions(click.Command):
    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.params += hook_options()


@click.group("hooks")
def command() -> None:
    """Send answers, new versions, reasons to stop and drift to other programs.

    A delivery is stored together with the event, and sent at least once: by a running session, by
    `txtal serve`, or by `txtal hooks deliver`. Only hooks that you have set or allowed yourself are
    delivered in your name.
    """


@command.command("set", cls=_WithHookOptions)
@click.argument("dataset", shell_complete=dataset_names)
@click.pass_obj
def set_hooks(console: Console, /, dataset: str, **values: Any) -> None:
    """Set hooks of DATASET; '' removes one."""
    from txtal.hooks import starting
    from txtal.store import datasets

    given = hooks_given(values)
    with console.open() as conn:
        found = datasets.get(conn, dataset)
        if not given:
            raise UsageError("name a hook, such as --on-answer https://example.org/answers")
        for line in starting.keep(conn, console.database, found.id, given):
            console.say(line)


@command.command("allow")
@click.argument("dataset", shell_complete=dataset_names)
@click.pass_obj
def allow(console: Console, dataset: str) -> None:
    """Allow DATASET's hooks to run with your rights."""
    from txtal.hooks import trust
    from txtal.store import datasets, outbox

    with console.read() as conn:
        datasets.check(conn, dataset)
        own = [one for one in outbox.hooks(conn) if one.dataset == dataset]
    trust.trust(console.database, own)
    for one in own:
        console.say(f"allowed: on {one.event}: {one.target}")


@command.command("list")
@click.option("--secrets", is_flag=True, help="Show the keys with which deliveries are signed.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def show(console: Console, secrets: bool, as_json: bool) -> None:
    """List the hooks, what waits for them, and what was given up."""
    from txtal.hooks import trust
    from txtal.store import outbox

    with console.read() as conn:
        hooks, waiting = outbox.hooks(conn), outbox.every(conn)
    allowed = trust.trusted(console.database, hooks)
    rows = [{**asdict(one), "allowed": one in allowed} for one in hooks]
    for row in rows:
        if not secrets:
            del row["secret"]
    if as_json:
        put_json({"hooks": rows, "deliveries": [asdict(one) for one in waiting]})
        return
    put_table(
        ("dataset", "event", "target", "", *(("secret",) if secrets else ())),
        [
            (
                str(row["dataset"]),
                str(row["event"]),
                str(row["target"]),
                "" if row["allowed"] else "not allowed by you: txtal hooks allow",
                *((str(row["secret"]),) if secrets else ()),
            )
            for row in rows
        ],
        words=range(5),
    )
    if waiting:
        click.echo()
        put_table(
            ("delivery", "dataset", "event", "tries", "state", "error"),
            [
                (f"{one.id}", one.dataset, one.event, f"{one.tries}", _state(one), one.error)
                for one in waiting
            ],
            words=(1, 2, 4, 5),
        )


def _state(delivery: Any) -> str:
    if delivery.dead:
        return "given up"
    left = max(0, round(delivery.due - time.time()))
    return f"due in {left} s" if left else "due"


@command.command("deliver")
@click.pass_obj
def deliver(console: Console) -> None:
    """Deliver what is due now, as for a cron job."""
    from txtal.hooks import courier
    from txtal.store import outbox

    done = courier.deliver_due(console.database)
    with console.read() as conn:
        left = outbox.every(conn)
    dead = sum(one.dead for one in left)
    put(f"{done} delivered, {len(left) - dead} waiting, {dead} given up")


@command.command("retry")
@click.argument("deliveries", nargs=-1, type=int)
@click.pass_obj
def retry(console: Console, deliveries: tuple[int, ...]) -> None:
    """Make DELIVERIES due again, by default all."""
    from txtal.hooks import starting
    from txtal.store import outbox

    with console.open() as conn:
        done = outbox.retry(conn, deliveries)
    starting.send_now(console.database)
    console.say(f"{done} due again")


@command.command("drop")
@click.argument("deliveries", nargs=-1, type=int)
@click.pass_obj
def drop(console: Console, deliveries: tuple[int, ...]) -> None:
    """Delete DELIVERIES, by default those that were given up."""
    from txtal.store import outbox

    with console.open() as conn:
        done = outbox.drop(conn, deliveries)
    console.say(f"{done} dropped")

"""``txtal watch``."""

from __future__ import annotations

import json
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from txtal.cli.output import Console, put
from txtal.errors import LockedError

if TYPE_CHECKING:
    from txtal.watch.machine import Machine, Round


@click.command("watch")
@click.argument("config", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--once", is_flag=True, help="Do one round, then exit, as for cron.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON for each round with news.")
@click.pass_obj
def command(console: Console, config: Path, once: bool, as_json: bool) -> int:
    """Predict, retrain and deploy by itself, as the TOML file CONFIG describes.

    Each round takes in new tickets, writes the predictions that are sure and leaves the rest to
    people, trains when enough answers have come, and deploys the version in use. See
    docs/production.md. With --once, exit code 1 says that something failed in the round.
    """
    from txtal import tempfiles
    from txtal.watch.machine import Machine
    from txtal.watch.plan import read_plan

    plan = read_plan(config)
    machine = Machine(console.database, plan)
    machine.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfiles.alone(machine.folder) as mine:
        if not mine:
            raise LockedError(f"{config}: another process watches this already")
        return _rounds(console, machine, plan.every, once=once, as_json=as_json)


def _rounds(console: Console, machine: Machine, every: float, *, once: bool, as_json: bool) -> int:
    over = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: over.set())
    while True:
        try:
            done = machine.round()
        except LockedError as error:
            if once:
                raise
            console.say(str(error))
        else:
            _tell(console, done, as_json=as_json, always=once)
            if once:
                return 1 if done.problems else 0
        if over.wait(every):
            return 0


def _tell(console: Console, done: Round, *, as_json: bool, always: bool) -> None:
    from txtal.text import count

    said: dict[str, Any] = asdict(done)
    if not always and not any(said.values()):
        return
    if as_json:
        put(json.dumps(said))
    else:
        put(
            f"{count(done.files, 'file')}: {done.predicted:,} predicted, {done.waiting:,} left to "
            f"people, {count(done.bad, 'bad line')}"
        )
        if done.trained is not None:
            put(f"trained v{done.trained}")
        if done.deployed is not None:
            put(f"deployed v{done.deployed}")
    for problem in done.problems:
        console.say(problem)

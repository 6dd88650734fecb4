"""``txtal backup``."""

from __future__ import annotations

from pathlib import Path

import click

from txtal.cli.output import Console


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def command(console: Console, file: Path) -> None:
    """Copy the database to FILE, even while sessions are running.

    The copy is verified before it gets its name. It replaces an older backup, and nothing else.
    """
    from txtal.store.backup import back_up

    found = back_up(console.database, file)
    console.say(f"{file}: {found.summary}, verified")

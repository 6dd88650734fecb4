"""``txtal restore``."""

from __future__ import annotations

from pathlib import Path

import click

from txtal.cli.output import Console


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def command(console: Console, file: Path) -> None:
    """Replace the database with the backup FILE.

    FILE is verified first, and the database it replaces is kept beside it. Running sessions refuse
    their next answer and report why.
    """
    from txtal.store.backup import restore

    found, kept = restore(file, console.database)
    console.say(f"{console.database}: {found.summary}, restored from {file}")
    if kept:
        console.say(f"what was there is kept in {kept}")

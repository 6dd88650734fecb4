"""``txtal restore``."""

from __future__ import annotations

from pathlib import Path

import click

from txtal.cli.output import Console


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def command(console: Console, file: Path) -> None:
    """Make the database what the backup FILE holds.

    FILE is verified first. The database that was there is kept beside it. Sessions that run refuse
    their next answer and say why.
    """
    from txtal.store.backup import restore

    found, kept = restore(file, console.database)
    console.say(f"{console.database}: {found.summary}, restored from {file}")
    if kept:
        console.say(f"what was there is kept in {kept}")

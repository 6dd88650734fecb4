"""``txtal verify``."""

from __future__ import annotations

from dataclasses import asdict

import click

from txtal.cli.output import Console, put, put_json
from txtal.errors import DatabaseError

_MOST_SHOWN = 20


@click.command("verify")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every fault.")
@click.pass_obj
def command(console: Console, as_json: bool) -> None:
    """Check that every ticket and answer is what was written.

    Shows the numbers of damaged tickets and answers, never a text. Exits with 3 when there are any.
    """
    from txtal.store.verify import verify
    from txtal.text import count

    with console.read() as conn:
        found = verify(conn)
    faults = count(len(found.faults), "fault")
    if as_json:
        put_json({"database": str(console.database), **asdict(found)})
    else:
        for fault in found.faults[:_MOST_SHOWN]:
            put(fault)
        put(f"{console.database}: {found.summary}: {faults}")
    if found.faults:
        raise DatabaseError(
            f"{console.database}: damaged, {faults}; `txtal restore BACKUP` puts a backup in its "
            "place, and keeps what is there"
        )

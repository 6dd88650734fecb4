"""``txtal share``."""

from __future__ import annotations

import click

from txtal.cli.output import Console
from txtal.errors import UsageError


@click.command("share")
@click.option("--group", metavar="GROUP", help="Group of this machine whose members may label.")
@click.option("--private", is_flag=True, help="Make it private again, for its owner alone.")
@click.pass_obj
def command(console: Console, group: str | None, private: bool) -> None:
    """Let the people of a group label in this database.

    The database, the folder it is in, and its caches become readable and writable for GROUP, and
    for nobody else: all of its datasets. The folder must hold nothing else. Everyone labels with
    their own login, as in `txtal --db /srv/labels/txtal.db teach shop`.
    """
    from txtal.store import share

    if (group is None) == (not private):
        raise UsageError("give a group, such as --group annotators, or --private")
    if group is None:
        share.unshare(console.database)
        console.say(f"{console.database}: yours alone")
        return
    found = share.share(console.database, group)
    console.say(f"{console.database}: shared with the group {group}")
    for folder in found.closed:
        console.say(f"{folder}: {group} can't pass this folder; `chmod o+x` lets them through")

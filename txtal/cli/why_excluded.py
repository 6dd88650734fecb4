"""``txtal why-excluded``."""

from __future__ import annotations

import click

from txtal.cli.options import dataset_names, default_annotator
from txtal.cli.output import Console, put, put_json


@click.command("why-excluded")
@click.argument("dataset", shell_complete=dataset_names)
@click.argument("ticket")
@click.option(
    "--annotator",
    envvar="TXTAL_ANNOTATOR",
    help="Whom it isn't shown to.  [default: your login name]",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(
    console: Console, dataset: str, ticket: str, annotator: str | None, as_json: bool
) -> None:
    """Show why a ticket isn't shown, or when it will be.

    A TICKET is its whole text, its number, its id, or key:value of its meta.
    """
    from txtal.cli import tickets
    from txtal.store import circumstances, datasets

    who = annotator or default_annotator()
    with console.read() as conn:
        found = datasets.get(conn, dataset)
        it = tickets.one(conn, found, ticket)
        if it is None:
            known = circumstances.of_text(conn, found, ticket)
        else:
            known = circumstances.of(conn, found, it.id, who)
    excluded = any(one.excludes for one in known)
    if as_json:
        reasons = [
            {"reason": one.code, "says": one.words, "excludes": one.excludes} for one in known
        ]
        put_json({"ticket": it and it.id, "excluded": excluded, "reasons": reasons})
        return
    if it is not None and not excluded:
        put(f"ticket {it.id} is open: nothing keeps it from being shown to {who}")
    elif it is not None:
        put(f"ticket {it.id} isn't shown to {who}:")
    for one in known:
        put(f"- {one.words}")

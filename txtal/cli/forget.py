"""``txtal forget``: erase tickets, because a person asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from txtal.cli.options import dataset_names
from txtal.cli.output import Console, confirmed, put
from txtal.errors import UsageError
from txtal.text import count, shorten

if TYPE_CHECKING:
    from txtal.store.sqlite import Connection
    from txtal.types import Dataset, Ticket

_SHOWN = 5


@click.command("forget")
@click.argument("dataset", shell_complete=dataset_names)
@click.argument("ticket", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
@click.option(
    "--again", is_flag=True, help="Forget the hash, too, so that the text can be loaded again."
)
@click.pass_obj
def command(console: Console, dataset: str, ticket: Sequence[str], yes: bool, again: bool) -> None:
    """Erase tickets for good, with their answers.

    Features and the search index go with them. A TICKET is its whole text, its number, its id, or
    key:value of its meta, as in customer:4711, which may be several tickets. A hash of the text
    stays, so that the same text isn't loaded again.
    """
    from txtal.store import datasets, upkeep

    with console.open() as conn:
        found = datasets.get(conn, dataset)
        wanted = _named(conn, found, ticket)
        for one in wanted[:_SHOWN]:
            put(f"{one.id}  {shorten(' '.join(one.text.split()), 70)}")
        if len(wanted) > _SHOWN:
            put(f"and {len(wanted) - _SHOWN:,} more")
        if not confirmed(f"erase {count(len(wanted), 'ticket')} of {dataset}?", yes):
            console.say("nothing was erased")
            return
        ids = [one.id for one in wanted]
        gone = upkeep.forget(conn, console.database, found, ids, again=again)
    composed = f" and {count(gone.composed, 'ticket')} composed of it" if gone.composed else ""
    console.say(
        f"erased {count(gone.tickets, 'ticket')}{composed}, "
        f"with {count(gone.answers, 'answer')} in the log"
    )
    for copy in upkeep.copies(console.database):
        console.say(f"{copy}: this copy still holds the text; delete it")
    console.say(
        "backups, exports and classifiers made before may hold its words: delete or renew them"
    )


def _named(conn: Connection, dataset: Dataset, words: Sequence[str]) -> list[Ticket]:
    """Every ticket that is named, each once. Raises UsageError for a word that names none."""
    from txtal.cli import tickets

    found: dict[int, Ticket] = {}
    for word in words:
        there = tickets.named(conn, dataset, word)
        if not there:
            raise UsageError(
                f"{dataset.name} has no ticket {shorten(word, 40)!r}: give its whole text, its "
                "number, its id, or key:value of its meta"
            )
        found |= {ticket.id: ticket for ticket in there}
    return list(found.values())

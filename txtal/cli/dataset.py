"""``txtal dataset``: rename, merge and drop."""

from __future__ import annotations

import click

from txtal.cli.options import dataset_names, default_annotator
from txtal.cli.output import Console, confirmed
from txtal.text import count

_dataset = click.argument("dataset", shell_complete=dataset_names)


@click.group("dataset", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Rename, merge or drop a dataset.

    A dataset that is being labelled is neither renamed nor dropped. `txtal datasets` lists them.
    """


@command.command("rename")
@_dataset
@click.argument("new")
@click.pass_obj
def rename(console: Console, dataset: str, new: str) -> None:
    """Rename DATASET to NEW."""
    from txtal.store import upkeep

    with console.open() as conn:
        upkeep.rename(conn, dataset, new)
    console.say(f"{dataset} is {new} now")


@command.command("merge")
@_dataset
@click.argument("into", shell_complete=dataset_names)
@click.option("--annotator", envvar="TXTAL_ANNOTATOR", help="Who merges; your login name.")
@click.pass_obj
def merge(console: Console, dataset: str, into: str, annotator: str | None) -> None:
    """Copy the tickets and answers of DATASET into the dataset INTO.

    Labels are matched by name, and added where they are missing. Answers that were undone, model
    versions and a stream's predictions stay behind. DATASET itself stays until you drop it.
    """
    from txtal.store import upkeep

    with console.open() as conn:
        found = upkeep.merge(conn, dataset, into, annotator or default_annotator())
    said = [
        f"{count(found.tickets.added, 'ticket')} and {count(found.answers, 'answer')} copied "
        f"into {into}"
    ]
    if found.tickets.duplicates:
        said.append(f"{count(found.tickets.duplicates, 'ticket')} it had already")
    if found.tickets.forgotten:
        said.append(f"{count(found.tickets.forgotten, 'ticket')} left out: forgotten there")
    if found.there:
        said.append(f"{count(found.there, 'answer')} left out: answered there by the same person")
    if found.left_out:
        said.append(f"{count(found.left_out, 'answer')} left out: to tickets it doesn't take")
    console.say("; ".join(said))
    console.say(f"{dataset} is still there; `txtal dataset drop {dataset}` deletes it")


@command.command("drop")
@_dataset
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
@click.pass_obj
def drop(console: Console, dataset: str, yes: bool) -> None:
    """Delete DATASET with its tickets, answers and model versions.

    Only a backup brings it back (`txtal backup`).
    """
    from txtal.store import answers, datasets, tickets, upkeep

    with console.open() as conn:
        found = datasets.get(conn, dataset)
        what = count(tickets.count(conn, found.id), "ticket")
        given = count(len(answers.standing(conn, found.id)), "answer")
        if not confirmed(f"delete {dataset} with {what} and {given}?", yes):
            console.say("nothing was deleted")
            return
        upkeep.drop(conn, console.database, dataset)
    console.say(f"{dataset} was deleted, with {what} and {given}")

"""``txtal label``: the label scheme of a dataset, changed while it has answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from txtal.cli.options import dataset_names, default_annotator, label_names
from txtal.cli.output import Console, put, put_json, put_table
from txtal.errors import UsageError
from txtal.types import LabelChange, Scheme

if TYPE_CHECKING:
    from txtal.store.labels import Event


@click.group("label", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """See and change the labels of a dataset that has answers.

    Every change is logged and can be undone, and none touches an answer.
    """


_dataset = click.argument("dataset", shell_complete=dataset_names)
_as_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@command.command("list")
@_dataset
@_as_json
@click.pass_obj
def list_labels(console: Console, dataset: str, as_json: bool) -> None:
    """List labels and how often each was accepted."""
    from txtal.store import datasets, labels, stats

    with console.read() as conn:
        found = datasets.get(conn, dataset)
        accepted = stats.accepted(conn, found.id)
        merged = labels.merged(conn, found.id)
    scheme = found.scheme
    heads = ("label", "accepted", "state", "description")
    rows = [
        (label.name, accepted[label.id], _state(label.id, scheme, merged), label.description)
        for label in (*scheme.labels, *scheme.former)
    ]
    if as_json:
        put_json([dict(zip(heads, row, strict=True)) for row in rows])
    else:
        put_table(heads, [(row[0], f"{row[1]:,}", *row[2:]) for row in rows], words=(0, 2, 3))


def _state(label_id: int, scheme: Scheme, merged: dict[int, int]) -> str:
    if label_id in scheme.ids:
        return ""
    return f"now {scheme.names[merged[label_id]]}" if label_id in merged else "retired"


@command.command("log")
@_dataset
@_as_json
@click.pass_obj
def log(console: Console, dataset: str, as_json: bool) -> None:
    """List all label changes, oldest first."""
    from txtal.store import datasets, labels

    with console.read() as conn:
        found = datasets.get(conn, dataset)
        events = labels.events(conn, found.id)
    names = found.scheme.names
    if as_json:
        put_json([_row(event, names) for event in events])
        return
    for event in events:
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(event.at))
        by = f" by {event.detail['by']}" if "by" in event.detail else ""
        undone = " (undone)" if event.undone else ""
        put(f"{event.id:>4}  {at}  {_told(event, names)}{by}{undone}")


def _row(event: Event, names: Any) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": event.at,
        "action": event.action,
        "label": names[event.label],
        "undone": event.undone,
        **event.detail,
    }


def _told(event: Event, names: Any) -> str:
    detail, name = event.detail, names[event.label]
    match event.action:
        case "rename":
            return f"renamed {detail['from']} to {detail['to']}"
        case "merge":
            return f"merged {name} into {names[detail['into']]}"
        case "split":
            return f"split {name} into {', '.join(detail['into'])}"
        case "undo":
            return f"undid {detail['undoes']}"
        case "add":
            return f"added {detail['name']}"
        case "retire":
            return f"retired {name}"
        case "describe":
            return f"described {name}" if detail["to"] else f"removed the description of {name}"
        case _:
            return f"{event.action} {name}"


@command.command("add")
@_dataset
@click.argument("name")
@click.option("-d", "--description", default="", help="Description, shown in the session.")
@click.pass_obj
def add(console: Console, dataset: str, name: str, description: str) -> None:
    """Add a label, or bring back a retired one."""
    _change(console, dataset, LabelChange("add", name=name, description=description))


@command.command("rename")
@_dataset
@click.argument("label", shell_complete=label_names)
@click.argument("name")
@click.pass_obj
def rename(console: Console, dataset: str, label: str, name: str) -> None:
    """Rename LABEL to NAME, in its answers too."""
    _change(console, dataset, LabelChange("rename", name=name), label)


@command.command("describe")
@_dataset
@click.argument("label", shell_complete=label_names)
@click.argument("description")
@click.pass_obj
def describe(console: Console, dataset: str, label: str, description: str) -> None:
    """Set a label's description."""
    _change(console, dataset, LabelChange("describe", description=description), label)


@command.command("merge")
@_dataset
@click.argument("label", shell_complete=label_names)
@click.argument("into", shell_complete=label_names)
@click.pass_obj
def merge(console: Console, dataset: str, label: str, into: str) -> None:
    """Merge LABEL into INTO; its answers count as INTO."""
    _change(console, dataset, LabelChange("merge"), label, into)


@command.command("split")
@_dataset
@click.argument("label", shell_complete=label_names)
@click.argument("names", nargs=-1, required=True)
@click.pass_obj
def split(console: Console, dataset: str, label: str, names: tuple[str, ...]) -> None:
    """Replace LABEL with NAMES; its tickets are shown again."""
    _change(console, dataset, LabelChange("split", names=names), label)


@command.command("retire")
@_dataset
@click.argument("label", shell_complete=label_names)
@click.pass_obj
def retire(console: Console, dataset: str, label: str) -> None:
    """Hide LABEL from sessions; keep its answers."""
    _change(console, dataset, LabelChange("retire"), label)


@command.command("undo")
@_dataset
@click.pass_obj
def undo(console: Console, dataset: str) -> None:
    """Undo the last label change."""
    _change(console, dataset, LabelChange("undo"))


def _change(
    console: Console, dataset: str, wanted: LabelChange, label: str = "", into: str = ""
) -> None:
    from dataclasses import replace

    from txtal.store import datasets, label_changes
    from txtal.text import count
    from txtal.ui.words import of_answers

    with console.open() as conn:
        found = datasets.get(conn, dataset)
        if label:
            wanted = replace(wanted, label=_id(found.scheme, dataset, label))
        if into:
            wanted = replace(wanted, into=_id(found.scheme, dataset, into))
        done = label_changes.change(conn, found.id, wanted, default_annotator())
        after = datasets.get(conn, dataset).scheme
    console.say(f"{dataset} has {count(len(after.labels), 'label')} now")
    _warn_of_twins(console, found.scheme, after)
    for said in of_answers(done):
        console.say(said)


def _warn_of_twins(console: Console, before: Scheme, after: Scheme) -> None:
    """Warn of new names that look like others."""
    from txtal.text import look_alike

    old, new = (dict.fromkeys(label.name for label in scheme.labels) for scheme in (before, after))
    for name in (name for name in new if name not in old):
        if twin := look_alike(name, new):
            console.say(f"the labels {twin} and {name} look alike; `txtal label merge` joins two")


def _id(scheme: Scheme, dataset: str, name: str) -> int:
    """Return the id of the label with this exact name or, failing that, its normalised form."""
    from txtal.text import normalise_label

    ids = {label.name: label.id for label in scheme.labels}
    if name in ids:
        return ids[name]
    if (good := normalise_label(name)) in ids:
        return ids[good]
    there = ", ".join(label.name for label in scheme.labels[:20])
    raise UsageError(f"{dataset} has no label {name!r}; there are: {there}")

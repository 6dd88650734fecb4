"""``txtal models``, ``txtal rollback`` and ``txtal compare``: the model over time."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from txtal.cli.estimates import grades, interval
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put, put_json, put_table
from txtal.errors import UsageError

if TYPE_CHECKING:
    from txtal.classifier.classifier import Classifier
    from txtal.classifier.compare import Difference
    from txtal.classifier.versions import Version

_SHOWN = 90
"""Characters of a ticket that are shown."""

_MOST_TEXTS = 20_000


@click.command("models")
@click.argument("dataset", shell_complete=dataset_names)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def models(console: Console, dataset: str, as_json: bool) -> None:
    """List DATASET's model versions from `txtal train`, and which is in use."""
    from txtal.classifier import versions

    folder = folder_of(console, dataset)
    found, current = versions.versions(folder), versions.current(folder)
    if as_json:
        put_json([{**asdict(one), "current": one.number == current} for one in found])
        return
    if not found:
        console.say(f"{dataset}: no version yet; `txtal train {dataset} -o FOLDER` makes one")
        return
    put_table(
        ("version", "trained (UTC)", "answers", "quality", "vectors", "fingerprint", ""),
        [
            (
                f"v{one.number}",
                datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%d %H:%M"),
                f"{one.answers:,}",
                figures_of(one),
                one.vectors + (", robust" if one.robust else ""),
                one.fingerprint[:10],
                "in use" if one.number == current else "",
            )
            for one in found
        ],
        words=(0, 1, 3, 4, 5, 6),
    )


@click.command("rollback")
@click.argument("dataset", shell_complete=dataset_names)
@click.argument("version", required=False, type=int)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the version to this folder, too.",
)
@click.pass_obj
def rollback(console: Console, dataset: str, version: int | None, output: Path | None) -> None:
    """Use an earlier VERSION of DATASET's model again (default: the one before).

    No version is deleted, so you can undo a rollback in the same way.
    """
    from txtal.classifier import classifier, versions

    folder = folder_of(console, dataset)
    wanted = versions.get(folder, version) if version is not None else versions.previous(folder)
    made = versions.load(folder, wanted.number)
    if output is not None:
        classifier.save(made, output)
    versions.use(folder, wanted.number)
    written = f", written to {output}" if output is not None else ""
    console.say(f"{dataset}: v{wanted.number} of {wanted.answers:,} answers is in use{written}")


@click.command("compare")
@click.argument("dataset", shell_complete=dataset_names)
@click.argument("first")
@click.argument("second")
@click.option(
    "--limit", type=click.IntRange(0), default=10, show_default=True, help="Texts to show."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def compare(
    console: Console, dataset: str, first: str, second: str, limit: int, as_json: bool
) -> None:
    """Show on which labels and tickets of DATASET two models differ.

    FIRST and SECOND are versions, as in v1 or 1, or folders that `txtal train` wrote. Answers that
    neither has learned from show which is right.
    """
    from txtal.classifier.compare import compared, named, on_new_answers
    from txtal.text import shorten

    both = (_named(console, dataset, first), _named(console, dataset, second))
    ids, texts, now = _texts(console, dataset)
    found = compared(*both, texts, now)
    answered = truths(console, dataset)
    held_out = on_new_answers(both, found, texts, [answered.get(one) for one in ids])
    places = found.differ
    body = {
        "dataset": dataset,
        "first": first,
        "second": second,
        "tickets": len(texts),
        "differ": len(places),
        "changes": [
            {"first": a, "second": b, "count": count} for a, b, count in found.changes()
        ],
        "held_out": asdict(held_out),
        "texts": [
            {
                "text": texts[place],
                "first": sorted(found.first[place]),
                "second": sorted(found.second[place]),
            }
            for place in places[:limit]
        ],
    }  # fmt: skip
    if as_json:
        put_json(body)
        return
    put(f"{len(places):,} of {len(texts):,} tickets get another label")
    put(paired_words(held_out, first, second))
    if places:
        click.echo()
        heads = (first, second, "tickets")
        rows = [(a, b, f"{count:,}") for a, b, count in found.changes()[:20]]
        put_table(heads, rows, words=(0, 1))
    for place in places[:limit]:
        click.echo()
        put(shorten(" ".join(texts[place].split()), _SHOWN))
        put(f"  {named(found.first[place])} → {named(found.second[place])}")


def folder_of(console: Console, dataset: str) -> Path:
    """Where the versions of a dataset are kept. Raises UsageError when there is none."""
    from txtal.api.folders import versions_folder

    return versions_folder(console.database, dataset)


def figures_of(version: Version) -> str:
    """The headline of a version when it was trained."""
    data: dict[str, Any] = version.figures or {}
    basis = f", by {data['basis']}" if data.get("basis") else ""
    if error := data.get("mean_absolute_error"):
        return f"mean error {grades(error)}{basis}"
    return interval(data["accuracy"]) + basis if data.get("accuracy") else "-"


def _named(console: Console, dataset: str, name: str) -> Classifier:
    """The classifier of a version, ``v1`` or ``1``, or in a folder."""
    from txtal.classifier import classifier, versions

    number = name.removeprefix("v")
    if number.isdigit():
        return versions.load(folder_of(console, dataset), int(number))
    return classifier.load(Path(name))


def _texts(console: Console, dataset: str) -> tuple[list[int], list[str], dict[str, str]]:
    """The dataset's tickets, up to a number that is quick enough, drawn at random; and what its
    labels are called now, by the names that they had."""
    from txtal.store import datasets, labels, tickets

    with console.read() as conn:
        found = datasets.get(conn, dataset)
        ids = sorted(tickets.sample(conn, found.id, _MOST_TEXTS))
        if not ids:
            raise UsageError(f"{dataset}: has no tickets to compare the models on")
        return ids, tickets.texts(conn, ids), labels.current_names(conn, found.id)


def truths(console: Console, dataset: str) -> dict[int, frozenset[str]]:
    """The labels of each ticket whose answers say of every label whether it applies, by its id."""
    from txtal.measures.gold import named_in_full
    from txtal.store import datasets, gold

    with console.read() as conn:
        found = datasets.get(conn, dataset)
        settled = [
            (one.ticket.id, named_in_full(one.gold.answer, found.scheme))
            for one in gold.read(conn, found)
            if one.gold.answer is not None
        ]
    return {ticket: labels for ticket, labels in settled if labels is not None}


def paired_words(found: Difference, first: str, second: str) -> str:
    """Which of two is right more often on the same held-out answers."""
    if not found.n:
        return "which is right isn't known: no answer is new to both"
    low, high = 100 * found.low, 100 * found.high
    return (
        f"on {found.n:,} answers new to both, {second} is right {100 * found.value:+.1f} points "
        f"more often than {first} (95% interval {low:+.1f} to {high:+.1f}; {found.better:,} "
        f"better, {found.worse:,} worse)"
    )

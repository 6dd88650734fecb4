"""``txtal rules``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put, put_json, put_table
from txtal.text import percent

if TYPE_CHECKING:
    from txtal.annotators.scoring import Judgements
    from txtal.store.sqlite import Connection
    from txtal.types import Dataset, SourceScore, SourceVote

_SHOWN = 100
"""Characters of a ticket that are shown."""


@click.command("rules")
@click.argument("dataset", shell_complete=dataset_names)
@click.option(
    "--rules",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Have the rules of this file vote first: .toml, .jsonl or a recipe's .py; repeatable.",
)
@click.option("--remove", metavar="NAME", help="Delete a source with all its votes.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="List at most so many tickets on which a source and people differ.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def command(
    context: click.Context,
    dataset: str,
    files: Sequence[Path],
    remove: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show how accurate the rules and commands are that vote on DATASET.

    For each: the proportion of tickets it votes on, of those that others vote on, too, and differ;
    how often people agree, with a 95% interval; and tickets on which they don't. Votes are never
    answers.
    """
    from txtal.store import datasets, votes
    from txtal.text import count

    console: Console = context.obj
    if remove:
        with console.open() as conn:
            gone = votes.remove(conn, datasets.get(conn, dataset).id, remove)
        console.say(f"{dataset}: {remove} is deleted with {count(gone, 'vote')}")
    if files:
        _vote(console, dataset, files)
    with console.read() as conn:
        found = datasets.get(conn, dataset)
        scores, known, given = _scores(conn, found)
        rows = [_row(conn, found, one, known, given, limit) for one in scores]
    if as_json:
        put_json(rows)
    elif rows:
        _show(rows, _why_unjudged(found, known))
    elif not remove:
        console.say(f"{dataset}: nothing votes on it yet; name a file with --rules")


def _vote(console: Console, name: str, files: Sequence[Path]) -> None:
    from txtal.annotators.applying import apply_rules
    from txtal.annotators.rules import check_names, read_rules
    from txtal.store import datasets
    from txtal.text import count

    rules = [rule for file in files for rule in read_rules(file)]
    check_names(rules)
    with console.open() as conn:
        dataset = datasets.get(conn, name)
        done = apply_rules(
            conn,
            console.database,
            dataset,
            rules,
            lambda done, total: console.progress("voting", done, total),
        )
    console.say(f"{count(done.votes, 'new vote')} on {count(done.looked_at, 'ticket')}")
    for rule, note in done.notes.items():
        console.say(f"{rule}: {note}")


def _scores(
    conn: Connection, dataset: Dataset
) -> tuple[list[SourceScore], Judgements, Mapping[tuple[int, int], SourceVote]]:
    from txtal.annotators.scoring import Judgements, score
    from txtal.store import tickets, votes

    sources = votes.sources(conn, dataset.id)
    given = list(votes.of_dataset(conn, dataset.id)) if sources else []
    known = Judgements.read(conn, dataset.id, dataset.scheme)
    scores = score(sources, given, known, tickets.count(conn, dataset.id))
    return scores, known, {(vote.source, vote.ticket_id): vote for vote in given}


def _row(
    conn: Connection,
    dataset: Dataset,
    one: SourceScore,
    known: Judgements,
    given: Mapping[tuple[int, int], SourceVote],
    limit: int,
) -> dict[str, Any]:
    from txtal.api.others import source_data
    from txtal.store import tickets

    names = dataset.scheme.names
    wrong = one.wrong[:limit]
    texts = tickets.texts(conn, wrong)
    return {
        **source_data(one),
        "differ": len(one.wrong),
        "examples": [
            {
                "text": text,
                "voted": [names[label] for label in given[one.source.id, ticket].labels or ()],
                "people": _people(known, ticket),
            }
            for ticket, text in zip(wrong, texts, strict=True)
        ],
    }


def _people(known: Judgements, ticket: int) -> list[str]:
    """The labels that people left possible."""
    labels = known.scheme.labels
    return [labels[place].name for place in sorted(known.said[ticket].for_) if place >= 0]


def _why_unjudged(dataset: Dataset, known: Judgements) -> str:
    """Why nobody has judged a source that has no accuracy."""
    if len(dataset.scheme.labels) == 1 and dataset.scheme.task == "exclusive":
        return "nothing to tell apart: one label"
    return "no answers on its tickets" if known.said else "no answers yet"


def _show(rows: Sequence[Mapping[str, Any]], unjudged: str) -> None:
    from txtal.text import shorten

    heads = ("source", "votes", "coverage", "overlap", "conflicts", "right", "95% interval", "of")
    put_table(heads, [_cells(row, unjudged) for row in rows])
    for row in rows:
        if row["note"]:
            click.echo()
            put(f"{row['name']}: {row['note']}")
        if row["examples"]:
            click.echo()
            put(f"{row['name']}: people say otherwise of {row['differ']:,}")
        for one in row["examples"]:
            put(f"  {shorten(' '.join(one['text'].split()), _SHOWN)}")
            said = " or ".join(one["people"]) or "none of the labels"
            put(f"      voted {', '.join(one['voted']) or 'none'}; people: {said}")


def _cells(row: Mapping[str, Any], unjudged: str) -> tuple[str, ...]:
    shares = tuple(percent(row[key]) for key in ("coverage", "overlap", "conflicts"))
    if row["accuracy"] is None:
        return (row["name"], f"{row['votes']:,}", *shares, "-", "-", unjudged)
    return (
        row["name"],
        f"{row['votes']:,}",
        *shares,
        percent(row["accuracy"]),
        f"{percent(row['low'])} to {percent(row['high'])}",
        f"{row['judged']:,} ({row['audited']:,} random)",
    )

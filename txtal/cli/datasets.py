"""``txtal datasets``."""

from __future__ import annotations

import click

from txtal.cli.output import Console, put_json, put_table


@click.command("datasets")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(console: Console, as_json: bool) -> None:
    """List the datasets in the database."""
    from txtal.store import datasets, leases, tickets

    with console.read() as conn:
        rows = []
        for name in datasets.names(conn):
            dataset = datasets.get(conn, name)
            total = tickets.count(conn, dataset.id)
            answered = total - leases.open_count(conn, dataset.id)
            rows.append(
                {
                    "dataset": name,
                    "task": dataset.scheme.task,
                    "labels": len(dataset.scheme.labels),
                    "tickets": total,
                    "answered": answered,
                }
            )
    if as_json:
        put_json(rows)
    else:
        heads = ("dataset", "task", "labels", "tickets", "answered")
        put_table(
            heads,
            [(str(r["dataset"]), str(r["task"]), *(f"{r[k]:,}" for k in heads[2:])) for r in rows],
        )

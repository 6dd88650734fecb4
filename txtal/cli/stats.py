"""``txtal stats``."""

from __future__ import annotations

from typing import Any

import click

from txtal.cli import estimates
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put, put_json, put_table, quality
from txtal.measures.advice import ahead
from txtal.measures.quality import LIKE_THOSE_LOADED, effort_lines
from txtal.text import count
from txtal.types import Effort, Estimate
from txtal.types.serialise import outlook_from


@click.command("stats")
@click.argument("dataset", shell_complete=dataset_names)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(console: Console, dataset: str, as_json: bool) -> None:
    """Show where DATASET stands: answers, labels, annotators, and how good the model is."""
    from txtal.store import stats

    with console.read() as conn:
        body = stats.of(conn, dataset)
    if as_json:
        put_json(body)
    else:
        _show(body)


def _show(body: dict[str, Any]) -> None:
    answers = body["answers"]
    put(f"{body['dataset']}: {body['tickets']:,} tickets, {sum(answers.values()):,} answered")
    put(", ".join(f"{verdict} {n:,}" for verdict, n in answers.items()))
    if body["effort"]:
        for line in effort_lines(Effort(**body["effort"])):
            put(line)
    if body["revision"]:
        put(f"model: revision {body['revision']}, {body['vectoriser']}, {body['strategy']}")
        if body["note"]:
            put(f"       {body['note']}")
    if body["synthetic"]:
        put(f"synthetic: {body['synthetic']:,} of the answers, which no measure counts")
    if body["stream"]:
        names = {"let_go": "let go", "unsettled": "not looked at yet"}
        put(
            "stream: "
            + ", ".join(f"{n:,} {names.get(key, key)}" for key, n in body["stream"].items())
        )
    click.echo()
    _show_quality(body)
    click.echo()
    put_table(("label", "accepted"), [(k, f"{v:,}") for k, v in body["labels"].items()])
    click.echo()
    put_table(("annotator", "answers"), [(k, f"{v:,}") for k, v in body["annotators"].items()])


def _show_quality(body: dict[str, Any]) -> None:
    measures, audit = body["measures"], body["audit"]
    if measures:
        estimates.show_sums(
            measures,
            f"an estimate for {LIKE_THOSE_LOADED}, from {estimates.audits(measures)}, "
            f"after {measures['answers']:,} answers; `txtal evaluate` has more of it",
        )
    elif audit:  # of an earlier txtal
        value = audit.get("accuracy", audit.get("mean_absolute_error"))
        estimate = Estimate(audit["n"], value, audit["low"], audit["high"])
        put(f"audit: {quality(estimate, body['task'])} answers to tickets drawn at random)")
    else:
        put("audit: too few answers to tickets drawn at random for an estimate yet")
    if body["reliability"]:
        share, alpha = body["reliability"]["share"], body["reliability"]["alpha"]
        put(
            f"annotators: {share['value']:.1%} the same (95 % interval {share['low']:.1%} to "
            f"{share['high']:.1%}, {count(share['n'], 'ticket')} with several answers), "
            f"Krippendorff's alpha {alpha['value']:.2f} ({alpha['low']:.2f} to {alpha['high']:.2f})"
        )
    if body["outlook"]:
        for line in ahead(outlook_from(body["outlook"])):
            put(line)
    if body["agreement"]:
        share, kappa = body["agreement"]["share"], body["agreement"]["kappa"]
        put(
            f"asked again: {share['value']:.1%} the same (95 % interval {share['low']:.1%} to "
            f"{share['high']:.1%}, {count(share['n'], 'answer')}), kappa {kappa['value']:.2f} "
            f"({kappa['low']:.2f} to {kappa['high']:.2f})"
        )

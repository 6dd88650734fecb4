"""``txtal stats``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from shlex import quote as shell_quoted
from typing import TYPE_CHECKING

import click

from txtal.cli import estimates
from txtal.cli.as_of import as_of, go_back
from txtal.cli.kept import listed
from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put, put_json, put_table, quality
from txtal.measures.advice import ahead
from txtal.measures.quality import FEWEST_AUDITS, LIKE_THOSE_LOADED, as_data, effort_lines
from txtal.text import agreed, count, percent, span
from txtal.types.grades import in_ranges

if TYPE_CHECKING:
    from txtal.measures.agreement import AnnotatorAgreement
    from txtal.measures.intervals import Agreement, Reliability
    from txtal.reports.sources import OtherAnnotators
    from txtal.store.stats import Stats
    from txtal.types import Estimate, SourceScore


@click.command("stats")
@click.argument("dataset", shell_complete=dataset_names)
@as_of
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(console: Console, dataset: str, as_of: str | None, as_json: bool) -> None:
    """Show DATASET's progress, labels, annotators and accuracy."""
    from txtal.api import others, summary
    from txtal.store import datasets, revisions, stats

    with console.read() as conn:
        go_back(conn, datasets.get(conn, dataset).id, as_of)
        if as_json:
            put_json(summary.of(conn, dataset))
            return
        found = stats.of(conn, dataset)
        voting = others.of(conn, found.dataset)
        measures = found.quality.measures
        old = measures and not revisions.is_current(conn, found.dataset.id, measures)
    _show(found, old=bool(old))
    _show_others(voting)


# --- for people -----------------------------------------------------------------------------------


def _show(found: Stats, *, old: bool) -> None:
    """Print it; ``old`` if something changed since the model was measured."""
    verdicts = found.answers.verdicts
    given = sum(verdicts.values())
    several = f" ({given:,} answers)" if given != found.answered else ""
    total = count(found.tickets, "ticket")
    put(f"{found.dataset.name}: {total}, {found.answered:,} answered{several}")
    put(", ".join(f"{verdict} {n:,}" for verdict, n in verdicts.items()))
    for line in effort_lines(found.effort) if found.effort else ():
        put(line)
    if found.revision:
        revision_id, revision = found.revision
        put(f"model: v{revision_id}, {revision.vectoriser}, {revision.strategy}")
        if revision.note:
            put(f"       {revision.note}")
    if found.settings:
        put(f"kept: {listed(found.settings)}")
    if found.answers.synthetic:
        put(f"synthetic: {found.answers.synthetic:,} answers (in no estimate)")
    if found.stream:
        counts = asdict(found.stream).items()
        put("stream: " + ", ".join(f"{n:,} {key.replace('_', ' ')}" for key, n in counts))
    click.echo()
    _show_quality(found, old=old)
    click.echo()
    if found.dataset.scheme.scored:
        _show_counts("score", "accepted", in_ranges(found.answers.labels))
    else:
        _show_counts("label", "accepted", found.answers.labels)
    click.echo()
    _show_counts("annotator", "answers", found.answers.annotators)


def _show_others(found: OtherAnnotators) -> None:
    """Print who votes, how often people agree, and what ``txtal finish`` labelled."""
    from txtal.reports.sources import finish_line

    if found.sources:
        _show_sources(found.sources)
    if found.bound is not None and found.checks is not None:
        click.echo()
        put(finish_line(found.bound, found.checks))


def _show_sources(sources: Sequence[SourceScore]) -> None:
    click.echo()
    put_table(
        ("votes by", "kind", "votes", "right", "95% interval"),
        [
            (
                one.source.name,
                one.source.kind,
                f"{one.votes:,}",
                "-" if one.accuracy is None else percent(one.accuracy),
                "-" if one.low is None or one.high is None else span(one.low, one.high),
            )
            for one in sources
        ],
    )


def _show_counts(what: str, times: str, counts: Mapping[str, int]) -> None:
    put_table((what, times), [(name, f"{n:,}") for name, n in counts.items()])


def _show_quality(found: Stats, *, old: bool) -> None:
    if found.quality.measures:
        measures = as_data(found.quality.measures, found.dataset.scheme.names)
        name = shell_quoted(found.dataset.name)
        changed = "answers, labels or tickets changed since; to measure again:"
        estimates.show_sums(
            measures,
            f"an estimate for {LIKE_THOSE_LOADED}, from {estimates.audits(measures)}, "
            f"after {measures['answers']:,} answers; {changed if old else 'details:'} "
            f"`txtal evaluate {name}`",
        )
    elif found.quality.headline:  # of an earlier txtal
        told = quality(found.quality.headline, found.dataset.scheme.task)
        put(f"audit: {told} answers to tickets drawn at random)")
    else:
        what = "mean error" if found.dataset.scheme.task == "rating" else "accuracy"
        if found.quality.audits < FEWEST_AUDITS:
            put(f"{what}: not yet, needs {FEWEST_AUDITS} answered random picks")
        else:
            name = shell_quoted(found.dataset.name)
            put(f"{what}: not measured yet; to measure it: `txtal evaluate {name}`")
    if found.annotator_agreement:
        _show_reliability(found.annotator_agreement)
    if found.disputed:
        name = shell_quoted(found.dataset.name)
        put(f"disputed: {count(found.disputed, 'ticket')}; `txtal review {name}` decides them")
    for line in ahead(found.quality.outlook) if found.quality.outlook else ():
        put(line)
    if found.self_agreement:
        _show_agreement(found.self_agreement)


def _show_reliability(found: AnnotatorAgreement) -> None:
    share = found.overall.share
    tickets = f"{count(share.n, 'ticket')} with several answers"
    alpha = f"Krippendorff's alpha {_alpha(found.overall)}"
    put(f"agreement between annotators: {_same(share, tickets)}, {alpha}")
    worst = sorted(found.labels.items(), key=lambda item: item[1].alpha.value)
    if worst:
        click.echo()
        put_table(("label", "alpha"), [(name, _alpha(one)) for name, one in worst])
    if found.pairs:
        click.echo()
        rows = [
            (" and ".join(pair), f"{one.share.n:,}", percent(one.share.value), _alpha(one))
            for pair, one in found.pairs.items()
        ]
        put_table(("annotators", "tickets", "agreement", "alpha"), rows)
        click.echo()


def _alpha(found: Reliability) -> str:
    return agreed(found.alpha.value, found.alpha.low, found.alpha.high)


def _show_agreement(found: Agreement) -> None:
    put(
        f"self-agreement: {_same(found.share, count(found.share.n, 'answer') + ' shown again')}, "
        f"kappa {agreed(found.kappa.value, found.kappa.low, found.kappa.high)}"
    )


def _same(share: Estimate, of: str) -> str:
    return f"{percent(share.value)} (95% interval {span(share.low, share.high)}, {of})"

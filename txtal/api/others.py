"""Annotators of a dataset that are no people, as the report and ``stats`` show them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from txtal.annotators.scoring import scored
from txtal.reports.sources import OtherAnnotators
from txtal.store import predictions, revisions

if TYPE_CHECKING:
    from txtal.store.sqlite import Connection
    from txtal.types import Dataset, SourceScore


def of(conn: Connection, dataset: Dataset) -> OtherAnnotators:
    """Return the sources that vote on a dataset with their accuracy, and the newest bound."""
    bound = predictions.bound(conn, dataset.id)
    newest = revisions.latest(conn, dataset.id)
    return OtherAnnotators(
        scored(conn, dataset),
        bound,
        None if bound is None else predictions.checked(conn, dataset.id),
        newest[1].note if newest else "",
    )


def source_data(one: SourceScore) -> dict[str, Any]:
    """Return a source as JSON: what it votes on, and how often people agree."""
    return {
        "name": one.source.name,
        "kind": one.source.kind,
        "votes": one.votes,
        "coverage": one.coverage,
        "overlap": one.overlap,
        "conflicts": one.conflicts,
        "accuracy": one.accuracy,
        "low": one.low,
        "high": one.high,
        "judged": one.judged,
        "audited": one.audited,
        "note": one.source.note,
    }


def finish_data(found: OtherAnnotators) -> dict[str, Any] | None:
    """Return the newest run of ``finish`` as JSON; None where there was none."""
    bound = found.bound
    if bound is None or found.checks is None:
        return None
    return {
        "precision": bound.precision,
        "labelled": bound.labelled,
        "withdrawn": bound.why if bound.withdrawn is not None else None,
        "checks": asdict(found.checks),
    }

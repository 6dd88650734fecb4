"""Where a dataset stands, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from txtal.api import others
from txtal.measures import quality
from txtal.store import stats

if TYPE_CHECKING:
    from txtal.measures.agreement import AnnotatorAgreement
    from txtal.reports.sources import OtherAnnotators
    from txtal.store.sqlite import Connection
    from txtal.store.stats import Stats, StreamCounts


def of(conn: Connection, name: str) -> dict[str, Any]:
    """Return what ``txtal stats --json`` prints. Raises UsageError for an unknown dataset."""
    found = stats.of(conn, name)
    return as_data(found, others.of(conn, found.dataset))


def as_data(found: Stats, voting: OtherAnnotators) -> dict[str, Any]:
    """Return the same of what was read before."""
    revision_id, revision = found.revision or (None, None)
    scheme, headline = found.dataset.scheme, _headline(found)
    agreement = found.self_agreement and asdict(found.self_agreement)
    reliability = found.annotator_agreement and _annotators(found.annotator_agreement)
    return {
        "dataset": found.dataset.name,
        "task": scheme.task,
        "tickets": found.tickets,
        "answered": found.answered,
        "answers": dict(found.answers.verdicts),
        "flagged": found.answers.flagged,
        "labels": dict(found.answers.labels),
        "annotators": dict(found.answers.annotators),
        "seconds": round(found.effort.median, 3) if found.effort else None,
        "effort": found.effort and asdict(found.effort),
        "revision": revision_id,
        "vectoriser": revision and revision.vectoriser,
        "strategy": revision and revision.strategy,
        "note": revision and revision.note,
        "synthetic": found.answers.synthetic,
        "stream": found.stream and _stream(found.stream),
        "headline": headline,
        "measures": found.quality.measures
        and quality.as_data(found.quality.measures, scheme.names),
        "self_agreement": agreement,
        "annotator_agreement": reliability,
        "disputed": found.disputed,
        "outlook": found.quality.outlook and asdict(found.quality.outlook),
        "settings": dict(found.settings),
        "sources": [others.source_data(one) for one in voting.sources],
        "finish": others.finish_data(voting),
        # The names they had before 0.2.
        "audit": headline,
        "agreement": agreement,
        "reliability": reliability,
    }


def _annotators(found: AnnotatorAgreement) -> dict[str, Any]:
    return {
        **asdict(found.overall),
        "labels": {name: asdict(one) for name, one in found.labels.items()},
        "pairs": [{"annotators": list(pair), **asdict(one)} for pair, one in found.pairs.items()],
    }


def _stream(counts: StreamCounts) -> dict[str, int]:
    return {**asdict(counts), "let_go": counts.set_aside, "unsettled": counts.pending}


def _headline(found: Stats) -> dict[str, float] | None:
    """Return the estimate that is shown."""
    headline = found.quality.headline
    if headline is None:
        return None
    rating = found.dataset.scheme.task == "rating"
    value = {"mean_absolute_error" if rating else "accuracy": headline.value}
    return {"n": headline.n, **value, "low": headline.low, "high": headline.high}

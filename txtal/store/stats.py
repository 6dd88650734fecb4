"""Where a dataset stands, as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from txtal.measures.intervals import agreement, reliability
from txtal.measures.quality import as_data
from txtal.store import (
    answers,
    arrivals,
    datasets,
    effort,
    rechecks,
    revisions,
    synthetic,
    tickets,
)
from txtal.store.sqlite import Connection
from txtal.types import VERDICTS, Answer, Effort, Outlook, Overview, Scheme, reasons


def of(conn: Connection, name: str) -> dict[str, Any]:
    """Counts of standing answers, the newest revision and its estimate, ready for JSON.

    Raises UsageError when there is no such dataset.
    """
    dataset = datasets.get(conn, name)
    standing = answers.standing(conn, dataset.id)
    verdicts = Counter(answer.verdict for answer in standing)
    labels = _accepted(standing)
    latest = revisions.latest(conn, dataset.id)
    revision = latest[1] if latest else None
    headline = revision.headline if revision else None
    outlook = _outlook(conn, dataset.id)
    found = revisions.measures(conn, dataset.id)
    measured = "mean_absolute_error" if dataset.scheme.task == "rating" else "accuracy"
    cost = effort.of(conn, dataset.id, standing)
    shown = headline and {
        "n": headline.n,
        measured: headline.value,
        "low": headline.low,
        "high": headline.high,
    }
    return {
        "dataset": dataset.name,
        "task": dataset.scheme.task,
        "tickets": tickets.count(conn, dataset.id),
        "answers": {verdict: verdicts[verdict] for verdict in VERDICTS},
        "flagged": sum(answer.flagged for answer in standing),
        "labels": {label.name: labels[label.id] for label in dataset.scheme.labels},
        "annotators": dict(Counter(answer.annotator for answer in standing)),
        "seconds": round(cost.median, 3) if cost else None,
        "effort": asdict(cost) if cost else None,
        "revision": latest[0] if latest else None,
        "vectoriser": revision.vectoriser if revision else None,
        "strategy": revision.strategy if revision else None,
        "note": revision.note if revision else None,
        "synthetic": _synthetic(conn, dataset.id, standing),
        "stream": _stream(conn, dataset.id),
        "headline": shown,
        "audit": shown,  # what it was called until version 0.2
        "measures": as_data(found[-1][1], dataset.scheme.names) if found else None,
        "agreement": _agreement(conn, dataset.id),
        "reliability": _reliability(standing, dataset.scheme),
        "outlook": asdict(outlook) if outlook else None,
    }


def _synthetic(conn: Connection, dataset_id: int, standing: Sequence[Answer]) -> int:
    """How many of the answers are of synthetic tickets."""
    ids = synthetic.ids(conn, dataset_id)
    return sum(answer.ticket_id in ids for answer in standing)


def _outlook(conn: Connection, dataset_id: int) -> Outlook | None:
    """The newest, which comes with the ranking that was kept."""
    stored = revisions.last_ranking(conn, dataset_id)
    return stored[1].revision.outlook if stored else None


def _stream(conn: Connection, dataset_id: int) -> dict[str, int] | None:
    """What became of the tickets that arrived by a stream; None when none ever did."""
    spent = arrivals.spending(conn, dataset_id)
    unsettled = arrivals.count_unsettled(conn, dataset_id)
    if not spent.decided and not unsettled:
        return None
    return {
        "arrived": spent.decided + unsettled,
        "asked": spent.asked,
        "waiting": arrivals.count_waiting(conn, dataset_id, 0)[0],
        "let_go": spent.decided - spent.asked - spent.predicted,
        "predicted": spent.predicted,
        "unsettled": unsettled,
    }


def _agreement(conn: Connection, dataset_id: int) -> dict[str, Any] | None:
    """How often annotators said the same when they were asked again, without knowing it."""
    pairs = rechecks.pairs(conn, dataset_id)
    found = agreement([(_said(first), _said(second)) for first, second in pairs])
    return asdict(found) if found else None


def _reliability(standing: Sequence[Answer], scheme: Scheme) -> dict[str, Any] | None:
    """How far annotators agree on tickets that several have answered, none seeing the others'."""
    units: dict[int, list[Any]] = {}
    for answer in standing:
        in_sight = answer.ranked is not None and reasons.in_sight(answer.ranked.reason)
        value = None if in_sight else _value(answer, scheme)
        if value is not None:
            units.setdefault(answer.ticket_id, []).append(value)
    found = reliability(list(units.values()), graded=scheme.task == "rating")
    return asdict(found) if found else None


def _value(answer: Answer, scheme: Scheme) -> int | str | None:
    """What was said, to be compared; None where it is no whole answer, as a reject of a label."""
    if scheme.task == "binary":
        return None if answer.verdict == "ignore" else answer.verdict
    if answer.verdict != "accept":
        return None
    if scheme.task == "rating":
        return int(scheme.names[answer.labels[0]]) if len(answer.labels) == 1 else None
    return f"{sorted(answer.labels)}"


def _said(answer: Answer) -> tuple[str, frozenset[int]]:
    return answer.verdict, frozenset(answer.labels)


def overview(conn: Connection, name: str) -> Overview:
    """The same for the session's own panel, with the estimates there were."""
    body = of(conn, name)
    dataset = datasets.get(conn, name)
    counted = list(body["labels"].items())
    if dataset.scheme.task != "rating":
        counted.sort(key=lambda item: -item[1])
    return Overview(
        body["answers"],
        tuple(counted),
        tuple(body["annotators"].items()),
        tuple(revisions.curve(conn, dataset.id)),
        Effort(**body["effort"]) if body["effort"] else None,
        measured[-1][1] if (measured := revisions.measures(conn, dataset.id)) else None,
    )


def accepted(conn: Connection, dataset_id: int) -> Counter[int]:
    """How many standing answers accept each label, by its id."""
    return _accepted(answers.standing(conn, dataset_id))


def _accepted(standing: Sequence[Answer]) -> Counter[int]:
    return Counter(
        label for answer in standing if answer.verdict == "accept" for label in answer.labels
    )

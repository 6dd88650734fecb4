"""Rankings as JSON: how they cross the learner's pipe and rest in the queue table."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from txtal.types import (
    Bin,
    Calibration,
    Composed,
    Estimate,
    Forecast,
    LabelCounts,
    Measures,
    Outlook,
    Ranked,
    Ranking,
    Revision,
)


def dump_ranking(ranking: Ranking) -> str:
    """Write a ranking as one line of JSON."""
    revision, measures = asdict(ranking.revision), ranking.revision.measures
    body = {
        "revision": {**revision, "measures": measures and _measures_body(measures)},
        "items": [ranked_row(ranked) for ranked in ranking.items],
        "audit": [ranked_row(ranked) for ranked in ranking.audit],
        "suspects": [ranked_row(ranked) for ranked in ranking.suspects],
        "composed": [[one.text, one.of, ranked_row(one.ranked)] for one in ranking.composed],
        "held": [ranked_row(ranked) for ranked in ranking.held],
        "scored": [ranked_row(ranked) for ranked in ranking.scored],
    }
    return json.dumps(body, separators=(",", ":"))


def load_ranking(line: str) -> Ranking:
    """Read what dump_ranking wrote. Raises ValueError, KeyError or TypeError for anything else."""
    return ranking_from(json.loads(line))


def ranking_from(body: dict[str, Any]) -> Ranking:
    """Make a ranking of parsed JSON; raises as :func:`load_ranking`."""
    revision = dict(body["revision"])
    # Until version 0.2 the headline was kept as "audit".
    before, headline = revision.pop("audit", None), revision.pop("headline", None)
    headline = headline or before
    measures, outlook = revision.pop("measures", None), revision.pop("outlook", None)
    return Ranking(
        Revision(
            **revision,
            headline=Estimate(**headline) if headline else None,
            measures=_measures(measures) if measures else None,
            outlook=outlook_from(outlook) if outlook else None,
        ),
        tuple(ranked_from(row) for row in body["items"]),
        tuple(ranked_from(row) for row in body["audit"]),
        tuple(ranked_from(row) for row in body.get("suspects", ())),
        tuple(_composed(row) for row in body.get("composed", ())),
        tuple(ranked_from(row) for row in body.get("held", ())),
        tuple(ranked_from(row) for row in body.get("scored", ())),
    )


def outlook_from(body: dict[str, Any]) -> Outlook:
    """Make an outlook of parsed JSON; raises as :func:`load_ranking`."""
    body = dict(body)
    gain, needed = Forecast(**body.pop("gain")), body.pop("needed")
    return Outlook(**body, gain=gain, needed=Forecast(**needed) if needed else None)


def dump_measures(measures: Measures) -> str:
    """Write measures as one line of JSON."""
    return json.dumps(_measures_body(measures), separators=(",", ":"))


def load_measures(line: str) -> Measures:
    """Read what :func:`dump_measures` wrote; raises as :func:`load_ranking`."""
    return _measures(json.loads(line))


def _measures_body(measures: Measures) -> dict[str, Any]:
    """Return the measures as they are stored, with the calibration's fields beside the others."""
    body = asdict(measures)
    return {**body, **body.pop("calibration")}


def _measures(body: dict[str, Any]) -> Measures:
    bins = tuple(Bin(**one) for one in body["reliability"])
    estimates = ("accuracy", "macro_f1", "audit", "audit_f1", "corrected", "error")
    known = {field.name for field in fields(Measures)}  # an earlier txtal kept one estimate more
    return Measures(
        **{
            **{name: value for name, value in body.items() if name in known},
            **{name: Estimate(**body[name]) if body.get(name) else None for name in estimates},
            "labels": tuple(LabelCounts(**counts) for counts in body["labels"]),
            "confusion": tuple((a, b, count) for a, b, count in body["confusion"]),
            "calibration": Calibration(body["ece"], bins, body.get("temperature", 1.0)),
        }
    )


def whole(value: object) -> int:
    """Return ``value``, which must be a whole number; raises as :func:`load_ranking`."""
    if not isinstance(value, int):
        raise TypeError(f"{value!r} isn't a whole number")
    return value


def ranked_row(ranked: Ranked) -> list[Any]:
    """Write a ranked ticket as a list of JSON."""
    return [
        ranked.ticket_id,
        ranked.suggestion,
        ranked.probabilities,
        ranked.reason,
        ranked.score,
        ranked.selection_probability,
    ]


def _composed(row: list[Any]) -> Composed:
    text, (one, other), ranked = row
    return Composed(str(text), (whole(one), whole(other)), ranked_from(ranked))


def ranked_from(row: list[Any]) -> Ranked:
    """Make a ranked ticket of what :func:`ranked_row` wrote; raises as :func:`load_ranking`."""
    ticket_id, suggestion, probabilities, reason, score, probability = row
    pairs = tuple((label, p) for label, p in probabilities)
    return Ranked(ticket_id, tuple(suggestion), pairs, reason, score, probability)

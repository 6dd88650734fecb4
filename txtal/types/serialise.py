"""Rankings as JSON: how they cross the learner's pipe and rest in the queue table."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from txtal.types import (
    Bin,
    Composed,
    Estimate,
    LabelCounts,
    Measures,
    Outlook,
    Prediction,
    Ranked,
    Ranking,
    Revision,
)


def dump_ranking(ranking: Ranking) -> str:
    """One line of JSON."""
    body = {
        "revision": asdict(ranking.revision),
        "items": [_ranked_row(ranked) for ranked in ranking.items],
        "audit": [_ranked_row(ranked) for ranked in ranking.audit],
        "suspects": [_ranked_row(ranked) for ranked in ranking.suspects],
        "composed": [[one.text, one.of, _ranked_row(one.ranked)] for one in ranking.composed],
        "scored": [_ranked_row(ranked) for ranked in ranking.scored],
    }
    return json.dumps(body, separators=(",", ":"))


def load_ranking(line: str) -> Ranking:
    """Back from :func:`dump_ranking`. Raises ValueError, KeyError or TypeError on anything else."""
    return ranking_from(json.loads(line))


def ranking_from(body: dict[str, Any]) -> Ranking:
    """The ranking in parsed JSON; raises as :func:`load_ranking`."""
    revision = dict(body["revision"])
    audit = revision.pop("audit")
    measures, outlook = revision.pop("measures", None), revision.pop("outlook", None)
    return Ranking(
        Revision(
            **revision,
            audit=Estimate(**audit) if audit else None,
            measures=_measures(measures) if measures else None,
            outlook=outlook_from(outlook) if outlook else None,
        ),
        tuple(_ranked(row) for row in body["items"]),
        tuple(_ranked(row) for row in body["audit"]),
        tuple(_ranked(row) for row in body.get("suspects", ())),
        tuple(_composed(row) for row in body.get("composed", ())),
        tuple(_ranked(row) for row in body.get("scored", ())),
    )


def outlook_from(body: dict[str, Any]) -> Outlook:
    """The outlook in parsed JSON; raises as :func:`load_ranking`."""
    body = dict(body)
    gain, needed = Prediction(**body.pop("gain")), body.pop("needed")
    return Outlook(**body, gain=gain, needed=Prediction(**needed) if needed else None)


def dump_measures(measures: Measures) -> str:
    """One line of JSON."""
    return json.dumps(asdict(measures), separators=(",", ":"))


def load_measures(line: str) -> Measures:
    """Back from :func:`dump_measures`; raises as :func:`load_ranking`."""
    return _measures(json.loads(line))


def _measures(body: dict[str, Any]) -> Measures:
    estimates = ("accuracy", "macro_f1", "audit", "audit_f1", "corrected", "error")
    known = {field.name for field in fields(Measures)}  # an earlier txtal kept one estimate more
    return Measures(
        **{
            **{name: value for name, value in body.items() if name in known},
            **{name: Estimate(**body[name]) if body.get(name) else None for name in estimates},
            "labels": tuple(LabelCounts(**counts) for counts in body["labels"]),
            "confusion": tuple((a, b, count) for a, b, count in body["confusion"]),
            "reliability": tuple(Bin(**one) for one in body["reliability"]),
        }
    )


def _ranked_row(ranked: Ranked) -> list[Any]:
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
    return Composed(str(text), (int(one), int(other)), _ranked(ranked))


def _ranked(row: list[Any]) -> Ranked:
    ticket_id, suggestion, probabilities, reason, score, chance = row
    pairs = tuple((label, p) for label, p in probabilities)
    return Ranked(ticket_id, tuple(suggestion), pairs, reason, score, chance)

"""Measures of a model as data for JSON, with the names of the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from txtal.types import Estimate, LabelCounts, Measures

DIGITS = 4


def as_data(measures: Measures, names: Mapping[int, str]) -> dict[str, Any]:
    """What ``stats --json`` has under ``measures``, and ``evaluate --json``.

    ``names`` are those of the labels by what stands for them in ``measures``. A label that has no
    name any more is left out.
    """
    return {
        "answers": measures.answers,
        "accuracy": _estimate(measures.accuracy),
        "macro_f1": _estimate(measures.macro_f1),
        "audit": measures.audit and _estimate(measures.audit),
        "audit_f1": measures.audit_f1 and _estimate(measures.audit_f1),
        "weighted": measures.weighted and _estimate(measures.weighted),
        "mean_absolute_error": measures.error and _estimate(measures.error),
        "labels": {names[one.label]: _label(one) for one in measures.labels if one.label in names},
        "confusion": [
            {"label": names[label], "taken_for": names[other], "count": count}
            for label, other, count in measures.confusion
            if label in names and other in names
        ],
        "calibration": {
            "temperature": round(measures.temperature, DIGITS),
            "ece": round(measures.ece, DIGITS),
            "reliability": [_rounded(asdict(one)) for one in measures.reliability],
        },
    }


def precision(counts: LabelCounts) -> float | None:
    """The share of those given the label that have it; None when none was."""
    return counts.right / counts.predicted if counts.predicted else None


def recall(counts: LabelCounts) -> float | None:
    """The share of those that have the label that were given it; None when none has it."""
    return counts.right / counts.support if counts.support else None


def _label(counts: LabelCounts) -> dict[str, Any]:
    return {
        "precision": _round(precision(counts)),
        "recall": _round(recall(counts)),
        "support": counts.support,
        "predicted": counts.predicted,
        "right": counts.right,
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return _rounded(asdict(estimate))


def _rounded(body: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _round(value) if isinstance(value, float) else value for key, value in body.items()
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)

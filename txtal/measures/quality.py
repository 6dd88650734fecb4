"""Measures of a model as data for JSON, with the names of the labels; and its cost in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from txtal.text import count
from txtal.types import Effort, Estimate, LabelCounts, Measures, Overlap
from txtal.types.grades import are_scores

DIGITS = 4


LIKE_THOSE_LOADED = "tickets like those loaded"
"""What the headline is an estimate for."""

PACE_FROM = 10
"""Answers from which it is said how many an hour has room for."""

OTHERS = ("audit", "audit_f1", "corrected")
"""The estimates beside the headline, for who wants to compare."""


def as_data(
    measures: Measures, names: Mapping[int, str], *, others: bool = False
) -> dict[str, Any]:
    """What ``stats --json`` has under ``measures``, and ``evaluate --json``.

    ``names`` are those of the labels by what stands for them in ``measures``. A label that has no
    name any more is left out.
    """
    return {
        "answers": measures.answers,
        "accuracy": _estimate(measures.accuracy),
        "macro_f1": _estimate(measures.macro_f1),
        "mean_absolute_error": measures.error and _estimate(measures.error),
        **({"scored": True} if measures.error and are_scores(list(names)) else {}),
        "labels": {names[one.label]: _label(one) for one in measures.labels if one.label in names},
        "confusion": [
            {
                "label": names[label],
                "predicted": names[other],
                "count": count,
                "taken_for": names[other],  # its name before 0.2
            }
            for label, other, count in measures.confusion
            if label in names and other in names
        ],
        "calibration": {
            "temperature": round(measures.calibration.temperature, DIGITS),
            "ece": round(measures.calibration.ece, DIGITS),
            "reliability": [_rounded(asdict(one)) for one in measures.calibration.reliability],
        },
        **({"others": _others(measures)} if others else {}),
    }


def headline_data(measures: Measures) -> dict[str, Any]:
    """Return the headline alone, as :func:`as_data` has it."""
    every = as_data(measures, {})
    return {key: every[key] for key in ("accuracy", "macro_f1", "mean_absolute_error")}


def _others(measures: Measures) -> dict[str, Any]:
    found = {name: getattr(measures, name) for name in OTHERS}
    return {name: estimate and _estimate(estimate) for name, estimate in found.items()}


def effort_lines(effort: Effort) -> list[str]:
    """What labelling has cost, and what it would still cost by hand."""
    known = effort.an_hour * effort.hours >= PACE_FROM
    pace = f": {effort.an_hour:,.0f} per hour, {hours(effort.hours)} in all" if known else ""
    lines = [f"median {effort.median:.1f} s per answer, 90% under {effort.slow:.1f} s{pace}"]
    if effort.left and known:
        lines.append(f"{count(effort.left, 'ticket')} left, {hours(effort.left_hours)} by hand")
    if effort.fits and effort.fit_seconds is not None:
        lines.append(
            f"retrained {count(effort.fits, 'time')}, every {effort.fit_answers:.1f} answers, "
            f"{effort.fit_seconds:.2f} s each"
        )
    return lines


def measures_line(measures: Measures) -> str:
    """``accuracy 81% (74–87), macro-F1 76% (70–81), calibration error 4%``."""
    shown = (("accuracy", measures.accuracy), ("macro-F1", measures.macro_f1))
    parts = [
        f"{name} {100 * one.value:.0f}% ({100 * one.low:.0f}–{100 * one.high:.0f})"
        for name, one in shown
    ]
    return ", ".join([*parts, f"calibration error {100 * measures.calibration.ece:.0f}%"])


def shared(overlap: Overlap, where: str) -> str:
    """``12 of 300 test texts are in the pool, too, and 3 nearly so``."""
    said = f"{overlap.exact:,} of {count(overlap.tested, 'test text')} are {where}"
    return f"{said}, and {overlap.near:,} nearly so" if overlap.near else said


def hours(value: float) -> str:
    """``12 min``, ``3.4 h``."""
    return f"{60 * value:.0f} min" if value < 1 else f"{value:,.1f} h"


def precision(counts: LabelCounts) -> float:
    """The share of those given the label that have it; 0 when none was, as in scikit-learn."""
    return counts.right / counts.predicted if counts.predicted else 0.0


def recall(counts: LabelCounts) -> float:
    """The share of those that have the label that were given it; 0 when none has it."""
    return counts.right / counts.support if counts.support else 0.0


def f1(counts: LabelCounts) -> float:
    """The harmonic mean of both; 0 when the label doesn't occur."""
    either = counts.support + counts.predicted
    return 2 * counts.right / either if either else 0.0


def _label(counts: LabelCounts) -> dict[str, Any]:
    return {
        "precision": _round(precision(counts)),
        "recall": _round(recall(counts)),
        "f1": _round(f1(counts)),
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


def _round(value: float) -> float:
    return round(value, DIGITS)

"""Measures of a model as data for JSON, with the labels' names; and labelling effort in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from txtal.text import count, hundredths, percent
from txtal.types import Effort, Estimate, LabelCounts, Measures, Overlap
from txtal.types.grades import are_scores

DIGITS = 4


LIKE_THOSE_LOADED = "tickets like those loaded"
"""The tickets that the shown estimate is about."""

FEWEST_AUDITS = 10
"""Audit answers below which there is no estimate: its interval would span half the scale."""

PACE_FROM = 10
"""Number of answers from which a pace per hour is shown."""

OTHERS = ("audit", "audit_f1", "corrected")
"""The other estimates, for comparison with the one shown."""


def as_data(
    measures: Measures, names: Mapping[int, str], *, others: bool = False
) -> dict[str, Any]:
    """Return what ``stats --json`` has under ``measures``, and ``evaluate --json``.

    ``names`` are the labels' names by their keys in ``measures``. A label that no longer has a name
    is left out.
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


ALL_ANSWERS = "all answers"
"""What figures are from where no answer was picked at random."""


def headline_data(measures: Measures, basis: str = "audit") -> dict[str, Any]:
    """Return only the shown estimate, in the form of :func:`as_data`, and what it is from."""
    every = as_data(measures, {})
    shown = {key: every[key] for key in ("accuracy", "macro_f1", "mean_absolute_error")}
    return shown | ({} if basis == "audit" else {"basis": basis})


def _others(measures: Measures) -> dict[str, Any]:
    found = {name: getattr(measures, name) for name in OTHERS}
    return {name: estimate and _estimate(estimate) for name, estimate in found.items()}


def effort_lines(effort: Effort) -> list[str]:
    """Describe how long labelling took, and how long the rest would take by hand."""
    known = effort.an_hour * effort.hours >= PACE_FROM
    pace = f": {effort.an_hour:,.0f} per hour, {hours(effort.hours)} in all" if known else ""
    lines = [f"median {effort.median:.1f} s per answer, 90% under {effort.slow:.1f} s{pace}"]
    if effort.left and known:
        lines.append(f"{count(effort.left, 'ticket')} left, {hours(effort.left_hours)} by hand")
    if effort.fits and effort.fit_seconds is not None:
        apart = f"{effort.fit_answers:.1f}".removesuffix(".0")
        lines.append(
            f"retrained {count(effort.fits, 'time')}, every {apart} answers, "
            f"{effort.fit_seconds:.2f} s each"
        )
    return lines


def measures_line(measures: Measures) -> str:
    """Return ``accuracy 81% (74–87), macro-F1 76% (70–81), calibration error 4%``.

    For ratings it is ``mean error 0.8 (0.6–1.0)``, in grades.
    """
    if measures.error:
        error = measures.error
        return f"mean error {error.value:.1f} ({error.low:.1f}–{error.high:.1f})"
    shown = (("accuracy", measures.accuracy), ("macro-F1", measures.macro_f1))
    parts = [
        f"{name} {percent(one.value, 0)} ({hundredths(one.low, 0)}–{hundredths(one.high, 0)})"
        for name, one in shown
    ]
    return ", ".join([*parts, f"calibration error {percent(measures.calibration.ece, 0)}"])


def shared(overlap: Overlap, where: str) -> str:
    """Return ``12 of 300 test texts are in the pool, too, and 3 nearly so``."""
    said = f"{overlap.exact:,} of {count(overlap.tested, 'test text')} are {where}"
    return f"{said}, and {overlap.near:,} nearly so" if overlap.near else said


def hours(value: float) -> str:
    """Return a duration in hours as ``12 min`` or ``3.4 h``."""
    return f"{60 * value:.0f} min" if value < 1 else f"{value:,.1f} h"


def precision(counts: LabelCounts) -> float:
    """Return the precision; 0 if the label was never predicted, as in scikit-learn."""
    return counts.right / counts.predicted if counts.predicted else 0.0


def recall(counts: LabelCounts) -> float:
    """Return the recall; 0 if no ticket has the label."""
    return counts.right / counts.support if counts.support else 0.0


def f1(counts: LabelCounts) -> float:
    """Return the harmonic mean of precision and recall; 0 if the label doesn't occur."""
    either = counts.support + counts.predicted
    return 2 * counts.right / either if either else 0.0


def _label(counts: LabelCounts) -> dict[str, Any]:
    return {
        "precision": rounded(precision(counts)),
        "recall": rounded(recall(counts)),
        "f1": rounded(f1(counts)),
        "support": counts.support,
        "predicted": counts.predicted,
        "right": counts.right,
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return _rounded(asdict(estimate))


def _rounded(body: dict[str, Any]) -> dict[str, Any]:
    return {
        key: rounded(value) if isinstance(value, float) else value for key, value in body.items()
    }


def rounded(value: float) -> float:
    """Return the value as JSON has it; of a share that isn't 0 or 1, neither is what it becomes."""
    least = 10.0**-DIGITS
    found = round(value, DIGITS)
    return min(1 - least, max(least, found)) if 0 < value < 1 else found

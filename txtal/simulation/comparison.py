"""What the runs of a simulation come to: labels saved against a baseline, as figures.

Pure functions of the runs; :mod:`txtal.simulation.conclusion` says the same in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import fmean
from typing import Any, Literal

from txtal.reports.charts import Level
from txtal.simulation.runs import Config, Run

Measure = Literal["accuracy", "macro_f1", "mean_absolute_error"]

MEASURES: Mapping[Measure, str] = {"accuracy": "accuracy", "macro_f1": "macro-F1"}
ERROR: Measure = "mean_absolute_error"
NAMES: Mapping[Measure, str] = {**MEASURES, ERROR: "mean absolute error"}

BASELINE = "random"


@dataclass(frozen=True, slots=True)
class Reached:
    """The target, reached."""

    labels: int
    saved: float
    """1 - labels / the reference."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one configuration came to."""

    config: Config
    accuracy: float
    """At the end, mean over the seeds, as is macro_f1."""
    macro_f1: float
    mean_absolute_error: float | None
    reached: Reached | None
    """With what the mean of the measure reached the target; None if it never did."""
    by_seed: tuple[int | None, ...]
    """The same for each seed by itself."""
    labels_half: int | None
    """Labels with which it reached what the baseline had at half of the budget."""

    @property
    def labels(self) -> int | None:
        """Labels with which it reached the target."""
        return self.reached.labels if self.reached else None

    @property
    def saved(self) -> float | None:
        """Fraction of the reference's labels that it did without."""
        return self.reached.saved if self.reached else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The configurations with the same noise, compared with one of them."""

    noise: float
    measure: Measure
    """What is compared: macro-F1, and of ratings the mean absolute error."""
    baseline: Config
    budget: int
    target: float
    """The value to reach: asked for, or the baseline's at the end."""
    asked: bool
    reached: bool
    """Whether the baseline reached it; if not, what is saved is at least that."""
    reference: int
    """Labels that savings are measured against: what the baseline needed, or the budget."""
    half: tuple[int, float]
    """The labels and mean of the baseline's point at half of the budget."""
    outcomes: tuple[Outcome, ...]

    @property
    def called(self) -> str:
        """The measure, in words."""
        return NAMES[self.measure]

    def end(self, outcome: Outcome) -> float:
        """What a configuration had at the end."""
        return float(getattr(outcome, self.measure))

    def merit(self, outcome: Outcome) -> float:
        """The same, where more is better: the less an error, the more."""
        return merit(self.end(outcome), self.measure)

    @property
    def first(self) -> int | None:
        """Labels with which the baseline itself first reached the target."""
        return next(o.labels for o in self.outcomes if o.config == self.baseline)


def levels(runs: Sequence[Run], measure: Measure) -> list[Level]:
    """The mean, least and greatest of runs that were measured after the same numbers of labels."""
    found: dict[int, list[float]] = {}
    for run in runs:
        for point in run.curve:
            found.setdefault(point.labels, []).append(getattr(point, measure))
    return [Level(n, fmean(values), min(values), max(values)) for n, values in found.items()]


def labels_needed(curve: Sequence[tuple[int, float]], target: float) -> int | None:
    """Labels with which a curve first reaches ``target``, rounded up; None if it never does.

    Between two points the curve is a straight line. Before the first nothing is known: a curve
    that begins above the target needed at most the labels of its first point.
    """
    before: tuple[int, float] | None = None
    for labels, value in curve:
        if value >= target:
            if before is None:
                return labels
            share = (target - before[1]) / (value - before[1])
            return ceil(round(before[0] + share * (labels - before[0]), 6))
        before = labels, value
    return None


def compare(runs: Sequence[Run], target: float | None = None) -> list[Comparison]:
    """A comparison for each level of noise, in the order of the runs.

    By macro-F1; by mean absolute error where there is one, which is to fall.

    The baseline is the first configuration with random, or the first at all. Without a target it
    is what the baseline's mean is at the end, so that the budget is what the baseline needed.
    """
    noises: dict[float, dict[Config, list[Run]]] = {}
    for run in runs:
        noises.setdefault(run.config.noise, {}).setdefault(run.config, []).append(run)
    return [_comparison(noise, groups, target) for noise, groups in noises.items()]


def _comparison(
    noise: float, groups: Mapping[Config, Sequence[Run]], asked: float | None
) -> Comparison:
    baseline = next((c for c in groups if c.strategy == BASELINE), next(iter(groups)))
    measure = measure_of(groups[baseline])
    curve = _means(groups[baseline], measure)
    budget, last = curve[-1]
    target = last if asked is None else asked
    needed = budget if asked is None else _needed(curve, target, measure)
    reference = budget if needed is None else needed
    half = curve[(len(curve) - 1) // 2]
    outcomes = [
        _outcome(config, runs, measure, target, reference, half[1])
        for config, runs in groups.items()
    ]
    return Comparison(
        noise,
        measure,
        baseline,
        budget,
        target,
        asked is not None,
        needed is not None,
        reference,
        half,
        tuple(outcomes),
    )


def _outcome(
    config: Config,
    runs: Sequence[Run],
    measure: Measure,
    target: float,
    reference: int,
    half: float,
) -> Outcome:
    curve = _means(runs, measure)
    labels = _needed(curve, target, measure)
    return Outcome(
        config,
        levels(runs, "accuracy")[-1].mean,
        levels(runs, "macro_f1")[-1].mean,
        levels(runs, ERROR)[-1].mean if measure == ERROR else None,
        None if labels is None else Reached(labels, 1 - labels / reference),
        tuple(_needed(_means([run], measure), target, measure) for run in runs),
        _needed(curve, half, measure),
    )


def measure_of(runs: Sequence[Run]) -> Measure:
    """What these runs are compared by."""
    return "macro_f1" if runs[0].curve[-1].mean_absolute_error is None else ERROR


def merit(value: float, measure: Measure) -> float:
    return -value if measure == ERROR else value


def _means(runs: Sequence[Run], measure: Measure) -> list[tuple[int, float]]:
    return [(level.labels, level.mean) for level in levels(runs, measure)]


def _needed(curve: Sequence[tuple[int, float]], target: float, measure: Measure) -> int | None:
    rising = [(labels, merit(value, measure)) for labels, value in curve]
    return labels_needed(rising, merit(target, measure))


def to_json(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """The figures as ``simulate --json`` has them under ``summary``."""
    return {
        "measure": comparisons[0].measure,
        "budget": comparisons[0].budget,
        "targets": [
            {
                "noise": comparison.noise,
                "target": round(comparison.target, 6),
                "baseline": asdict(comparison.baseline),
                "labels": comparison.reference,
                "half": {
                    "labels": comparison.half[0],
                    comparison.measure: round(comparison.half[1], 6),
                },
                "reached": comparison.reached,
            }
            for comparison in comparisons
        ],
        "configurations": [
            _outcome_json(outcome) for comparison in comparisons for outcome in comparison.outcomes
        ],
    }


def _rounded(error: float | None) -> dict[str, float]:
    return {} if error is None else {ERROR: round(error, 6)}


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        **asdict(outcome.config),
        "seeds": len(outcome.by_seed),
        "accuracy": round(outcome.accuracy, 6),
        "macro_f1": round(outcome.macro_f1, 6),
        **_rounded(outcome.mean_absolute_error),
        "labels": outcome.labels,
        "labels_by_seed": list(outcome.by_seed),
        "saved": None if outcome.saved is None else round(outcome.saved, 4),
        "labels_half": outcome.labels_half,
    }

"""The plan of a simulation and the results of its runs, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from txtal.errors import UsageError
from txtal.learning.strategies import registry
from txtal.recipes.recipe import load_code
from txtal.types import LearnerSettings
from txtal.vectors import spec
from txtal.vectors.language import in_language


@dataclass(frozen=True, slots=True)
class Point:
    """The model's quality on the test file after a number of answers."""

    labels: int
    accuracy: float
    macro_f1: float
    seconds: float
    mean_absolute_error: float | None = None
    """In grades; None unless the labels are grades."""


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration to compare: everything that identifies a run except its seed."""

    strategy: str
    vectoriser: str
    noise: float = 0.0
    """Fraction of answers with a wrong label."""
    batch: int = 1
    """Answers between two rankings."""


@dataclass(frozen=True, slots=True)
class Run:
    """One configuration with one seed."""

    config: Config
    seed: int
    curve: tuple[Point, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the run as in ``simulate --json`` and in the journal."""
        curve = [to_json(point) for point in self.curve]
        return {**asdict(self.config), "seed": self.seed, "curve": curve}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Run:
        """Restore a run from JSON. Raises KeyError, TypeError or ValueError if it is invalid."""
        config = Config(
            str(said["strategy"]),
            str(said["vectoriser"]),
            float(said["noise"]),
            int(said["batch"]),
        )
        curve = tuple(Point(**point) for point in said["curve"])
        if not curve:
            raise ValueError("a run without a point")
        return cls(config, int(said["seed"]), curve)


@dataclass(frozen=True, slots=True)
class Full:
    """The quality of a model trained on all labels of the pool, without noise."""

    labels: int
    accuracy: float
    macro_f1: float
    mean_absolute_error: float | None = None


def to_json(it: Point | Full) -> dict[str, Any]:
    """Return the measures that aren't None."""
    return {name: value for name, value in asdict(it).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Plan:
    """The configurations and seeds to replay, and how."""

    strategies: Sequence[str]
    vectorisers: Sequence[str]
    seeds: int
    budget: int
    settings: LearnerSettings
    noises: Sequence[float] = (0.0,)
    batches: Sequence[int] = (1,)
    points: int = 20
    """How often a run is measured."""
    patterns: Path | None = None
    """Patterns whose tickets have a quota of their own."""
    patterns_share: float = 0.0
    """The quota."""

    @property
    def configs(self) -> list[Config]:
        """Return every configuration once, those with the same features in a row."""
        every = product(self.vectorisers, self.noises, self.batches, self.strategies)
        return list(dict.fromkeys(Config(s, v, noise, batch) for v, noise, batch, s in every))

    @property
    def runs(self) -> list[tuple[Config, int]]:
        """Return every configuration with every seed."""
        return list(product(self.configs, range(self.seeds)))


def plan(
    strategies: Sequence[str],
    vectorisers: Sequence[str],
    settings: LearnerSettings,
    **rest: Any,
) -> Plan:
    """Return a plan with checked names, in which ``auto`` features have their resolved name.

    Raises UsageError for an unknown name, before any run, and if there is no configuration.
    """
    if not strategies or not vectorisers:
        raise UsageError("there is nothing to run: name a strategy and features")
    load_code(settings.code)
    for name in strategies:
        registry.get(name)
    resolved = [str(spec.resolve(text)[0]) for text in vectorisers]
    return Plan(strategies, resolved, settings=settings, **rest)


def in_their_language(plan: Plan, texts: Sequence[str]) -> tuple[Plan, str]:
    """Return the plan with the language detected where none was given.

    With it comes what the user should know of that, or "".
    """
    found = [in_language(text, texts) for text in plan.vectorisers]
    vectorisers = [str(wanted) for wanted, _ in found]
    return replace(plan, vectorisers=vectorisers), found[0][1]

"""What a file of settings says that is to be watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from txtal.errors import UsageError
from txtal.formats.toml import quoted, read_toml

_LARGEST = 64 << 10


@dataclass(frozen=True, slots=True)
class InputPlan:
    """Where tickets come from; any of these, or several."""

    folder: str = ""
    """Files that are put there are taken in and moved to its folder ``done``."""
    file: str = ""
    """Lines that are appended to it are taken in."""
    queue: bool = False
    """Tickets that others load into the dataset, as ``POST /tickets`` does."""
    quiet: float = 2.0
    """Seconds for which a file in the folder must not have changed."""


@dataclass(frozen=True, slots=True)
class PredictPlan:
    """What becomes of them."""

    output: str = "predicted"
    """The folder to which predictions go."""
    confidence: float = 0.9
    """Of the predicted labels: what is below waits for people."""


@dataclass(frozen=True, slots=True)
class TrainPlan:
    """When the next version is trained."""

    answers: int = 0
    """After so many new answers; 0: however many there are."""
    hours: float = 0.0
    """After so long since the last, with a new answer at least; 0: never by time."""
    if_better: bool = True
    """Whether it has to be right more often than the version in use."""


@dataclass(frozen=True, slots=True)
class DeployPlan:
    """Where the version in use is put for others."""

    folder: str = ""
    """A link to the classifier's folder, exchanged in one step; empty: nowhere."""
    keep: int = 3
    """Versions that stay there."""


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """Everything."""

    dataset: str
    base: Path
    """The folder that paths are relative to: that of the file."""
    input: InputPlan
    predict: PredictPlan
    train: TrainPlan
    deploy: DeployPlan
    every: float = 10.0
    """Seconds between two rounds."""

    def path(self, said: str) -> Path:
        """Return a path as the file means it."""
        return (self.base / said).absolute()


_PARTS: Mapping[str, type[Any]] = {
    "input": InputPlan,
    "predict": PredictPlan,
    "train": TrainPlan,
    "deploy": DeployPlan,
}


def read_plan(file: Path) -> WatchPlan:
    """Return what the file says. Raises UsageError for one that says what can't be."""
    said = read_toml(file, _LARGEST)
    unknown = said.keys() - {*_PARTS, "dataset", "every"}
    if unknown:
        raise UsageError(f"{file}: there is no {sorted(unknown)[0]!r}; see docs/production.md")
    parts = {name: _part(file, name, kind, said.get(name, {})) for name, kind in _PARTS.items()}
    whole = _part(file, "", _Whole, {k: v for k, v in said.items() if k not in _PARTS})
    plan = WatchPlan(whole.dataset, file.absolute().parent, **parts, every=whole.every)
    _check(file, plan)
    return plan


@dataclass(frozen=True, slots=True)
class _Whole:
    dataset: str = ""
    every: float = 10.0


def _part(file: Path, name: str, kind: type[Any], said: object) -> Any:
    """Return a table as a dataclass. Raises UsageError where names or types don't fit."""
    if not isinstance(said, dict):
        raise UsageError(f"{file}: {name} must be a table, [{name}] (got {quoted(said)})")
    known = {one.name: type(one.default) for one in fields(kind)}
    for key, value in said.items():
        where = f"{name}.{key}" if name else key
        if key not in known:
            raise UsageError(f"{file}: there is no {where}; there are: {', '.join(known)}")
        wanted = (int, float) if known[key] is float else known[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and known[key] is not bool):
            raise UsageError(f"{file}: {where} must be {_WORDS[known[key]]} (got {quoted(value)})")
        if isinstance(value, str) and "\0" in value:
            raise UsageError(f"{file}: {where} holds a NUL, which no name may hold")
    return kind(**said)


_WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def _check(file: Path, plan: WatchPlan) -> None:
    if not plan.dataset:
        raise UsageError(f'{file}: name the dataset, as in dataset = "shop"')
    if not 0 <= plan.predict.confidence <= 1:
        got = quoted(plan.predict.confidence)
        raise UsageError(f"{file}: predict.confidence must be from 0 to 1, such as 0.9 (got {got})")
    for name, value, least in (
        ("every", plan.every, 0.1),
        ("input.quiet", plan.input.quiet, 0),
        ("train.answers", plan.train.answers, 0),
        ("train.hours", plan.train.hours, 0),
        ("deploy.keep", plan.deploy.keep, 1),
    ):
        if not value >= least:
            raise UsageError(f"{file}: {name} must be at least {least} (got {quoted(value)})")
    if plan.input.folder and plan.path(plan.predict.output) == plan.path(plan.input.folder):
        raise UsageError(f"{file}: predict.output must be another folder than input.folder")

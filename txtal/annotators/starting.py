"""Starting what votes beside a session: the rules of a file and of the recipe, and a command."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from txtal import logs
from txtal.annotators.client import AnnotatorProcess
from txtal.annotators.command import words_of
from txtal.annotators.protocol import AnnotatorJob
from txtal.annotators.rules import read_rules
from txtal.errors import UsageError
from txtal.recipes.labelling import in_file
from txtal.recipes.parts import ModelOptions


def check(model: ModelOptions) -> None:
    """Raise UsageError or DataError now for what the process could only fail at later."""
    if model.suggest:
        words_of(model.suggest)
    if model.rules is None:
        return
    if model.rules.exists() and not model.rules.is_file():
        raise UsageError(f"{model.rules} can be read only once; save the rules in a file")
    read_rules(model.rules)


class Where(Protocol):
    """Where a recipe is run."""

    @property
    def database(self) -> Path: ...

    @property
    def code(self) -> Path:
        """The recipe's file: it may have labelling functions."""
        ...


def started(
    dataset: str, model: ModelOptions, place: Where, patterns: Path | None = None
) -> AnnotatorProcess | None:
    """Start the process in which rules, patterns and a command vote; None where nothing does."""
    own = [place.code] if in_file(place.code) else []
    files = [*dict.fromkeys([*([model.rules] if model.rules else []), *own])]
    if not files and not model.suggest and patterns is None:
        return None
    job = AnnotatorJob(
        str(place.database),
        dataset,
        tuple(map(str, files)),
        str(patterns or ""),
        model.suggest,
        model.suggest_budget,
    )
    voting = AnnotatorProcess(job, log=logs.path())
    voting.start()
    return voting

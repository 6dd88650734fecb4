"""Starting what votes beside a session: the rules of a file and of the recipe, and a command."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from txtal import logs
from txtal.annotators.client import AnnotatorProcess
from txtal.annotators.protocol import AnnotatorJob
from txtal.recipes.labelling import in_file
from txtal.recipes.parts import ModelOptions


class Where(Protocol):
    """Where a recipe is run."""

    @property
    def database(self) -> Path: ...

    @property
    def code(self) -> Path:
        """The recipe's file: it may have labelling functions."""
        ...


def started(dataset: str, model: ModelOptions, place: Where) -> AnnotatorProcess | None:
    """Start the process in which rules and a command vote; None where nothing does."""
    own = [place.code] if in_file(place.code) else []
    files = [*dict.fromkeys([*([model.rules] if model.rules else []), *own])]
    if not files and not model.suggest:
        return None
    job = AnnotatorJob(
        str(place.database), dataset, tuple(map(str, files)), model.suggest, model.suggest_budget
    )
    voting = AnnotatorProcess(job, log=logs.path())
    voting.start()
    return voting

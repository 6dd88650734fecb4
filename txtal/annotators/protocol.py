"""The annotators' process: its one argument, and the JSON lines that it prints."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class AnnotatorJob:
    """Who is to vote on which dataset."""

    database: str
    dataset: str
    rules: tuple[str, ...] = ()
    """Files of rules."""
    patterns: str = ""
    """A file of patterns, each of which votes by itself; those of another file are forgotten."""
    command: str = ""
    """Suggests labels; see :mod:`txtal.annotators.command`."""
    budget: int | None = None
    """Tickets that the command may be asked for; None: as many as there are."""


def dump_job(job: AnnotatorJob) -> str:
    """The one command-line argument of the process."""
    return json.dumps(asdict(job))


def load_job(text: str) -> AnnotatorJob:
    """Back from :func:`dump_job`."""
    given = json.loads(text)
    return AnnotatorJob(**{**given, "rules": tuple(given["rules"])})

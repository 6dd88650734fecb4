"""The loader's process: its one argument, and the JSON lines that it prints."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from txtal.formats.reading import Reading
from txtal.types import Loading


@dataclass(frozen=True, slots=True)
class LoadJob:
    """Which file into which dataset."""

    database: str
    dataset: str
    source: str
    added: int
    """Tickets of the file that were added before, in the foreground."""
    reading: Reading = field(default_factory=Reading)


def dump_job(job: LoadJob) -> str:
    """The loader's one command-line argument."""
    return json.dumps(asdict(job))


def load_job(text: str) -> LoadJob:
    """Back from :func:`dump_job`."""
    given = json.loads(text)
    reading: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in given["reading"].items()
    }
    return LoadJob(**{**given, "reading": Reading(**reading)})


def dump_news(news: Loading) -> str:
    """A line for its standard output."""
    return json.dumps(asdict(news))


def load_news(line: str) -> Loading:
    """Back from :func:`dump_news`. Raises ValueError, KeyError or TypeError on anything else."""
    news = Loading(**json.loads(line))
    return replace(news, bad_lines=tuple(news.bad_lines))

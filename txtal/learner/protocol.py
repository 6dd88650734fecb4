"""What the screen's process and the learner say to each other: JSON, one message a line.

To the learner: ``{"newest": 312}``: there are answers up to this id. Back come a status,
``{"state", "detail", "progress"}``, and rankings, ``{"ranking": …}``.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from txtal import wire
from txtal.session import LearnerStatus
from txtal.types import LearnerSettings, Ranking

Message = LearnerStatus | Ranking


def dump_job(path: Path, dataset: str, settings: LearnerSettings) -> str:
    """The learner's one command-line argument."""
    return json.dumps({"path": str(path), "dataset": dataset, "settings": asdict(settings)})


def load_job(text: str) -> tuple[Path, str, LearnerSettings]:
    """Back from :func:`dump_job`."""
    job = json.loads(text)
    return Path(job["path"]), job["dataset"], LearnerSettings(**job["settings"])


def dump_poke(newest: int) -> str:
    """A line for the learner's standard input."""
    return json.dumps({"newest": newest})


def load_poke(line: str) -> int:
    """Back from :func:`dump_poke`."""
    return int(json.loads(line)["newest"])


def dump_message(message: Message) -> str:
    """A line for the learner's standard output."""
    if isinstance(message, Ranking):
        return '{"ranking":' + wire.dump_ranking(message) + "}"
    return json.dumps(asdict(message))


def load_message(line: str) -> Message:
    """Back from :func:`dump_message`. Raises ValueError, KeyError or TypeError on anything else."""
    body: dict[str, Any] = json.loads(line)
    if "ranking" in body:
        return wire.ranking_from(body["ranking"])
    return LearnerStatus(body["state"], body["detail"], body["progress"])

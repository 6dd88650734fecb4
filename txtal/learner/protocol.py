"""Messages between the screen's process and the learner: JSON, one message per line.

To the learner: ``{"newest": 312}``, there are answers up to this id, ``{"explain": 7, "label":
2}``, why label 2 for ticket 7, ``{"cluster": 7}``, which tickets are like ticket 7, or ``{"advise":
true}``, which faults the labels have. Back come a status, ``{"state", "detail", "progress"}``,
rankings, ``{"ranking": …}``, explanations, ``{"explained": 7, "label", "words"}``, clusters,
``{"clustered": 7, "items"}``, advice, ``{"advised", "excerpts", "answers"}``, and ``{"notice":
…}``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from txtal.types import (
    Advice,
    Advised,
    Cluster,
    Compute,
    Explanation,
    LearnerSettings,
    LearnerStatus,
    Ranking,
    RankingSettings,
    StopRule,
    serialise,
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What the annotator should know, once."""

    text: str


Message = LearnerStatus | Ranking | Explanation | Cluster | Advised | Notice


@dataclass(frozen=True, slots=True)
class Request:
    """Asks for a ranking or, with a ticket, for an explanation of one of its labels; without a
    label for its cluster; or for advice."""

    newest: int = 0
    ticket_id: int = 0
    label: int = 0
    advise: bool = False

    @property
    def waited_for(self) -> bool:
        """Whether somebody looks at a page that waits for the answer: rankings can wait longer."""
        return self.advise or bool(self.ticket_id)


def dump_job(path: Path, dataset: str, settings: LearnerSettings) -> str:
    """Write the learner's one command-line argument."""
    return json.dumps({"path": str(path), "dataset": dataset, "settings": asdict(settings)})


def load_job(text: str) -> tuple[Path, str, LearnerSettings]:
    """Read what :func:`dump_job` wrote."""
    job = json.loads(text)
    settings = job["settings"]
    groups = {
        "stop": StopRule(**settings["stop"]),
        "ranking": RankingSettings(**settings["ranking"]),
        "compute": Compute(**settings["compute"]),
    }
    return Path(job["path"]), job["dataset"], LearnerSettings(**{**settings, **groups})


def dump_poke(newest: int) -> str:
    """Write a line for the learner's standard input."""
    return json.dumps({"newest": newest})


def dump_explain(ticket_id: int, label_id: int) -> str:
    """Write another line for it."""
    return json.dumps({"explain": ticket_id, "label": label_id})


def dump_gather(ticket_id: int) -> str:
    """Write a third line for it."""
    return json.dumps({"cluster": ticket_id})


def dump_advise() -> str:
    """Write a fourth line for it."""
    return json.dumps({"advise": True})


def load_request(line: str) -> Request:
    """Read any of these lines. Raises ValueError, KeyError or TypeError for anything else."""
    body = json.loads(line)
    if "explain" in body:
        ticket, label = serialise.whole(body["explain"]), serialise.whole(body["label"])
        return Request(ticket_id=ticket, label=label)
    if "cluster" in body:
        return Request(ticket_id=serialise.whole(body["cluster"]))
    if "advise" in body:
        return Request(advise=bool(body["advise"]))
    return Request(serialise.whole(body["newest"]))


def dump_message(message: Message) -> str:
    """Write a line for the learner's standard output."""
    if isinstance(message, Ranking):
        return '{"ranking":' + serialise.dump_ranking(message) + "}"
    if isinstance(message, Explanation):
        words = [list(pair) for pair in message.words]
        said = {"explained": message.ticket_id, "label": message.label, "words": words}
        return json.dumps(said)
    if isinstance(message, Cluster):
        items = [serialise.ranked_row(one) for one in message.items]
        return json.dumps({"clustered": message.ticket_id, "items": items})
    if isinstance(message, Advised):
        advised = {
            "advised": [asdict(one) for one in message.items],
            "excerpts": [list(pair) for pair in message.excerpts.items()],
            "answers": message.answers,
        }
        return json.dumps(advised)
    if isinstance(message, Notice):
        return json.dumps({"notice": message.text})
    return json.dumps(asdict(message))


def load_message(line: str) -> Message:
    """Read such a line. Raises ValueError, KeyError or TypeError for anything else."""
    body: dict[str, Any] = json.loads(line)
    if "ranking" in body:
        return serialise.ranking_from(body["ranking"])
    if "explained" in body:
        words = tuple((str(word), float(weight)) for word, weight in body["words"])
        ticket, label = serialise.whole(body["explained"]), serialise.whole(body["label"])
        return Explanation(ticket, label, words)
    if "clustered" in body:
        items = tuple(serialise.ranked_from(row) for row in body["items"])
        return Cluster(serialise.whole(body["clustered"]), items)
    if "advised" in body:
        return _advised(body)
    if "notice" in body:
        return Notice(str(body["notice"]))
    return LearnerStatus(body["state"], body["detail"], body["progress"])


def _advised(body: dict[str, Any]) -> Advised:
    items = tuple(
        Advice(
            str(one["kind"]),
            tuple(map(str, one["labels"])),
            str(one["why"]),
            tuple(map(serialise.whole, one["tickets"])),
            str(one["command"]),
        )
        for one in body["advised"]
    )
    excerpts = {serialise.whole(ticket): str(text) for ticket, text in body["excerpts"]}
    return Advised(items, excerpts, serialise.whole(body["answers"]))

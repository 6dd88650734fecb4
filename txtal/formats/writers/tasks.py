"""An answer as the task that Prodigy would have stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from txtal.formats.exports import Target
from txtal.formats.prodigy import TASK_KEYS, input_hash, task_hash
from txtal.formats.rows import (
    ExportRow,
    PredictedRow,
    Row,
    Written,
    as_vote,
    to_json,
    with_own_keys,
)
from txtal.formats.votes import PRODIGY_KIND, PRODIGY_SCORE, NamedVote
from txtal.formats.writers.lines import UNSURE, write_lines
from txtal.types import ONE_OF, Scheme, Ticket, Verdict

_HASHES = frozenset({"_input_hash", "_task_hash"})
RESERVED = frozenset({
    "label", "labels", "options", "accept", "config", "answer", "flagged",
    "_view_id", "_timestamp", "_annotator_id", "_session_id", PRODIGY_KIND, PRODIGY_SCORE,
})  # fmt: skip


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write the task or tasks of each answer, and one of each vote."""
    votes = _VoteTasks()
    with target.text() as out:

        def each() -> Iterator[Row]:
            for row in rows:
                yield row
                for line in votes.of(row):  # after the answer, whose task has the ticket's own keys
                    out.write(to_json(line, row.ticket.id) + "\n")

        written = write_lines(each(), out, lines)
    return replace(
        written, predictions=votes.predictions, votes=votes.written, changed=votes.left_out
    )


def lines(row: Row) -> list[dict[str, Any]]:
    """The tasks of an answer; what isn't one is written as :class:`_VoteTasks` has it."""
    return tasks(row) if isinstance(row, ExportRow) else []


class _VoteTasks:
    """Votes and predictions as tasks of annotators of their own; see ``_annotator_id``."""

    def __init__(self) -> None:
        self.written = self.predictions = 0
        self.left_out: Counter[str] = Counter()

    def of(self, row: Row) -> Iterator[dict[str, Any]]:
        if isinstance(row, PredictedRow):
            made = _voted(row.ticket, row.scheme, as_vote(row))
            self.predictions += made is not None
            yield from [made] if made else []
        for vote in row.sources:
            made = _voted(row.ticket, row.scheme, vote)
            if made is None:
                self.left_out[UNSURE] += 1
                continue
            self.written += 1
            yield made


def _voted(ticket: Ticket, scheme: Scheme, vote: NamedVote) -> dict[str, Any] | None:
    """The task of a vote; None where it leaves open which of several labels applies."""
    if scheme.task in ONE_OF and len(vote.labels) != 1:
        return None
    said: dict[str, Any] = {PRODIGY_KIND: vote.kind, PRODIGY_SCORE: vote.confidence}
    said |= {"_annotator_id": vote.source}
    if scheme.task == "binary":
        asked: dict[str, Any] = {"label": scheme.labels[0].name}
        return _asked(ticket, "classification", asked, "accept" if vote.labels else "reject", said)
    return _asked(ticket, "choice", _choice(scheme, vote.labels), "accept", said)


def tasks(row: ExportRow) -> list[dict[str, Any]]:
    """The Prodigy task or tasks for one answer; the data's unknown keys are given back.

    Binary answers and refused labels are ``classification`` tasks, all else is ``choice``. An
    ``_input_hash`` in the data is trusted, and its ``_task_hash`` too as long as the question is
    still the same: another question under an old hash would look like a duplicate.
    """
    if row.scheme.task == "binary":
        label = row.labels[0] if row.labels else row.scheme.labels[0].name
        return [_task(row, "classification", {"label": label})]
    if row.answer.verdict == "reject" and row.labels:
        # A rejected choice doesn't say which label was refused; a rejected label does.
        return [_task(row, "classification", {"label": label}) for label in row.labels]
    accepted = row.labels if row.answer.verdict == "accept" else ()
    return [_task(row, "choice", _choice(row.scheme, accepted))]


def _choice(scheme: Scheme, accepted: Sequence[str]) -> dict[str, Any]:
    style = "single" if scheme.task in ONE_OF else "multiple"
    options = [{"id": label.name, "text": label.name} for label in scheme.labels]
    return {"options": options, "accept": list(accepted), "config": {"choice_style": style}}


def _task(row: ExportRow, view: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    answer = row.answer
    said: dict[str, Any] = {
        "_timestamp": int(answer.answered),
        "_annotator_id": answer.annotator,
        "_session_id": row.session,
    }
    if answer.flagged:
        said["flagged"] = True
    return _asked(row.ticket, view, asked, answer.verdict, said)


def _asked(
    ticket: Ticket, view: str, asked: Mapping[str, Any], verdict: Verdict, said: Mapping[str, Any]
) -> dict[str, Any]:
    """The task of a question with its answer, and what else was ``said``."""
    extra = ticket.extra
    inputs = _trusted(extra, "_input_hash")
    if inputs is None:
        inputs = input_hash(ticket.text)
    task_now = {key: extra[key] for key in ("spans", "arcs") if key in extra} | dict(asked)
    old = _trusted(extra, "_task_hash") if _same_question(extra, task_now) else None
    hashes = {
        "_input_hash": inputs,
        "_task_hash": task_hash(inputs, task_now) if old is None else old,
    }
    ours = {**asked, **hashes, "answer": verdict, "_view_id": view, **said}
    replaced = {key for key in _HASHES & extra.keys() if extra[key] != hashes[key]}
    return with_own_keys(ticket, ours, RESERVED | replaced)


def _trusted(extra: Mapping[str, Any], key: str) -> int | None:
    value = extra.get(key)
    return value if type(value) is int else None


def _same_question(extra: Mapping[str, Any], task: Mapping[str, Any]) -> bool:
    return all(extra.get(key) == task.get(key) for key in TASK_KEYS)

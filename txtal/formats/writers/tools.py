"""Answers as the files that other annotation tools import: Label Studio, doccano, Argilla."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from txtal.formats.exports import Target
from txtal.formats.rows import (
    PredictedRow,
    Row,
    VotedRow,
    Writable,
    Written,
    as_vote,
    ticket_id,
    to_json,
    when,
)
from txtal.formats.votes import NamedVote
from txtal.formats.writers.lines import UNSURE
from txtal.formats.writers.training import Example, Examples
from txtal.types import Scheme

_NAMESPACE = uuid.UUID("6f0ff1c4-1f3a-5b0c-9a55-5f1d5a1b7c10")
"""Of the user ids that stand for annotators in Argilla: the same name is always the same user."""


def write_studio(rows: Iterable[Row], target: Target) -> Written:
    """Write Label Studio's tasks: a list of ``data`` with one annotation each.

    Votes and the model's labels are ``predictions`` of tasks, which may be without an annotation.
    """
    return _write_list(rows, target, _studio, needs_label=True)


def write_doccano(rows: Iterable[Row], target: Target) -> Written:
    """Write doccano's JSON Lines for text classification, ``label`` a list."""
    examples = Examples(rows, needs_label=True)
    with target.text() as out:
        for example in examples:
            out.write(to_json(_doccano(example), example.row.ticket.id) + "\n")
    return examples.written


def write_argilla(rows: Iterable[Row], target: Target) -> Written:
    """Write a list of Argilla's records (version 2), each with one submitted response.

    Of the votes on a ticket it holds one, as a ``suggestion``.
    """
    return _write_list(rows, target, _argilla, needs_label=False)


def _write_list(
    rows: Iterable[Row],
    target: Target,
    made: Callable[[_Open | Example, _Said], dict[str, Any]],
    *,
    needs_label: bool,
) -> Written:
    examples, said = Examples(rows, needs_label=needs_label), _Said()
    with target.text() as out:
        lines = (to_json(made(one, said), _row(one).ticket.id) for one in examples.with_open())
        _in_list(lines, out)
    return replace(examples.written, votes=said.votes, changed=said.left_out)


_Open: TypeAlias = PredictedRow | VotedRow


def _row(one: _Open | Example) -> Row:
    return one.row if isinstance(one, Example) else one


class _Said:
    """What isn't people's answer: counted as it is written."""

    def __init__(self) -> None:
        self.votes = 0
        self.left_out: Counter[str] = Counter()

    def of(self, one: _Open | Example, most: int | None = None) -> Iterator[NamedVote]:
        """Yield the model's label, if it is one, and then votes: those that the format can hold."""
        row = _row(one)
        votes = [vote for vote in row.sources if _fits(row.scheme, vote)]
        self.left_out += Counter({UNSURE: len(row.sources) - len(votes)})
        if isinstance(row, PredictedRow):
            yield as_vote(row)
            most = None if most is None else most - 1
        kept = votes[:most]
        self.votes += len(kept)
        self.left_out += Counter(
            {"votes left out beside a more accurate one": len(votes) - len(kept)}
        )
        yield from kept


def _fits(scheme: Scheme, vote: NamedVote) -> bool:
    """Whether it names one label where one applies, and one at least where several do."""
    if scheme.task == "binary":
        return True
    return len(vote.labels) == 1 or (scheme.task == "multilabel" and bool(vote.labels))


def _in_list(lines: Iterable[str], out: Writable) -> None:
    before = "[\n"
    for line in lines:
        out.write(before + line)
        before = ",\n"
    out.write("[]\n" if before == "[\n" else "\n]\n")


def _studio(one: _Open | Example, said: _Said) -> dict[str, Any]:
    row = _row(one)
    made: dict[str, Any] = {"data": _described(row) | {"text": row.ticket.text}, "annotations": []}
    if isinstance(one, Example):
        answer = one.row.answer
        annotation = {
            "result": _result(one.labels, row.scheme),
            "created_at": when(answer.answered),
        }
        if answer.annotator:
            annotation["created_username"] = answer.annotator
        made["annotations"] = [annotation]
    predictions = [
        {
            "model_version": vote.source,
            "score": vote.confidence,
            "result": _result(vote.labels, row.scheme),
        }
        for vote in said.of(one)
        if vote.labels or row.scheme.task == "binary"
    ]
    return made | ({"predictions": predictions} if predictions else {})


def _result(labels: Sequence[str], scheme: Scheme) -> list[dict[str, Any]]:
    value: Any
    if scheme.task == "rating":
        kind, value = "number" if scheme.scored else "rating", int(labels[0])
    else:
        kind, value = "choices", list(_positive(labels, scheme))
    return [{"from_name": "label", "to_name": "text", "type": kind, "value": {kind: value}}]


def _doccano(example: Example) -> dict[str, Any]:
    line = _described(example.row)
    comments = [example.row.answer.comment] if example.row.answer.comment else []
    return line | {
        "text": example.text,
        "label": list(_positive(example.labels, example.row.scheme)),
        "Comments": comments,
    }


def _argilla(one: _Open | Example, said: _Said) -> dict[str, Any]:
    row = _row(one)
    question = "labels" if row.scheme.task in ("multilabel", "binary") else "label"
    responses: dict[str, Any] = {}
    if isinstance(one, Example):
        user = uuid.uuid5(_NAMESPACE, one.row.answer.annotator)
        value = _value(one.labels, row.scheme)
        responses = {question: [{"value": value, "user_id": str(user), "status": "submitted"}]}
    suggestions: dict[str, Any] = {}
    for vote in said.of(one, most=1):
        value = _value(vote.labels, row.scheme)
        suggestions[question] = {
            "value": value,
            "score": vote.confidence,
            "agent": vote.source,
            "type": "model",
        }
    meta = {key: it for key, it in row.ticket.meta.items() if isinstance(it, str | int | float)}
    key = ticket_id(row.ticket)
    return {
        "id": str(row.ticket.id if key is None else key),
        "status": "completed" if responses else "pending",
        "fields": {"text": row.ticket.text},
        "metadata": meta,
        "suggestions": suggestions,
        "responses": responses,
        "vectors": {},
    }


def _value(labels: Sequence[str], scheme: Scheme) -> Any:
    if scheme.task == "rating" and not scheme.scored:
        return int(labels[0])
    if scheme.task in ("exclusive", "rating"):  # Argilla's ratings end at 10: a score is a label
        return labels[0]
    return list(labels)


def _positive(labels: Sequence[str], scheme: Scheme) -> Sequence[str]:
    """The labels, where a no must be a label, too."""
    if labels or scheme.task != "binary":
        return labels
    return (f"not {scheme.labels[0].name}",)


def _described(row: Row) -> dict[str, Any]:
    """The ticket's id and meta, side by side."""
    key = ticket_id(row.ticket)
    return dict(row.ticket.meta) | ({} if key is None else {"id": key})

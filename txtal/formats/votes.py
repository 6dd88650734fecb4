"""Votes in files: written beside answers, and read back, as our exports or other tools have them.

A vote is what a rule, a command or a model says of a ticket. It is never read as an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from txtal.formats.labelled import names, who
from txtal.types import SourceKind, Task

SOURCES = "sources"
"""The key of our JSON Lines that has the votes on a ticket."""

PRODIGY_KIND = "_source"
"""The key by which a task of Prodigy's form is a vote: it has the kind of its source."""

PRODIGY_SCORE = "_score"

PREDICTED_SOURCES = {"finish": "txtal finish", "stream": "txtal teach"}
"""What predictions of txtal's own model are called where a format has a place for votes alone, by
what made them."""

_KINDS = get_args(SourceKind)  # a tuple: what is looked up may be a list


@dataclass(frozen=True, slots=True)
class NamedVote:
    """A vote as files have it."""

    source: str
    kind: SourceKind
    labels: tuple[str, ...]
    """Where one label applies, several mean that it is one of them."""
    confidence: float | None = None
    """As the source itself says; not measured."""
    reason: str = ""


def written(votes: Iterable[NamedVote], task: Task) -> dict[str, Any]:
    """Return what our JSON Lines have of these votes: nothing where there is none."""
    found = [_written(vote, task) for vote in votes]
    return {SOURCES: found} if found else {}


def _written(vote: NamedVote, task: Task) -> dict[str, Any]:
    several = task == "multilabel" or len(vote.labels) != 1
    labels: dict[str, Any] = {"labels": list(vote.labels)} if several else {"label": vote.labels[0]}
    return {
        "source": vote.source,
        "kind": vote.kind,
        **labels,
        "confidence": vote.confidence,
        "reason": vote.reason,
    }


def is_ours(value: object) -> bool:
    """Whether a value is what :func:`written` has under ``sources``."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(one, Mapping)
            and one.keys() >= {"source", "kind", "confidence", "reason"}
            and ("label" in one or "labels" in one)
            for one in value
        )
    )


def is_vote(fields: Mapping[str, Any]) -> bool:
    """Whether a task of Prodigy's form is a vote that txtal wrote."""
    return fields.get(PRODIGY_KIND) in _KINDS


def votes_of(fields: Mapping[str, Any]) -> tuple[NamedVote, ...]:
    """Return the votes that a record holds. Raises DataError when a label isn't a name.

    They are those of our own exports, Label Studio's ``predictions`` and Argilla's ``suggestions``.
    """
    if is_ours(fields.get(SOURCES)):
        return tuple(_made(_own(fields[SOURCES])))
    if is_vote(fields):
        return tuple(_made(_prodigy(fields)))
    if isinstance(fields.get("data"), Mapping) and isinstance(fields.get("predictions"), list):
        return tuple(_made(_studio(fields["predictions"])))
    if "fields" in fields and "responses" in fields:
        return tuple(_made(_argilla(fields.get("suggestions"))))
    return ()


@dataclass(frozen=True, slots=True)
class _RawVote:
    """A vote as a tool has it."""

    source: str
    kind: object
    labels: object
    confidence: object
    reason: object = ""


def _made(found: Iterable[_RawVote]) -> Iterator[NamedVote]:
    """Check what was read; what names no label and doesn't say that none applies is no vote."""
    for one in found:
        labels = names(one.labels, "label")
        if labels is None:
            continue
        sure = one.confidence
        if not isinstance(sure, int | float) or isinstance(sure, bool) or not 0 <= sure <= 1:
            sure = None
        kind = cast(SourceKind, one.kind) if one.kind in _KINDS else "model"
        reason = one.reason if isinstance(one.reason, str) else ""
        yield NamedVote(
            one.source or "model", kind, labels, None if sure is None else float(sure), reason
        )


def _own(sources: Sequence[Mapping[str, Any]]) -> Iterator[_RawVote]:
    for one in sources:
        labels = one.get("labels", one.get("label"))
        yield _RawVote(who(one["source"]), one["kind"], labels, one["confidence"], one["reason"])


def _prodigy(fields: Mapping[str, Any]) -> Iterator[_RawVote]:
    refused = fields.get("answer") == "reject"
    labels = [] if refused else fields.get("accept", fields.get("label"))
    source, kind = who(fields.get("_annotator_id")), fields[PRODIGY_KIND]
    yield _RawVote(source, kind, labels, fields.get(PRODIGY_SCORE))


_STUDIO = ("choices", "rating", "number")


def _studio(predictions: Sequence[Any]) -> Iterator[_RawVote]:
    for one in predictions:
        if not isinstance(one, Mapping) or not isinstance(one.get("result"), list):
            continue
        labels = [label for result in one["result"] for label in _chosen(result)]
        if labels:
            yield _RawVote(who(one.get("model_version")), "model", labels, one.get("score"))


def _chosen(result: object) -> list[Any]:
    """The labels of one control's part of a prediction."""
    value = result.get("value") if isinstance(result, Mapping) else None
    if not isinstance(value, Mapping):
        return []
    given: Any = next((value[kind] for kind in _STUDIO if value.get(kind) is not None), [])
    return given if isinstance(given, list) else [given]


def _argilla(suggestions: object) -> Iterator[_RawVote]:
    listed = suggestions if isinstance(suggestions, list) else []
    named = suggestions.values() if isinstance(suggestions, Mapping) else listed
    for one in named:
        if isinstance(one, Mapping) and isinstance(one.get("value"), str | int | list):
            yield _RawVote(who(one.get("agent")), "model", one["value"], one.get("score"))

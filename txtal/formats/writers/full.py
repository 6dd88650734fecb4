"""JSON Lines with everything: what was loaded, what was answered, and how it came about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from txtal.formats.exports import Target
from txtal.formats.own import PREDICTION_KEYS, RATING, RESERVED, task_keys
from txtal.formats.rows import (
    ExportRow,
    PredictedRow,
    Row,
    VotedRow,
    Written,
    when,
    with_own_keys,
)
from txtal.formats.votes import SOURCES, written
from txtal.formats.writers.lines import write_lines


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write a line for each answer and each prediction."""
    with target.text() as out:
        return write_lines(rows, out, lines)


def lines(row: Row) -> list[dict[str, Any]]:
    """The one line of an answer, a prediction, or votes."""
    if isinstance(row, ExportRow):
        return [full(row)]
    return [predicted(row) if isinstance(row, PredictedRow) else voted(row)]


def full(row: ExportRow) -> dict[str, Any]:
    """The whole record: what was loaded, what was answered, and what helps to judge the answer.

    An answer has a ``label`` (the refused one where ``answer`` is reject), a multilabel one
    ``labels``; ``suggestion`` has the same shape. A grade that was given is a number, too, as
    ``rating``. ``annotator`` is null where nobody said just that, as a majority for each label may
    have it. ``selection_probability`` lets users undo the bias of asking what a model finds hard.
    A key of the data's own with the name of one of these is under ``original``; see
    :func:`txtal.formats.own.restored`.
    """
    answer, ranked = row.answer, row.answer.ranked
    several = row.scheme.task == "multilabel" or len(row.labels) > 1
    ours: dict[str, Any] = {
        "answer": answer.verdict,
        "labels" if several else "label": _one_or_all(row.labels, several),
        "annotator": answer.annotator or None,
        "timestamp": when(answer.answered),
        "seconds": _seconds(answer.shown, answer.answered),
        "suggestion": _one_or_all(row.suggestion, several),
        "reason": None if ranked is None else ranked.reason,
        "selection_probability": None if ranked is None else ranked.selection_probability,
        "revision": answer.revision,
        "flagged": answer.flagged,
        "comment": answer.comment,
    }
    ours |= grade_as_number(row) | task_keys(row.scheme) | written(row.sources, row.scheme.task)
    if row.votes:
        ours |= zip(("votes", "voters"), row.votes, strict=True)
    reserved = RESERVED | {RATING} if row.scheme.task == "rating" else RESERVED
    return with_own_keys(row.ticket, ours, reserved | _sources(row))


def _sources(row: Row) -> set[str]:
    """The key of the votes, where there are any: else it may be the data's own."""
    return {SOURCES} if row.sources else set()


def voted(row: VotedRow) -> dict[str, Any]:
    """A ticket that nobody has labelled, neither people nor the model, with the votes on it."""
    ours = task_keys(row.scheme) | written(row.sources, row.scheme.task)
    return with_own_keys(row.ticket, ours, RESERVED | _sources(row))


def grade_as_number(row: ExportRow) -> dict[str, int]:
    """The grade that was given, as ``rating``; nothing for what is no grade."""
    given = row.scheme.task == "rating" and row.answer.verdict == "accept" and len(row.labels) == 1
    return {RATING: int(row.labels[0])} if given else {}


def predicted(row: PredictedRow) -> dict[str, Any]:
    """A ticket that only the model has labelled: no ``answer``, but what it ``predicted``.

    ``accept`` stands for the label or labels, ``reject`` of a binary dataset for that its label
    doesn't apply. ``probability`` is of that.
    """
    several, made = row.scheme.task == "multilabel", row.predicted
    verdict, names, probability = "accept", row.labels, made.probability
    if row.scheme.task == "binary" and not names:
        verdict, probability = "reject", 1 - probability
        names = tuple(label.name for label in row.scheme.labels)
    ours: dict[str, Any] = {
        "predicted": verdict,
        "labels" if several else "label": _one_or_all(names, several),
        "probability": round(probability, 4),
        "revision": made.revision,
        "timestamp": when(made.at),
        "source": row.source,
    } | task_keys(row.scheme)
    if made.precision is not None:
        ours["precision"] = made.precision
    ours |= written(row.sources, row.scheme.task)
    reserved = RESERVED | PREDICTION_KEYS | {"precision", "source"} | _sources(row)
    return with_own_keys(row.ticket, ours, reserved)


def _one_or_all(names: tuple[str, ...] | None, several: bool) -> str | list[str] | None:
    if several:
        return None if names is None else list(names)
    return names[0] if names else None


def _seconds(shown: float, answered: float) -> float | None:
    """How long it took; None when unknown or when the clock was set back in between."""
    return round(answered - shown, 3) if 0 < shown <= answered else None

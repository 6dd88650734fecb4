"""Answers out: the formats, and a file that is either whole or untouched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from types import MappingProxyType
from typing import Any

from txtal.formats import prodigy
from txtal.formats.atomic import write_atomically
from txtal.formats.rows import (
    ORIGINAL,
    ExportRow,
    PredictedRow,
    Writable,
    Written,
    export_row,
    predicted_row,
    to_json,
    when,
    with_own_keys,
)
from txtal.formats.table import write_table
from txtal.types import Record

__all__ = [
    "FORMATS",
    "PREDICTED",
    "ExportRow",
    "PredictedRow",
    "Writable",
    "Written",
    "export_row",
    "predicted_row",
    "restored",
    "write",
    "write_atomically",
    "write_predicted",
    "write_table",
]


Format = Callable[[ExportRow], list[dict[str, Any]]]
"""The lines an answer becomes; none when the format can't say what the answer says."""


def write(rows: Iterable[ExportRow], out: Writable, form: Format) -> Written:
    """Write each answer to ``out`` in ``form``, one of the values of :data:`FORMATS`."""
    answers = written = 0
    left_out: Counter[str] = Counter()
    for row in rows:
        lines = form(row)
        for line in lines:
            if row.ticket.synthetic:
                line |= {"synthetic": True}
            out.write(to_json(line, row.ticket.id) + "\n")
        answers += 1
        written += len(lines)
        if not lines:
            left_out[row.answer.verdict] += 1
    return Written(answers, written, dict(left_out))


def full(row: ExportRow) -> list[dict[str, Any]]:
    """The whole record: what was loaded, what was answered, and what helps to judge the answer.

    An answer has a ``label`` (the refused one where ``answer`` is reject), a multilabel one
    ``labels``; ``suggestion`` has the same shape. A grade that was given is a number, too, as
    ``rating``. ``selection_probability`` lets users undo the bias of asking what a model finds
    hard. A key of the data's own with the name
    of one of these is under ``original``; see :func:`restored`.
    """
    answer, ranked = row.answer, row.answer.ranked
    several = row.scheme.task == "multilabel" or len(row.labels) > 1
    ours = {
        "answer": answer.verdict,
        "labels" if several else "label": _one_or_all(row.labels, several),
        "annotator": answer.annotator,
        "timestamp": when(answer.answered),
        "seconds": _seconds(answer.shown, answer.answered),
        "suggestion": _one_or_all(row.suggestion, several),
        "reason": None if ranked is None else ranked.reason,
        "selection_probability": None if ranked is None else ranked.selection_probability,
        "revision": answer.revision,
        "flagged": answer.flagged,
        "comment": answer.comment,
    }
    ours |= _number(row)
    reserved = _FULL_KEYS | {RATING} if row.scheme.task == "rating" else _FULL_KEYS
    return [with_own_keys(row.ticket, ours, reserved)]


def _number(row: ExportRow) -> dict[str, int]:
    """The grade that was given as a number."""
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
    ours = {
        "predicted": verdict,
        "labels" if several else "label": _one_or_all(names, several),
        "probability": round(probability, 4),
        "revision": made.revision,
        "timestamp": when(made.at),
    }
    return with_own_keys(row.ticket, ours, _FULL_KEYS | _PREDICTED)


def predicted_plain(row: PredictedRow) -> dict[str, Any] | None:
    """Text, label and that it was predicted; None where it was that the label doesn't apply."""
    full_line = predicted(row)
    if full_line["predicted"] == "reject":
        return None
    wanted = ("text", "label", "labels", "predicted")
    return {key: full_line[key] for key in wanted if key in full_line}


def write_predicted(
    rows: Iterable[PredictedRow],
    out: Writable,
    form: Callable[[PredictedRow], dict[str, Any] | None],
) -> int:
    """Write each prediction in ``form``, one of the values of :data:`PREDICTED`. How many it was"""
    written = 0
    for row in rows:
        line = form(row)
        if line is not None:
            out.write(to_json(line, row.ticket.id) + "\n")
            written += 1
    return written


def restored(record: Record) -> Record:
    """The record that was loaded, from one that an export wrote; any other record as it is."""
    extra = record.extra
    if not extra:
        return record
    if extra.keys() >= _PREDICTED and ("label" in extra or "labels" in extra):
        return _without(record, _FULL_KEYS | _PREDICTED)
    if not (extra.keys() >= _SIGNATURE and ("label" in extra or "labels" in extra)):
        return record
    return _without(record, _FULL_KEYS)


def _without(record: Record, ours: Set[str]) -> Record:
    own = {key: value for key, value in record.extra.items() if key not in ours}
    if str(own.get(RATING)) == record.extra.get("label"):
        del own[RATING]
    return Record(record.text, record.meta, own | own.pop(ORIGINAL, {}))


def training(row: ExportRow) -> list[dict[str, Any]]:
    """Text and label, nothing else: what a classifier is trained on. Accepted answers only."""
    if row.answer.verdict != "accept":
        return []
    if row.scheme.task == "multilabel":
        return [{"text": row.ticket.text, "labels": list(row.labels)}]
    return [{"text": row.ticket.text, "label": label} | _number(row) for label in row.labels]


FORMATS: Mapping[str, Format] = MappingProxyType(
    {"jsonl": full, "prodigy": prodigy.tasks, "plain": training}
)
"""Those of JSON Lines; :func:`.table.write_table` writes CSV."""

PREDICTED: Mapping[str, Callable[[PredictedRow], dict[str, Any] | None]] = MappingProxyType(
    {"jsonl": predicted, "plain": predicted_plain}
)
"""Formats that can say that a label is a prediction."""
RATING = "rating"

_SIGNATURE = frozenset({
    "answer", "annotator", "timestamp", "seconds", "suggestion", "reason",
    "selection_probability", "revision", "flagged", "comment",
})  # fmt: skip
_PREDICTED = frozenset({"predicted", "probability", "revision", "timestamp"})
_FULL_KEYS = _SIGNATURE | {"label", "labels", "accept"}
"""``accept`` too: left beside our answer, Prodigy's would read as part of it."""


def _one_or_all(names: tuple[str, ...] | None, several: bool) -> str | list[str] | None:
    if several:
        return None if names is None else list(names)
    return names[0] if names else None


def _seconds(shown: float, answered: float) -> float | None:
    """How long it took; None when unknown or when the clock was set back in between."""
    return round(answered - shown, 3) if 0 < shown <= answered else None

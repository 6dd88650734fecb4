"""Reading the answer in a record, in the forms that most files use."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from txtal.errors import DataError, UsageError
from txtal.formats.times import epoch
from txtal.text import normalise_label, shorten
from txtal.types import VERDICTS, Record, Task, Verdict
from txtal.types.grades import noun, span

LONGEST_ANSWER = 7 * 86_400
"""Seconds above which a file's time per answer is assumed to be something else."""


Kind = Literal["named", "asked", "whole"]
"""``whole``: the labels are all that apply, and a later answer replaces an earlier one. ``asked``:
it answers a question about these labels only, and all such answers to a text belong together.
``named``: the row has a label, but it isn't known which of the two it is."""


@dataclass(frozen=True, slots=True)
class Stated:
    """The answer in a record, with labels by name."""

    verdict: Verdict
    labels: tuple[str, ...]
    """For an accept those that apply, for a reject those that don't; for an ignore any."""
    annotator: str = ""
    at: float | None = None
    """When it was given, in seconds since 1970; None if unknown."""
    seconds: float | None = None
    """How long it took."""
    flagged: bool = False
    comment: str = ""
    kind: Kind = field(default="named", compare=False)
    task: Task | None = field(default=None, compare=False)
    """The task, if the record names it."""
    grades: tuple[str, ...] = field(default=(), compare=False)
    """For a rating the whole scale, if the record names it."""


Entry = tuple[int, Record, tuple[Stated, ...]]
"""Line, record, and its answers: none, or one of each of its annotators."""


def stated(record: Record) -> Stated | None:
    """Return the answer that ``record`` holds, or None. Raises DataError as :func:`stated_by`."""
    return stated_by(record.extra)


def stated_by(fields: Mapping[str, Any], separator: str = "") -> Stated | None:
    """Return the answer that a record with these ``fields`` holds, or None.

    Labels come from ``labels``, else ``label`` (a string or a list of strings), else Prodigy's
    ``accept`` (a list); a number is the name it is written with; null and a blank string are no
    label. ``answer`` says how they are meant; without one, or with one that isn't a verdict (a
    column of another meaning), they apply. In a choice task ``accept`` never says what a reject
    refused. A line that an export marked as ``predicted`` holds none. ``separator`` splits a cell.
    Raises DataError when a label isn't a name.
    """
    if fields.get("predicted") in VERDICTS and "answer" not in fields:
        return None  # a prediction is not an answer
    given = fields.get("answer")
    verdict = verdict_of(given)
    for key in ("labels", "label", "accept"):
        value = fields.get(key)
        if key == "accept" and not isinstance(value, list):
            continue
        labels = names(value, key, separator)
        if labels is None:
            continue
        if key == "accept" and verdict == "reject":
            labels = ()
        task: Task | None = "multilabel" if key == "labels" or len(labels) > 1 else None
        kind: Kind = "named" if verdict is None else "whole" if key != "label" else "asked"
        return Stated(verdict or "accept", labels, task=task, kind=kind)
    return Stated(verdict, ()) if verdict in ("reject", "ignore") else None


def verdict_of(value: object) -> Verdict | None:
    """Return the verdict that an ``answer`` names; None if it has another meaning."""
    if isinstance(value, str):
        return _VERDICTS.get(value.strip().casefold())
    return None


_VERDICTS: dict[str, Verdict] = {
    "accept": "accept", "accepted": "accept",
    "reject": "reject", "rejected": "reject",
    "ignore": "ignore", "ignored": "ignore", "skip": "ignore", "skipped": "ignore",
}  # fmt: skip


def labels_of(record: Record) -> tuple[str, ...] | None:
    """Return the labels that apply, perhaps none; None if unlabelled, rejected or ignored."""
    said = stated(record)
    return said.labels if said is not None and said.verdict == "accept" else None


def check_grade(record: Record, labels: Sequence[str], grades: Sequence[str]) -> None:
    """Raise DataError unless the record names one of the grades, or no label."""
    if labels and (len(labels) > 1 or labels[0] not in grades):
        raise DataError(
            f"{shorten(', '.join(labels), 60)!r} is not one of the {noun(grades)}s {span(grades)}, "
            f"in the ticket {shorten(record.text, 60)!r}"
        )


def name(value: object) -> str | None:
    """Return a normalised label name; empty for a blank value, None if it is no name.

    A whole number is the name it is written with, even if it is a float, as in a column with gaps.
    Raises DataError for a name that a label can't have.
    """
    if type(value) is str:
        return _made_good(value) if value.strip() else ""
    if type(value) is int:
        return str(value)
    if type(value) is float and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, Mapping):
        return next((name(value[key]) for key in _NAMES if isinstance(value.get(key), str)), None)
    return None


_NAMES = ("name", "label", "title", "value", "text")
"""Keys that hold the name of a label that is an object, such as an issue's on GitHub."""


@lru_cache(maxsize=4096)
def _made_good(given: str) -> str:
    try:
        return normalise_label(given)
    except UsageError as error:
        raise DataError(str(error)) from None


def names(value: Any, key: str, separator: str = "") -> tuple[str, ...] | None:
    """Return the labels in a field; None if it is null or blank. Raises DataError if invalid.

    A text may be a list as JSON or Python writes it, or Label Studio's ``{"choices": […]}``.
    """
    if value is None:
        return None
    if type(value) is bool:
        return ("true" if value else "false",)
    if isinstance(value, str):
        value = cell(value, separator)
        if value == "":
            return None
    elif isinstance(value, Mapping) and isinstance(value.get("choices"), list):
        value = value["choices"]
    found = [name(one) for one in (value if isinstance(value, list) else [value])]
    if None in found:
        raise DataError(f"{key!r} must hold names of labels, not {shorten(repr(value), 60)}")
    return tuple(dict.fromkeys(one for one in found if one))


_LISTS = (("[", "]"), ("{", "}"), ("(", ")"))
_ITEM = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+(?:\.\d+)?))\s*,?""")


def cell(text: str, separator: str = "") -> str | list[Any]:
    """Return the label in a cell, or the list of its labels."""
    bare = text.strip()
    if len(bare) > 1 and (bare[0], bare[-1]) in _LISTS:
        found = _list(bare)
        if found is not None:
            return found
    if separator and separator in bare:
        return [part.strip() for part in bare.split(separator) if part.strip()]
    return bare


def _list(text: str) -> list[Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return _literal(text)
    if isinstance(value, dict):
        value = value.get("choices")
    return value if isinstance(value, list) else None


def _literal(text: str) -> list[Any] | None:
    """Parse a list as Python or NumPy prints it: ``['a', 'b']``, ``['a' 'b']``, ``{'a'}``."""
    inner, at, found = text[1:-1], 0, []
    while inner[at:].strip():
        item = _ITEM.match(inner, at)
        if item is None:
            return None
        word = item[1] if item[1] is not None else item[2]
        found.append(re.sub(r"\\(.)", r"\1", word) if word is not None else float(item[3]))
        at = item.end()
    return found if found or not inner.strip() else None


def seconds(value: object) -> float | None:
    """Return how long an answer took, in seconds; None if it isn't a plausible time."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < LONGEST_ANSWER else None


def who(value: object) -> str:
    """Return an annotator's name, a word or a number; empty for anything else."""
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("email", "username", "id") if value.get(key)), "")
    if type(value) is int:
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def when(*values: object) -> float | None:
    """Return the first value that is a time, in seconds since 1970."""
    return next((at for at in map(epoch, values) if at is not None), None)

"""What a labelled record says, and the labels a label file names."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

from txtal.errors import DataError, UsageError
from txtal.formats import MAX_LINE
from txtal.formats.jsonl import load_object
from txtal.formats.lines import BadLine, lines, not_utf8
from txtal.reading import read_small
from txtal.text import normalise_label, shorten
from txtal.types import VERDICTS, Record, Verdict
from txtal.types.grades import span


@dataclass(frozen=True, slots=True)
class Stated:
    """The answer a record carries, its labels by name."""

    verdict: Verdict
    labels: tuple[str, ...]
    """accept: those that apply. reject: those that don't. ignore: whatever was named."""


def stated(record: Record) -> Stated | None:
    """What ``record`` says of itself; None when it says nothing.

    Labels come from ``labels``, else ``label`` (a string or a list of strings), else Prodigy's
    ``accept`` (a list); a whole number is a name, too; null and a blank string are no label.
    ``answer`` says how they are meant; without one, or with one that isn't a verdict (a column of
    another meaning), they apply. In a choice task ``accept`` never says what a reject refused.
    What an export marked as ``predicted`` says nothing. Raises DataError when a label isn't a name.
    """
    extra = record.extra
    if extra.get("predicted") in VERDICTS and "answer" not in extra:
        return None  # a model's word is nobody's answer
    given = extra.get("answer")
    verdict = cast(Verdict, given) if given in VERDICTS else None
    for key in ("labels", "label", "accept"):
        labels = _names(extra, key, record)
        if labels is None:
            continue
        if key == "accept" and verdict == "reject":
            labels = ()
        return Stated(verdict or "accept", labels)
    return Stated(verdict, ()) if verdict in ("reject", "ignore") else None


def labels_of(record: Record) -> tuple[str, ...] | None:
    """The labels that apply, () when none does; None when unlabelled, rejected or ignored."""
    said = stated(record)
    return said.labels if said is not None and said.verdict == "accept" else None


def check_grade(record: Record, labels: Sequence[str], grades: Sequence[str]) -> None:
    """Raise DataError unless the record names one of the grades, or no label."""
    if labels and (len(labels) > 1 or labels[0] not in grades):
        raise DataError(
            f"{shorten(', '.join(labels), 60)!r} is not one of the grades {span(grades)}, "
            f"in the ticket {shorten(record.text, 60)!r}"
        )


def _names(extra: Mapping[str, Any], key: str, record: Record) -> tuple[str, ...] | None:
    value = extra.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if key == "accept" and not isinstance(value, list):
        return None
    names = [
        str(v) if type(v) is int else v for v in (value if isinstance(value, list) else [value])
    ]
    if not all(isinstance(name, str) for name in names):
        raise DataError(
            f"{key!r} must hold names of labels, not {shorten(repr(value), 60)}, "
            f"in the ticket {shorten(record.text, 60)!r}"
        )
    try:
        return tuple(dict.fromkeys(map(normalise_label, names)))
    except UsageError as error:
        raise DataError(f"{error}, in the ticket {shorten(record.text, 60)!r}") from None


def read_labels(path: str | Path) -> list[tuple[str, str]]:
    """The (name, description) pairs of a label file, in its order.

    A label a line: a name, a name and a tab and a description, or a JSON object with ``label``
    and perhaps ``description``. Blank lines and lines that start with ``#`` are skipped. Raises
    DataError with file and line for a name that can't be one, or that is there twice.
    """
    found: dict[str, str] = {}
    for number, line in text_lines(Path(path)):
        try:
            given, description = _label(line)
            name = normalise_label(given)
        except (ValueError, UsageError) as error:
            raise DataError(f"{path}:{number}: {error}") from None
        if name in found:
            raise DataError(f"{path}:{number}: {name!r} is there twice")
        found[name] = description
    if not found:
        raise DataError(f"{path} names no label; write one a line")
    return list(found.items())


def text_lines(path: Path) -> list[tuple[int, str]]:
    """The lines that hold something and aren't comments, with their numbers. Raises DataError."""
    try:
        raw = list(lines(io.BytesIO(read_small(path)), str(path), _stop, MAX_LINE))
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}") from None
    texts = []
    for number, line in enumerate(raw, start=1):
        try:
            text = line.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError as error:
            _stop(BadLine(str(path), number, not_utf8(error)))
        if text.strip() and not text.lstrip().startswith("#"):
            texts.append((number, text))
    return texts


def _stop(bad: BadLine) -> NoReturn:
    raise DataError(str(bad))


def _label(line: str) -> tuple[str, str]:
    """Raises ValueError when ``line`` looks like JSON but names no label."""
    if line.lstrip().startswith("{"):
        fields = load_object(line)
        pair = [fields.get("label"), fields.get("description", "")]
    else:
        pair = list(line.partition("\t")[::2])
    if not all(isinstance(part, str) for part in pair):
        raise ValueError('expected {"label": "a name", "description": "what it is for"}')
    return pair[0], pair[1].strip()

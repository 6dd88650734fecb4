"""CSV in: a header that names a ``text`` column, a ticket a row.

A ``label`` column says how the ticket is labelled; every other column is meta. Commas, semicolons
and tabs separate; whichever the header has most of.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from txtal.errors import DataError
from txtal.formats import MAX_LINE
from txtal.formats.lines import BadLine, OnBad, not_utf8
from txtal.text import shorten
from txtal.types import Record

LABEL_COLUMN = "label"
_DELIMITERS = ",;\t"


def records(
    lines: Iterable[bytes],
    source: str,
    on_bad: OnBad,
    *,
    text_column: str = "text",
    max_field: int = MAX_LINE,
) -> Iterator[Record]:
    """A record for every good row; the others go to ``on_bad`` with the line they start on.

    A row with more or fewer cells than the header is bad: it may be two rows run together, or
    half of one. Empty cells are left out of meta. Raises DataError when the header has no text
    column or names a column twice.
    """
    spoilt: list[int] = []
    remaining = iter(lines)
    first = next(remaining, b"")
    # The limit belongs to the csv module, not to a reader, and is far too low for a long ticket.
    csv.field_size_limit(max_field)
    rows = csv.reader(
        _decoded(chain([first], remaining), source, on_bad, spoilt),
        delimiter=max(_DELIMITERS, key=lambda mark: first.count(mark.encode())),
        strict=True,
    )
    header: Sequence[str] = ()
    while True:
        start = rows.line_num + 1
        row, fault = _next_row(rows)
        if row is None and fault is None:
            return
        if row == [] or (spoilt and spoilt[-1] >= start):
            continue
        if row and not header:
            header = _header(row, source, text_column)
            continue
        fault = fault or _fault(row or (), header, text_column)
        if fault is None:
            yield _record(row or (), header, text_column)
        else:
            on_bad(BadLine(source, start, fault))


def _decoded(
    lines: Iterable[bytes], source: str, on_bad: OnBad, spoilt: list[int]
) -> Iterator[str]:
    """The lines as text. One that can't be used is blank, and its number goes to ``spoilt``."""
    for number, line in enumerate(lines, start=1):
        text = "\n"
        if not line:
            spoilt.append(number)
        else:
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                spoilt.append(number)
                on_bad(BadLine(source, number, not_utf8(error)))
        yield text


def _next_row(rows: Iterator[list[str]]) -> tuple[list[str] | None, str | None]:
    """(row, None), (None, why it is bad), or (None, None) at the end."""
    try:
        return next(rows), None
    except StopIteration:
        return None, None
    except csv.Error as error:
        return None, f"not CSV: {error}"


def _header(row: Sequence[str], source: str, text_column: str) -> tuple[str, ...]:
    names = [name.strip() or f"column {place}" for place, name in enumerate(row, start=1)]
    for known in (text_column, LABEL_COLUMN):
        names = [known if name.casefold() == known.casefold() else name for name in names]
    if text_column not in names:
        found = shorten(", ".join(map(repr, names)), 200)
        raise DataError(f"{source}:1: no column is named {text_column!r}; the header has {found}")
    if len(set(names)) < len(names):
        raise DataError(f"{source}:1: the header names a column twice; rename one of them")
    return tuple(names)


def _fault(row: Sequence[str], header: Sequence[str], text_column: str) -> str | None:
    if len(row) != len(header):
        return f"{len(row)} cells where the header has {len(header)}"
    if not row[header.index(text_column)].strip():
        return f"{text_column!r} is blank"
    return None


def _record(row: Sequence[str], header: Sequence[str], text_column: str) -> Record:
    cells = {name: cell for name, cell in zip(header, row, strict=True) if cell}
    text = cells.pop(text_column)
    label = cells.pop(LABEL_COLUMN, None)
    return Record(text, cells, {} if label is None else {LABEL_COLUMN: label})

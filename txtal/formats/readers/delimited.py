"""CSV and its kin in: a header that names the columns, a record a row.

Commas, semicolons, tabs and vertical bars separate: whichever the header has most of, or the one
that Excel's first line ``sep=;`` names. A quote that is wrong costs its own row: csv reads on to
wherever the next quote is, so the lines it took are read again from the one after.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from txtal.errors import DataError
from txtal.formats.formulas import is_own, unguarded
from txtal.formats.lines import not_utf8
from txtal.formats.reading import Rows, Source

_DELIMITERS = ",;\t|"
_ONE_COLUMN = "\x1f"
"""Separates the columns of a file that has one: nothing that a text holds."""

_LEAST = 65_536
"""Characters in which a quote is looked for at least, once files have proved to lack some."""

_UNCLOSED = "not CSV: the quote opened in it isn't closed"


def read(source: Source) -> Rows:
    """The cells of every good row by column, without empty ones; other rows are reported.

    A row with more or fewer cells than the header is bad: it may be two rows run together, or half
    of one. Raises DataError when the header names a column twice.
    """
    rows = _Rows(source)
    header = rows.header()
    if not header:
        return
    source.columns = tuple(header)
    width = len(header)
    whole = unguarded if is_own(header) else str
    while True:
        cells = rows.next()
        if cells is None:
            return
        if len(cells) == width:
            rows.flush()
            yield (
                rows.start,
                {name: whole(cell) for name, cell in zip(header, cells, strict=True) if cell},
            )
        elif len(cells) > width and not any(cells[width:]):
            rows.flush()
            yield (
                rows.start,
                {name: cell for name, cell in zip(header, cells[:width], strict=True) if cell},
            )
        elif cells:
            rows.miscounted(len(cells), width)


_USUAL = {name: name for name in ("text", "label", "labels", "answer")}


def column_names(cells: Sequence[object]) -> list[str]:
    """The names in a table's first row, trimmed, the usual ones in lower case."""
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    return [
        _USUAL.get(name.casefold(), name) or f"column {place}"
        for place, name in enumerate(names, start=1)
    ]


@dataclass(slots=True)
class _Spoilt:
    """A row that can't be used, and the lines it takes."""

    start: int
    last: int
    reason: str


@dataclass(slots=True)
class _Rows:
    """The rows of a file, and the lines each was made of, to go back to."""

    source: Source
    start: int = 0
    """The line that the newest row starts on."""
    _delimiter: str = ","
    _read: int = 0
    """Lines that the rows so far were made of."""
    _raw: Iterator[bytes] = field(init=False)
    _raw_count: int = 0
    _taken: list[str] = field(default_factory=list)
    _again: deque[tuple[str, bool]] = field(default_factory=deque)
    _unusable: bool = False
    _limit: int = 0
    _reader: Any = field(init=False)
    _bad: _Spoilt | None = None

    def __post_init__(self) -> None:
        self._raw = self.source.lines()
        self._limit = self.source.reading.max_line
        # It belongs to the csv module, not to a reader, and is far too low for a long ticket.
        csv.field_size_limit(self._limit)

    def header(self) -> list[str]:
        """The names of the columns; none of an empty file."""
        for line in self._raw:
            self._raw_count += 1
            text = self._decoded(line)[0]
            bare = text.strip().strip('"')
            if not bare:
                self._read += 1
                continue
            if self._read == self._raw_count - 1 and bare.lower().startswith("sep="):
                self._delimiter = bare[4:5] or ("\t" if "\t" in text else ",")
                self._read += 1
                return self._named(self._first())
            self._delimiter = max(_DELIMITERS, key=text.count)
            if not text.count(self._delimiter):
                self._delimiter = _ONE_COLUMN
            self._again.append((text, False))
            return self._named(self._first())
        return []

    def _first(self) -> list[str]:
        self._restart()
        return self.next() or []

    def _named(self, cells: Sequence[str]) -> list[str]:
        names = column_names(cells)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DataError(
                f"{self.source.name}:{self.start}: the header names a column twice, {twice!r}; "
                "rename one of them"
            )
        return names

    def next(self) -> list[str] | None:
        """The cells of the next row that csv can read; None at the end."""
        while True:
            self._taken.clear()
            self.start = self._read + 1
            self._unusable = False
            try:
                row: list[str] = next(self._reader)
            except StopIteration:
                if self._bad:
                    self.flush()
                return None
            except _Runaway:
                self._limit = max(_LEAST, self._limit // 2)
                self._go_back(_UNCLOSED)
                continue
            except csv.Error as error:
                ends = "end of data" in str(error)
                self._go_back(_UNCLOSED if ends else f"not CSV: {error}")
                continue
            self._read += len(self._taken)
            if self._bad is not None and self._is_rest(self._bad):
                self._bad.last = self._read
            elif row and not self._unusable:
                return row

    def miscounted(self, cells: int, width: int) -> None:
        """Leave out the row at hand, or only its first line where that has a quote too many."""
        reason = f"{cells:,} cells where the header has {width:,}"
        if len(self._taken) > 1 and self._stands_alone(self._taken[1], width):
            self._read -= len(self._taken)
            self._go_back(_UNCLOSED)
        elif self._bad and self._bad.last == self.start - 1:
            self._bad.last = self._read  # a part of the row whose quote is wrong
        else:
            self.flush()
            self.source.bad(self.start, _with_advice(reason, cells > width), self._read)

    def _is_rest(self, bad: _Spoilt) -> bool:
        """Whether the row at hand is the end of the bad one before: it has the closing quote."""
        return bad.last == self.start - 1 and sum(text.count('"') for text in self._taken) % 2 == 1

    def flush(self) -> None:
        """Report the row with a wrong quote, now that all of its lines are known."""
        if self._bad:
            self.source.bad(self._bad.start, self._bad.reason, self._bad.last)
            self._bad = None

    def _stands_alone(self, line: str, width: int) -> bool:
        try:
            return len(next(csv.reader([line], delimiter=self._delimiter, strict=True))) == width
        except (csv.Error, StopIteration):
            return False

    def _go_back(self, reason: str) -> None:
        """Take the first line for a bad row, and read the others again."""
        if self._unusable and len(self._taken) == 1:
            self._read += 1  # reported already
        else:
            self._read += 1
            if self._bad and self._bad.last == self.start - 1:
                self._bad.last = self._read
            else:
                self.flush()
                self._bad = _Spoilt(self.start, self._read, reason)
        self._again.extendleft((text, False) for text in reversed(self._taken[1:]))
        self._restart()

    def _restart(self) -> None:
        self._reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)

    def _lines(self) -> Iterator[str]:
        """The lines as text, each noted as taken; those to be read again come first."""
        taken, again = self._taken, self._again
        size = 0
        while True:
            if again:
                text, unusable = again.popleft()
            else:
                line = next(self._raw, None)
                if line is None:
                    return
                self._raw_count += 1
                text, unusable = self._decoded(line)
            if unusable:
                self._unusable = True
            if taken:
                size += len(text)
                if size > self._limit:
                    again.appendleft((text, unusable))
                    raise _Runaway
            else:
                size = len(text)
            taken.append(text)
            yield text

    def _decoded(self, line: bytes) -> tuple[str, bool]:
        """The line as text, blank if it can't be used, and whether it can't."""
        if not line:
            return "\n", True  # too long, and reported
        try:
            return line.decode(), False
        except UnicodeDecodeError as error:
            self.source.bad(self._raw_count, not_utf8(error, self.source.encoding))
            return "\n", True


class _Runaway(Exception):  # noqa: N818 - no error: the file is read on
    """A quote that isn't closed for longer than any text is taken."""


def _with_advice(reason: str, more: bool) -> str:
    return f"{reason}; a text with a separator in it needs quotes around it" if more else reason

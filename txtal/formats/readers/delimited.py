"""CSV and its kin in: a header that names the columns, a record a row.

Commas, semicolons, tabs and vertical bars separate: whichever the header has most of, or the one
that Excel's first line ``sep=;`` names. A file without a header has the columns that are named.
A quote that is wrong costs its own row: csv reads on to wherever the next quote is, so the lines it
took are read again from the one after.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from txtal.errors import DataError
from txtal.formats.formulas import is_own, unguarded
from txtal.formats.lines import not_utf8
from txtal.formats.reading import Rows, Source

_DELIMITERS = ",;\t|"
_ONE_COLUMN = "\x1f"
"""Separates the columns of a file that has one: nothing that a text holds."""

_MARK = "\ufeff"
"""The byte-order mark of a file that was put behind another."""

_LEAST = 65_536
"""Characters in which a quote is looked for at least, once files have proved to lack some."""

_AGAIN = "the header once more: files put one behind the other?"
_UNCLOSED = "not CSV: the quote opened in it isn't closed"
_TWICE = "; a quote within quotes is written twice"


def read(source: Source) -> Rows:
    """The cells of every good row by column, without empty ones; other rows are reported.

    A row with more or fewer cells than the header is bad: it may be two rows run together, or half
    of one. Raises DataError when the header names a column twice.
    """
    rows = _DelimitedRows(source)
    header = rows.header()
    source.columns = tuple(header)
    records = rows.records(header)
    return _unguarded(records) if is_own(header) else records


def _unguarded(records: Rows) -> Rows:
    """The same without the apostrophes that an export put before what begins like a formula."""
    for start, cells in records:
        yield start, {name: unguarded(cell) for name, cell in cells.items()}


_USUAL = {name: name for name in ("text", "label", "labels", "answer")}


def column_names(cells: Sequence[object]) -> list[str]:
    """The names in a table's first row, trimmed, the usual ones in lower case."""
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    return [
        _USUAL.get(name.casefold(), name) or f"column {place}"
        for place, name in enumerate(names, start=1)
    ]


def told_apart(names: Sequence[str], source: Source, line: int = 1) -> list[str]:
    """The names, those that were there before with a number, which is said.

    Raises DataError where a text or a label is named twice: which of them is meant?
    """
    twice = {name for name in names if names.count(name) > 1}
    usual = sorted(twice & {*_USUAL})
    if usual:
        raise DataError(
            f"{source.name}:{line}: the header names a column twice, {usual[0]!r}; rename one of "
            "them"
        )
    made: list[str] = []
    for name in names:
        numbered = (f"{name} {number}" for number in count(2))
        free = (one for one in numbered if one not in names and one not in made)
        made.append(next(free) if name in made else name)
    if twice:
        told = ", ".join(map(repr, (one for one in made if one not in names)))
        source.say(f"{source.name}: columns of the same name are numbered: {told}")
    return made


@dataclass(slots=True)
class _Spoilt:
    """A row that can't be used, and the lines it takes."""

    start: int
    last: int
    reason: str


@dataclass(slots=True)
class _DelimitedRows:
    """The rows of a file, and the lines each was made of, to go back to."""

    source: Source
    _delimiter: str = ","
    _read: int = 0
    """Lines that the rows so far were made of."""
    _raw: Iterator[bytes] = field(init=False)
    _taken: list[str] = field(default_factory=list)
    """Lines of the row at hand."""
    _again: deque[str] = field(default_factory=deque)
    """Lines to be read once more."""
    _unusable: bool = False
    """Whether a line of the row at hand can't be used, as was reported."""
    _limit: int = 0
    _header: list[str] = field(default_factory=list)
    """Its cells as they are written."""
    _reader: Any = field(init=False)
    _bad: _Spoilt | None = None
    """The row before, if its quote is wrong: what follows may be a part of it."""

    def __post_init__(self) -> None:
        self._raw = self.source.lines()
        self._limit = self.source.reading.max_line
        # It belongs to the csv module, not to a reader, and is far too low for a long ticket.
        csv.field_size_limit(self._limit)

    def header(self) -> list[str]:
        """The names of the columns; none of an empty file."""
        for line in self._raw:
            text = self._decoded(line)
            bare = text.strip().strip('"')
            if not bare:
                self._read += 1
                continue
            if not self._read and bare.lower().startswith("sep="):
                self._delimiter = bare[4:5] or ("\t" if "\t" in text else ",")
                self._read += 1
            else:
                self._delimiter = max(_DELIMITERS, key=text.count)
                if not text.count(self._delimiter):
                    self._delimiter = _ONE_COLUMN
                self._again.append(text)
            self._unusable = False
            self._restart()
            return self._named()
        self._restart()
        return []

    def _named(self) -> list[str]:
        if self.source.reading.columns:
            self._header = list(self.source.reading.columns)
            return told_apart(column_names(self._header), self.source, self._read + 1)
        try:
            self._header = next(self._reader, [])
        except (csv.Error, _Runaway) as error:
            raise DataError(
                f"{self.source.name}:{self._read + 1}: the header can't be read: {error}"
            ) from None
        self._read += len(self._taken)
        self._taken.clear()
        return told_apart(column_names(self._header), self.source, self._read)

    def records(self, header: Sequence[str]) -> Rows:
        """The cells of each good row by column."""
        taken, width = self._taken, len(header)
        last = self._header[-1] if self._header else ""  # a look at each row that costs little
        while True:
            try:
                for cells in self._reader:
                    start = self._read + 1
                    if len(cells) != width or self._bad is not None or self._unusable:
                        good = self._odd(cells, width)
                        if good:
                            yield start, {name: cell for name, cell in zip(header, good) if cell}  # noqa: B905
                        break  # perhaps its lines are read again, by another reader
                    self._read += len(taken)
                    taken.clear()
                    if cells[-1] == last and self._is_header(cells):
                        self.source.bad(start, _AGAIN)
                    else:
                        yield start, {name: cell for name, cell in zip(header, cells) if cell}  # noqa: B905
                else:
                    self._flush()
                    return
            except _Runaway:
                self._limit = max(_LEAST, self._limit // 2)
                self._go_back(_UNCLOSED)
            except csv.Error as error:
                runs_on = "end of data" in str(error) or (len(taken) > 1 and "limit" in str(error))
                self._go_back(_UNCLOSED if runs_on else f"not CSV: {error}{_TWICE}")

    def _is_header(self, cells: Sequence[str]) -> bool:
        """Whether a row is the header again. Of one column it may be a ticket."""
        bare = [cells[0].lstrip(_MARK), *cells[1:]]
        return len(bare) > 1 and bare == [self._header[0].lstrip(_MARK), *self._header[1:]]

    def _odd(self, cells: list[str], width: int) -> list[str]:
        """The cells of a row that isn't plainly good, if it is good all the same; none if not."""
        lines, start = self._taken[:], self._read + 1
        self._read += len(lines)
        self._taken.clear()
        if self._unusable:
            self._unusable = False
            return []
        if self._bad is not None and self._is_rest(self._bad, lines, start):
            self._bad.last = self._read
            return []
        if not cells:
            return []
        if len(cells) >= width and not any(cells[width:]):
            self._flush()
            return cells[:width]
        self._miscounted(lines, len(cells), width)
        return []

    def _miscounted(self, lines: Sequence[str], cells: int, width: int) -> None:
        """Leave out a row, or only its first line where that has a quote too many."""
        start = self._read - len(lines) + 1
        if len(lines) > 1 and self._stands_alone(lines[1], width):
            self._read = start - 1
            self._taken[:] = lines
            self._go_back(_UNCLOSED)
        elif self._bad and self._bad.last == start - 1:
            self._bad.last = self._read  # a part of the row whose quote is wrong
        else:
            self._flush()
            named = "--columns names" if self.source.reading.columns else "the header has"
            reason = f"{cells:,} cells where {named} {width:,}"
            self.source.bad(start, _with_advice(reason, cells > width), self._read)

    def _is_rest(self, bad: _Spoilt, lines: Sequence[str], start: int) -> bool:
        """Whether a row is the end of the bad one before: it has the closing quote."""
        return bad.last == start - 1 and sum(text.count('"') for text in lines) % 2 == 1

    def _flush(self) -> None:
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
        start, lines = self._read + 1, self._taken[1:]
        self._read += 1
        reported = self._unusable and not lines
        self._unusable = False
        if self._bad and self._bad.last == start - 1:
            self._bad.last = start
        elif not reported:
            self._flush()
            self._bad = _Spoilt(start, start, reason)
        self._taken.clear()
        self._again.extendleft(reversed(lines))
        self._restart()

    def _restart(self) -> None:
        self._reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)

    def _lines(self) -> Iterator[str]:
        """The lines as text, each noted as taken; those to be read again come first."""
        taken, again = self._taken, self._again
        size = 0
        while again:
            text = again.popleft()
            size = size + len(text) if taken else 0
            if size > self._limit:
                again.appendleft(text)
                raise _Runaway
            taken.append(text)
            yield text
        for line in self._raw:
            try:
                text = line.decode() or self._decoded(line)
            except UnicodeDecodeError:
                text = self._decoded(line)
            if taken:
                size += len(text)
                if size > self._limit:
                    again.append(text)
                    raise _Runaway
            else:
                size = 0
            taken.append(text)
            yield text

    def _decoded(self, line: bytes) -> str:
        """The line as text; a blank one if it can't be used."""
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            number = self._read + len(self._taken) + 1
            self.source.bad(number, not_utf8(error, self.source.encoding))
            text = ""
        if text:
            return text
        self._unusable = True  # it was too long, if it is empty, and reported
        return "\n"


class _Runaway(Exception):  # noqa: N818 - no error: the file is read on
    """A quote that isn't closed for longer than any text is taken."""


def _with_advice(reason: str, more: bool) -> str:
    return f"{reason}; a text with a separator in it needs quotes around it" if more else reason

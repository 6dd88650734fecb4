"""What a reader is given, and what it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from txtal.errors import UsageError
from txtal.formats import MAX_LINE
from txtal.formats.lines import BadLine, OnBad, lines

Fields: TypeAlias = dict[str, Any]
"""A record before anybody has decided what its fields mean: keys of JSON, or cells by column."""

Rows: TypeAlias = Iterator[tuple[int, Fields]]
"""Records with the number of the line each starts on, from 1; of the row where there are none."""

Progress = Callable[[int, int | None], None]
"""Told the bytes read and the bytes there are; None where nobody knows, as on standard input."""

Say = Callable[[str], None]
"""Where a reader says what it took a file to be, when that was a guess."""


def unheard(text: str) -> None:
    """Ignore a message."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a SOURCE is to be read, as the options of every command that reads one say it."""

    text: tuple[str, ...] = ()
    """Fields that make the text, joined in this order; none: ``text``, or a guess."""
    label: tuple[str, ...] = ()
    """Fields that hold the label, or are labels of 1 and 0; none: a guess."""
    labels: tuple[str, ...] = ()
    """The same where a field may hold several labels."""
    id: str = ""
    """The field that tells tickets apart elsewhere."""
    meta: tuple[str, ...] = ()
    """Fields to show beneath the text; none: those of a table, and ``meta``."""
    thread: str = ""
    """The field with the messages before the text; empty: a list called ``thread``."""
    separator: str = ""
    """What parts several labels in a cell: ``none`` keeps cells whole, empty finds out."""
    columns: tuple[str, ...] = ()
    """The names of a table's columns; none: its first line has them."""
    encoding: str = ""
    format: str = ""
    """The import format; empty goes by the name and the first bytes."""
    max_line: int = MAX_LINE
    """Longest line taken, in bytes."""


class Bytes(Protocol):
    """A file that can be looked into without taking anything from it."""

    def readline(self, size: int = -1, /) -> bytes: ...
    def read(self, size: int = -1, /) -> bytes: ...
    def peek(self, size: int = 0, /) -> bytes: ...


@dataclass(slots=True)
class Source:
    """An opened file or pipe, as a reader is given it: uncompressed, and text as UTF-8."""

    name: str
    """As messages have it."""
    stream: Bytes
    on_bad: OnBad
    reading: Reading = field(default_factory=Reading)
    path: Path | None = None
    """The file; None for standard input. Only for formats that jump about in it."""
    say: Say = unheard
    progress: Progress | None = None
    encoding: str = "UTF-8"
    """What the text was before it was UTF-8."""
    columns: tuple[str, ...] = ()
    """The names of a table's columns, once its reader has begun."""

    @property
    def file(self) -> Path:
        """Return the file. Raises UsageError on standard input, which can't be jumped about in."""
        if self.path is None:
            raise UsageError(f"{self.name}: this format needs a file; save it first and name that")
        return self.path

    def lines(self) -> Iterator[bytes]:
        """Its lines with their ends; one that is too long is reported and comes out empty."""
        return lines(self.stream, self.name, self.on_bad, self.reading.max_line)

    def bad(self, line: int, reason: str, last: int = 0) -> None:
        """Report a record that is left out, from ``line`` to ``last`` if it spans several."""
        self.on_bad(BadLine(self.name, line, reason, last))

"""Rows of the screen as what the terminal is sent: the cells that changed, each in its place.

prompt_toolkit compares two screens cell by cell and moves the cursor by so many columns, from where
it takes it to be. A terminal that draws a vowel sign or an emoji narrower or wider than that puts
all that follows in the wrong place, and leaves remnants there. Here a row with such text is painted
as a whole, blanks first, and what follows the text is put in its place by column and row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby, zip_longest
from operator import itemgetter

from txtal.ui import charset
from txtal.ui.clusters import agreed, cell_width, cells
from txtal.ui.layout import CURSOR, Fragment
from txtal.ui.wrap import fit

_ERASE_TO_THE_END = "\x1b[K"
_NEAR = 5
"""Cells that stay between two that change are sent again rather than jumped over."""
_ROWS = 512
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Ink:
    """What a style comes to."""

    code: str
    """The escape sequence that sets its colours, whatever was set before."""
    on_blanks: bool = False
    """A blank shows it, too: a background, a line under it."""


Inks = Callable[[str], Ink]
"""The ink of a style."""

PLAIN = Ink("\x1b[0m")
_PLAIN_START = "\x1b[0;"

Cell = tuple[Ink | None, str]
"""The ink of a cell, None where every ink looks the same, and its character; none behind a wide
one."""

_BLANK: Cell = (None, " ")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a row in one colour."""

    at: int
    """Its column."""
    width: int
    ink: Ink
    text: str
    agreed: bool
    """All terminals draw it in ``width`` cells."""


@dataclass(frozen=True, slots=True)
class PaintedRow:
    """A row of the screen."""

    parts: tuple[Stretch, ...] = ()
    cells: tuple[Cell, ...] = ()
    """Up to the last that isn't blank; not known where terminals don't agree."""
    agreed: bool = True
    cursor: int | None = None
    """The column of the cursor, if it is in this row."""


@dataclass(slots=True)
class _Pen:
    """What was sent, and with it where the terminal writes next and in which colours."""

    sent: list[str] = field(default_factory=list)
    place: tuple[int, int] | None = None
    ink: Ink = PLAIN

    def go(self, row: int, column: int) -> None:
        if self.place == (row, column):
            return
        if self.place and self.place[0] == row and self.place[1] < column:
            self.sent.append(f"\x1b[{column - self.place[1]}C")
        else:
            self.sent.append(f"\x1b[{row + 1};{column + 1}H")
        self.place = row, column

    def dip(self, ink: Ink) -> None:
        if self.ink != ink:
            fresh = self.ink == PLAIN and ink.code.startswith(_PLAIN_START)
            self.sent.append(f"\x1b[{ink.code[len(_PLAIN_START) :]}" if fresh else ink.code)
            self.ink = ink

    def write(self, ink: Ink | None, text: str, width: int) -> None:
        if ink or self.ink.on_blanks:
            self.dip(ink or PLAIN)
        self.sent.append(text)
        if self.place:
            self.place = self.place[0], self.place[1] + width

    def erase_to_the_end(self) -> None:
        if self.ink.on_blanks:
            self.dip(PLAIN)
        self.sent.append(_ERASE_TO_THE_END)


def painted(rows: Sequence[PaintedRow], before: Sequence[PaintedRow]) -> str:
    """Return what turns a screen with the rows ``before`` into one with ``rows``.

    Rows that are missing are blank. The colours are the terminal's own afterwards.
    """
    pen = _Pen()
    for y, (row, old) in enumerate(zip_longest(rows, before, fillvalue=PaintedRow())):
        if row.parts == old.parts:
            continue
        if row.agreed and old.agreed:
            _change(pen, y, row.cells, old.cells)
        else:
            _paint_whole(pen, y, row)
    if pen.sent:
        pen.dip(PLAIN)
    return "".join(pen.sent)


def _change(pen: _Pen, y: int, new: Sequence[Cell], old: Sequence[Cell]) -> None:
    """Paint the cells that changed, and erase what the old row had beyond the new one."""
    for start, end in _changes(new, old):
        pen.go(y, start)
        for ink, run in groupby(new[start:end], itemgetter(0)):
            chars = [char for _, char in run]
            pen.write(ink, "".join(chars), len(chars))
    if len(new) < len(old):
        pen.go(y, len(new))
        pen.erase_to_the_end()


def _changes(new: Sequence[Cell], old: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """The stretches of the new row that differ from the old one, near ones as one."""
    changed = [x for x, cell in enumerate(new) if cell != (old[x] if x < len(old) else _BLANK)]
    if not changed:
        return
    start = end = changed[0]
    for x in changed[1:]:
        if x - end > _NEAR:
            yield start, _behind(new, end)
            start = x
        end = x
    yield start, _behind(new, end)


def _behind(row: Sequence[Cell], at: int) -> int:
    """The column behind the character in this one."""
    at += 1
    while at < len(row) and not row[at][1]:
        at += 1
    return at


def _paint_whole(pen: _Pen, y: int, row: PaintedRow) -> None:
    """Paint a whole row; after what terminals don't agree on, the next part is put in its place."""
    pen.place = None
    pen.go(y, 0)
    pen.erase_to_the_end()
    for part in row.parts:
        pen.go(y, part.at)
        if part.ink.on_blanks and not part.agreed:  # it goes as far as it was meant to
            pen.write(part.ink, " " * part.width, part.width)
            pen.place = None
            pen.go(y, part.at)
        pen.write(part.ink, part.text, part.width)
        if not part.agreed:
            pen.place = None


@lru_cache(maxsize=_ROWS)
def made(line: tuple[Fragment, ...], width: int, inks: Inks, encoding: str = "utf-8") -> PaintedRow:
    """Return a line's row, no wider than ``width``, in what the terminal's ``encoding`` has."""
    parts: list[Stretch] = []
    cursor, x = None, 0
    for style, text in line:
        if (style, text) == CURSOR:
            cursor = min(x, width - 1)
            continue
        text = fit(_CONTROLS.sub("?", text), max(0, width - x)) if text else ""
        if text:
            takes = cells(text)
            text = _written(text, encoding)
            parts.append(Stretch(x, takes, inks(style), text, agreed(text)))
            x += takes
    if all(part.agreed for part in parts):
        return PaintedRow(tuple(parts), _cells(parts), agreed=True, cursor=cursor)
    return PaintedRow(tuple(parts), agreed=False, cursor=cursor)


def _written(text: str, encoding: str) -> str:
    """The text, as wide as before, with other characters for those that the terminal lacks."""
    if text.isascii() or encoding.casefold() in ("utf-8", "utf8"):
        return text
    return "".join(
        char if charset.shows(char, encoding) else charset.plain(char) * cell_width(char)
        for char in text
    )


def _cells(parts: Sequence[Stretch]) -> tuple[Cell, ...]:
    found: list[Cell] = []
    for part in parts:
        blank = (part.ink if part.ink.on_blanks else None, " ")
        if part.text.isascii():
            found += [blank if char == " " else (part.ink, char) for char in part.text]
            continue
        for char in part.text:
            found.append(blank if char == " " else (part.ink, char))
            found += [(part.ink, "")] * (cell_width(char) - 1)
    while found and found[-1] == _BLANK:
        found.pop()
    return tuple(found)

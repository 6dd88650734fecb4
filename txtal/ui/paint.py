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

from txtal.ui.clusters import agreed, cell_width, cells
from txtal.ui.layout import CURSOR, Fragment
from txtal.ui.wrap import fit

Codes = Callable[[str], str]
"""The escape sequence that sets the colours of a style, whatever was set before."""

PLAIN = "\x1b[0m"
_BLANK = (PLAIN, " ")
_ERASE_TO_THE_END = "\x1b[K"
_NEAR = 6
"""Cells that stay between two that change are sent again rather than jumped over."""
_ROWS = 512
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")

Cell = tuple[str, str]
"""The colours of a cell, and the character in it with its marks; none behind a wide one."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a row in one colour."""

    at: int
    """Its column."""
    width: int
    code: str
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
    code: str = ""

    def go(self, row: int, column: int) -> None:
        if self.place == (row, column):
            return
        if self.place and self.place[0] == row and self.place[1] < column:
            self.sent.append(f"\x1b[{column - self.place[1]}C")
        else:
            self.sent.append(f"\x1b[{row + 1};{column + 1}H")
        self.place = row, column

    def colour(self, code: str) -> None:
        if self.code != code:
            self.sent.append(code)
            self.code = code

    def write(self, code: str, text: str, width: int) -> None:
        self.colour(code)
        self.sent.append(text)
        if self.place:
            self.place = self.place[0], self.place[1] + width

    def erase_to_the_end(self) -> None:
        self.colour(PLAIN)
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
        pen.colour(PLAIN)
    return "".join(pen.sent)


def _change(pen: _Pen, y: int, new: Sequence[Cell], old: Sequence[Cell]) -> None:
    """Paint the cells that changed, and erase what the old row had beyond the new one."""
    for start, end in _changes(new, old):
        pen.go(y, start)
        for code, run in groupby(new[start:end], itemgetter(0)):
            chars = [char for _, char in run]
            pen.write(code, "".join(chars), len(chars))
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
            yield start, end + 1
            start = x
        end = x
    yield start, end + 1


def _paint_whole(pen: _Pen, y: int, row: PaintedRow) -> None:
    """Paint a whole row; after what terminals don't agree on, the next part is put in its place."""
    pen.place = None
    pen.go(y, 0)
    pen.erase_to_the_end()
    for part in row.parts:
        pen.go(y, part.at)
        if part.agreed:
            pen.write(part.code, part.text, part.width)
            continue
        if part.code != PLAIN:  # its background goes as far as it was meant to
            pen.write(part.code, " " * part.width, part.width)
            pen.place = None
            pen.go(y, part.at)
        pen.write(part.code, part.text, part.width)
        pen.place = None


@lru_cache(maxsize=_ROWS)
def made(line: tuple[Fragment, ...], width: int, codes: Codes) -> PaintedRow:
    """Return a line's row, no wider than ``width``."""
    parts: list[Stretch] = []
    cursor, x = None, 0
    for style, text in line:
        if (style, text) == CURSOR:
            cursor = min(x, width - 1)
            continue
        text = fit(_CONTROLS.sub("?", text), max(0, width - x)) if text else ""
        if text:
            takes = cells(text)
            parts.append(Stretch(x, takes, codes(style), text, agreed(text)))
            x += takes
    if all(part.agreed for part in parts):
        return PaintedRow(tuple(parts), _cells(parts), agreed=True, cursor=cursor)
    return PaintedRow(tuple(parts), agreed=False, cursor=cursor)


def _cells(parts: Sequence[Stretch]) -> tuple[Cell, ...]:
    found: list[Cell] = []
    for part in parts:
        if part.text.isascii():
            found += [(part.code, char) for char in part.text]
            continue
        for char in part.text:
            width = cell_width(char)
            found.append((part.code, char))
            found += [(part.code, "")] * (width - 1)
    while found and found[-1] == _BLANK:
        found.pop()
    return tuple(found)

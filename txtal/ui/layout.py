"""Lines of (style, text) fragments, and the room there is for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from txtal.ui.clusters import cells
from txtal.ui.wrap import fit

Fragment = tuple[str, str]
Line = list[Fragment]

CURSOR: Fragment = ("[SetCursorPosition]", "")
"""Stands where the cursor is to be."""

MIN_COLUMNS, MIN_ROWS = 40, 12
_ROOMY_ROWS = 20
_MEASURE = 92
"""Longest line of running text; wider ones are hard to read."""
_USUAL_PANEL = 10
_WIDE = 120
"""Columns from which something stands beside the ticket."""
_TALL, _SHELF = 34, 10
"""Rows from which the newest answers stand under the labels, and how many rows they take."""
_MOST_BESIDE = 72
_MOST_OF_ALL = 171
"""Columns that are used; the margins take the rest."""


@dataclass(frozen=True, slots=True)
class Room:
    """The screen's size and what follows from it."""

    columns: int
    rows: int

    @property
    def roomy(self) -> bool:
        """There is space for blank lines."""
        return self.rows >= _ROOMY_ROWS

    @property
    def width(self) -> int:
        """Of running text."""
        return min(self.columns - (4 if self.roomy else 2), _MEASURE)

    @property
    def wide(self) -> bool:
        """There is space for a second column."""
        return self.roomy and self.columns >= _WIDE

    @property
    def main(self) -> Room:
        """The first of two columns, its margins included."""
        return Room(min(_MEASURE, (self.columns - 7) * 6 // 10) + 4, self.rows)

    @property
    def outer(self) -> int:
        """The margin at the left of two columns."""
        return max(0, (self.columns - _MOST_OF_ALL) // 2)

    @property
    def beside(self) -> int:
        """The width of the second column."""
        return min(_MOST_BESIDE, self.columns - self.main.columns - 2 * self.outer - 4)

    @property
    def left(self) -> int:
        """The margin that puts running text in the middle, or under the first of two columns."""
        return self.outer + 2 if self.wide else (self.columns - self.width) // 2

    @property
    def line(self) -> int:
        """The longest line that needs no folding: it may run on to the right edge."""
        return self.columns - self.left - 1

    @property
    def gap(self) -> int:
        """Between columns."""
        return 3 if self.roomy else 1

    @property
    def shelf_rows(self) -> int:
        """How many rows the newest answers take under the labels; none on a screen not so tall."""
        return _SHELF if self.rows >= _TALL else 0

    def cell(self, columns: int) -> int:
        """How wide each of so many columns is."""
        return (self.width + self.gap) // columns - self.gap

    @property
    def label_rows(self) -> int:
        """How many rows the labels may take."""
        return max(3, min(9, self.rows // 6))

    @property
    def picker_rows(self) -> int:
        """How many labels the picker lists."""
        return max(3, min(9, self.rows // 3))


def clickable(line: Line, target: str) -> Line:
    """The line, marked so that a click on it is known to mean ``target``: ``key:3``, ``row:12``.

    Words in brackets mean nothing to prompt_toolkit's styles.
    """
    return [(f"{style} [{target}]", text) for style, text in line]


def barred(line: Line, selected: bool, width: int) -> Line:
    """The row of a list: over its whole width marked as the selected one, or not."""
    line = cut([("class:good" if selected else "", "▸ " if selected else "  "), *line], width)
    if not selected:
        return line
    rest = " " * (width - width_of(line))
    return [(f"{style} class:bar", text) for style, text in (*line, ("", rest))]


def target_at(line: Line, x: int) -> str:
    """What a click at this cell of a line means; empty when nothing."""
    for style, text in line:
        x -= cells(text)
        if x < 0:
            return style.rpartition(" [")[2][:-1] if style.endswith("]") else ""
    return ""


def width_of(line: Sequence[Fragment]) -> int:
    """How many cells a line takes."""
    return sum(cells(text) for _, text in line)


def cut(line: Line, width: int) -> Line:
    """The line, no wider than ``width``."""
    kept: Line = []
    for style, text in line:
        if cells(text) > width:
            return [*kept, (style, fit(text, width))]
        kept.append((style, text))
        width -= cells(text)
    return kept


def shift(lines: Iterable[Line], left: int) -> list[Line]:
    """The lines moved to the right; empty ones stay empty."""
    return [[("", " " * left), *line] if line else line for line in lines]


def beside(lines: Sequence[Line], side: Sequence[Line], room: Room) -> list[Line]:
    """The rows of two columns, with a rule between them."""
    joined = []
    for at, line in enumerate(lines):
        kept = cut(line, room.main.columns)
        gap = " " * (room.main.columns - width_of(kept))
        right = cut(side[at], room.beside) if at < len(side) else []
        rule = ("class:rule", "│ ")
        joined.append([("", " " * room.outer), *kept, ("", gap), rule, *right])
    return joined


def middle(lines: Sequence[Line], room: Room, height: int) -> list[Line]:
    """The lines a little above the middle of what is usually free, so that a list that opens
    beneath moves nothing."""
    wished = max(0, room.rows - _USUAL_PANEL - len(lines)) * 2 // 5
    above = max(0, min(wished, height - len(lines)))
    return [*([] for _ in range(above)), *shift(lines, room.left)][:height]


def sides(left: Line, right: Sequence[Fragment], width: int) -> Line:
    """``left`` and, at the right edge, as many of ``right`` as there is room for."""
    marks: Line = []
    for style, text in right:
        room = width - width_of(left) - width_of(marks) - 2
        if room >= min(cells(text), 8):
            marks = [(style, fit(text, room)), *([("", "  ")] if marks else []), *marks]
        elif not marks:
            # The first mark must be seen: what is left of it gives way.
            marks = [(style, fit(text, width // 2))]
            left = cut(left, width - width_of(marks) - 2)
    return (
        [*left, ("", " " * (width - width_of(left) - width_of(marks))), *marks] if marks else left
    )

"""What the screen draws, put into the terminal's cells: a window without what ours never needs.

prompt_toolkit's own window wraps, scrolls, aligns and notes where each character came from, cell by
cell and at every key. Here the lines fit already, and a line that stands as it stood is not put
into cells again.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout import FormattedTextControl, Window
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Char, Screen, WritePosition
from prompt_toolkit.mouse_events import MouseEvent

from txtal.ui.labels import CURSOR
from txtal.ui.layout import Fragment
from txtal.ui.view import Frame

if TYPE_CHECKING:
    from prompt_toolkit.key_binding.key_bindings import NotImplementedOrNone

Draw = Callable[[int, int], Frame]
"""The picture for so many columns and rows."""

OnMouse = Callable[[MouseEvent], "NotImplementedOrNone"]

_BLANK, _BEHIND_WIDE = Char(" ", ""), Char("", "")
_LINES = 256
_ERASE, _COLUMN = "\x1b[2K", "\x1b[{}G"


class Canvas(Window):
    """The whole screen as one window."""

    def __init__(self, draw: Draw, on_mouse: OnMouse) -> None:
        super().__init__(FormattedTextControl(focusable=True))
        self._draw = draw
        self._on_mouse = on_mouse
        self._rows: dict[int, Row] = {}
        """As they were drawn last."""

    def write_to_screen(
        self,
        screen: Screen,
        mouse_handlers: MouseHandlers,
        write_position: WritePosition,
        parent_style: str,
        erase_bg: bool,
        z_index: int | None,
    ) -> None:
        """Draw, and fill the cells."""
        at = write_position
        screen.width, screen.height = at.width, at.height
        for y, line in enumerate(self._draw(at.width, at.height).lines[: at.height]):
            row = self._rows[y] = _next_row(self._rows.get(y), tuple(line), at.width)
            cells, cursor, escapes = _cells(row.line, at.width, row.turn)
            screen.data_buffer[y] = cells
            if escapes:
                screen.zero_width_escapes[y].update(escapes)
            if cursor is not None:
                screen.set_cursor_position(self, Point(cursor, y))
                screen.show_cursor = True
        mouse_handlers.mouse_handlers = _Everywhere(self._on_mouse)
        screen.visible_windows_to_write_positions[self] = at


class _Everywhere(defaultdict[int, defaultdict[int, OnMouse]]):
    """One handler for every cell."""

    def __init__(self, handler: OnMouse) -> None:
        super().__init__(lambda: defaultdict(lambda: handler))


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it was drawn, and whether it is one whose width terminals disagree on."""

    line: tuple[Fragment, ...]
    width: int
    disputed: bool
    turn: int = 0
    """Another than that of the row before where each of its cells is to be written again; 0 where
    the cells that differ are enough."""


def _next_row(before: Row | None, line: tuple[Fragment, ...], width: int) -> Row:
    """Return the row that takes another's place.

    After a character whose width a terminal sees otherwise, nothing is where it was put. So such a
    row is written whole, and so is the one that follows it.
    """
    if before is not None and before.line == line and before.width == width:
        return before
    disputed = any(map(is_disputed, (text for _, text in line)))
    again = disputed or (before is not None and before.disputed)
    return Row(line, width, disputed, (before.turn if before else 0) % 2 + 1 if again else 0)


@lru_cache(maxsize=1024)
def is_disputed(text: str) -> bool:
    """Whether terminals disagree on a text's width: vowel signs that stand beside their letter.

    Those of Devanagari, Tamil and others take a cell of their own in some and none in others.
    """
    return not text.isascii() and any(unicodedata.category(char) == "Mc" for char in text)


@lru_cache(maxsize=_LINES)
def _cells(
    line: tuple[Fragment, ...], width: int, turn: int
) -> tuple[defaultdict[int, Char], int | None, dict[int, str]]:
    """A line's cells, the column of the cursor if it is in this line, and what goes before cells.

    Of a row that is written whole, that is to erase the line, and to go to the column where a
    fragment begins after one that may have ended elsewhere.
    """
    cells: defaultdict[int, Char] = defaultdict(lambda: _BLANK)
    cursor, x = None, 0
    mark = f" class:turn{turn}" if turn else ""  # no theme has it: it only makes cells differ
    escapes = {0: _ERASE} if turn else {}
    disputed = False
    for fragment in line:
        if fragment == CURSOR:
            cursor = min(x, width - 1)
            continue
        style, text = fragment
        if disputed and text.strip() and 0 < x < width:  # blanks may be overwritten, not overwrite
            escapes[x] = _COLUMN.format(x + 1)
        disputed = bool(turn) and (disputed or is_disputed(text))
        for char in text:
            x = _put(cells, x, _char(char, style + mark), width)
    if turn and not cells:
        cells[0] = _char(" ", mark)
    return cells, cursor, escapes


@lru_cache(maxsize=8192)
def _char(char: str, style: str) -> Char:
    return Char(char, style)


def _put(cells: defaultdict[int, Char], x: int, char: Char, width: int) -> int:
    """Put a character at ``x``; a mark goes into the cell before. Returns where the next goes."""
    if not char.width:
        base = next((back for back in (1, 2) if x >= back and cells[x - back].width == back), 0)
        if base:
            below = cells[x - base]
            cells[x - base] = Char(below.char + char.char, below.style)
    elif x + char.width <= width:
        cells[x] = char
        for behind in range(x + 1, x + char.width):
            cells[behind] = _BEHIND_WIDE
    return x + char.width

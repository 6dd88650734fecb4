"""What the screen draws, put into the terminal's cells: a window without what ours never needs.

prompt_toolkit's own window wraps, scrolls, aligns and notes where each character came from, cell by
cell and at every key. Here the lines fit already, and a line that stands as it stood is not put
into cells again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
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


class Canvas(Window):
    """The whole screen as one window."""

    def __init__(self, draw: Draw, on_mouse: OnMouse) -> None:
        super().__init__(FormattedTextControl(focusable=True))
        self._draw = draw
        self._on_mouse = on_mouse

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
            cells, cursor = _cells(tuple(line), at.width)
            screen.data_buffer[y] = cells
            if cursor is not None:
                screen.set_cursor_position(self, Point(cursor, y))
                screen.show_cursor = True
        mouse_handlers.mouse_handlers = _Everywhere(self._on_mouse)
        screen.visible_windows_to_write_positions[self] = at


class _Everywhere(defaultdict[int, defaultdict[int, OnMouse]]):
    """One handler for every cell."""

    def __init__(self, handler: OnMouse) -> None:
        super().__init__(lambda: defaultdict(lambda: handler))


@lru_cache(maxsize=_LINES)
def _cells(line: tuple[Fragment, ...], width: int) -> tuple[defaultdict[int, Char], int | None]:
    """A line's cells, and the column of the cursor if it is in this line."""
    cells: defaultdict[int, Char] = defaultdict(lambda: _BLANK)
    cursor, x = None, 0
    for fragment in line:
        if fragment == CURSOR:
            cursor = min(x, width - 1)
            continue
        style, text = fragment
        for char in text:
            x = _put(cells, x, _char(char, style), width)
    return cells, cursor


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

"""What the screen draws as a window of prompt_toolkit, which sends the terminal what changed.

prompt_toolkit's own windows wrap, scroll, align and note where each character came from, cell by
cell and at every key, and so does the comparison of two of its screens. Here the lines fit already,
so this window leaves the screen empty and hands the terminal its own painting (``paint.py``).
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.data_structures import Point, Size
from prompt_toolkit.layout import FormattedTextControl, Window
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Char, Screen, WritePosition
from prompt_toolkit.mouse_events import MouseEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import BaseStyle

from txtal.ui import paint
from txtal.ui.paint import Ink, PaintedRow
from txtal.ui.view import Frame

if TYPE_CHECKING:
    from prompt_toolkit.key_binding.key_bindings import NotImplementedOrNone

Draw = Callable[[int, int], Frame]
"""The picture for so many columns and rows."""

OnMouse = Callable[[MouseEvent], "NotImplementedOrNone"]

_TWO = (Char("", "[1]"), Char("", "[2]"))
"""Characters that paint nothing, each other than the one before: what goes along is sent."""
_BEHIND_THEM = "\x1b[1;2H"
"""Where the cursor is once they are painted, as prompt_toolkit has it."""


class Canvas(Window):
    """The whole screen as one window."""

    def __init__(self, draw: Draw, on_mouse: OnMouse) -> None:
        super().__init__(FormattedTextControl(focusable=True))
        self.rows: Sequence[PaintedRow] = ()
        """As they were painted last."""
        self._draw = draw
        self._on_mouse = on_mouse
        self._screen: Screen | None = None
        self._inks: _Inks | None = None
        self._turn = 0

    def write_to_screen(
        self,
        screen: Screen,
        mouse_handlers: MouseHandlers,
        write_position: WritePosition,
        parent_style: str,
        erase_bg: bool,
        z_index: int | None,
    ) -> None:
        """Draw, and hand the terminal what changed."""
        at, app = write_position, get_app()
        if self._inks is None:
            self._inks = _Inks(app.renderer.style, app.color_depth)
        lines = self._draw(at.width, at.height).lines[: at.height]
        encoding = app.output.encoding() or "utf-8"
        rows = [paint.made(tuple(line), at.width, self._inks, encoding) for line in lines]
        stands = app.renderer.last_rendered_screen
        changes = paint.painted(rows, self.rows if stands and stands is self._screen else ())
        self.rows, self._screen = rows, screen
        self._turn += bool(changes)
        screen.width, screen.height = at.width, at.height
        screen.data_buffer[0][0] = _TWO[self._turn % 2]
        screen.zero_width_escapes[0][0] = changes + _BEHIND_THEM if changes else ""
        for y, row in enumerate(rows):
            if row.cursor is not None:
                screen.set_cursor_position(self, Point(row.cursor, y))
                screen.show_cursor = True
        mouse_handlers.mouse_handlers = _Everywhere(self._on_mouse)
        screen.visible_windows_to_write_positions[self] = at


class _Everywhere(defaultdict[int, defaultdict[int, OnMouse]]):
    """One handler for every cell."""

    def __init__(self, handler: OnMouse) -> None:
        super().__init__(lambda: defaultdict(lambda: handler))


class _Inks:
    """What the styles come to on a terminal of so many colours."""

    def __init__(self, style: BaseStyle, depth: ColorDepth) -> None:
        self._style = style
        self._depth = depth
        self._known: dict[str, Ink] = {}
        self._written = io.StringIO()
        self._output = Vt100_Output(self._written, lambda: Size(1, 1))

    def __call__(self, style: str) -> Ink:
        """Return the ink of one style."""
        if style not in self._known:
            attrs = self._style.get_attrs_for_style_str(style)
            self._output.set_attributes(attrs, self._depth)
            self._output.flush()
            on_blanks = attrs.bgcolor or attrs.underline or attrs.reverse or attrs.strike
            self._known[style] = Ink(self._written.getvalue(), on_blanks=bool(on_blanks))
            self._written.seek(0)
            self._written.truncate()
        return self._known[style]

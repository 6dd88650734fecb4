"""Rows put into the terminal's cells, those whose width terminals disagree on among them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Screen, WritePosition

from txtal.ui.canvas import Canvas, is_disputed
from txtal.ui.layout import Line
from txtal.ui.view import Frame

HINDI = "बिल में गलत राशि लिखी है"
SEPARATOR = ("class:rule", "│ side")


@pytest.fixture
def draw() -> Callable[[Line], Screen]:
    """Draws a screen of one row; the window remembers the one before."""
    lines: list[Line] = []
    canvas = Canvas(lambda columns, rows: Frame(tuple(lines)), lambda event: None)

    def draw(line: Line) -> Screen:
        lines[:] = [line]
        screen = Screen()
        at = WritePosition(xpos=0, ypos=0, width=60, height=1)
        canvas.write_to_screen(screen, MouseHandlers(), at, "", False, None)
        return screen

    return draw


@pytest.mark.parametrize(
    ("text", "disputed"), [("café 漢字", False), (HINDI, True), ("தமிழ் மொழி", True)]
)
def test_beside_standing_vowel_signs_are_disputed(text: str, disputed: bool) -> None:
    assert is_disputed(text) is disputed


def test_a_usual_row_needs_no_escapes(draw: Callable[[Line], Screen]) -> None:
    screen = draw([("", "parcel"), ("", " " * 20), SEPARATOR])
    assert not screen.zero_width_escapes[0]
    assert screen.data_buffer[0][0].char == "p"


def test_a_disputed_row_is_erased_and_what_follows_goes_to_its_column(
    draw: Callable[[Line], Screen],
) -> None:
    screen = draw([("", HINDI), ("", " " * 20), SEPARATOR])
    escapes = screen.zero_width_escapes[0]
    at = next(x for x, char in screen.data_buffer[0].items() if char.char == "│")
    assert escapes == {0: "\x1b[2K", at: f"\x1b[{at + 1}G"}


def test_the_row_after_a_disputed_one_is_written_whole_once(
    draw: Callable[[Line], Screen],
) -> None:
    before = draw([("", HINDI), SEPARATOR]).data_buffer[0]
    again = draw([("", HINDI), SEPARATOR]).data_buffer[0]
    assert {x: (c.char, c.style) for x, c in again.items()} == {
        x: (c.char, c.style) for x, c in before.items()
    }  # nothing to write
    screen = draw([("", "ok")])
    assert screen.zero_width_escapes[0][0] == "\x1b[2K"
    assert screen.data_buffer[0][0].style != before[0].style
    blank = draw([])
    assert not blank.zero_width_escapes[0]


def test_an_empty_row_erases_what_a_disputed_one_left(draw: Callable[[Line], Screen]) -> None:
    draw([("", HINDI)])
    screen = draw([])
    assert screen.zero_width_escapes[0] == {0: "\x1b[2K"}
    assert screen.data_buffer[0][0].char == " "

"""Painting: whatever a terminal thinks of widths, it shows what the rows say, change by change."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcwidth

from txtal.ui.clusters import boundary, cells
from txtal.ui.layout import CURSOR, Line
from txtal.ui.paint import PLAIN, Ink, made, painted

WIDTH = 24
INKS = {"": PLAIN, "bar": Ink("\x1b[0;7m", on_blanks=True), "bold": Ink("\x1b[0;1m")}
BLANK = (" ", "")
WORDS = [
    "का",
    "क्षि",
    "กำ",
    "👍🏽",
    "🇩🇪",
    "❤️",
    "e\u0301",
    "日本",
    "plain",
    " ",
    "ﬁ",
    "👩‍👩‍👧",
    "한",
    "각",
]

Opinion = Callable[[str], int]
"""How wide a terminal draws a character that comes after another."""


def spacing(char: str) -> int:
    """A vowel sign has a cell, as in tmux and xterm."""
    return max(0, wcwidth(char)) or int(category(char) == "Mc")


def clustered(char: str) -> int:
    """What follows a base is drawn with it, as in kitty: skins, joined emoji and signs."""
    return 0 if category(char)[0] == "M" or char in "🏽\u200d" else max(0, wcwidth(char))


def narrow(char: str) -> int:
    """An old table: no emoji is wide."""
    return 1 if ord(char) >= 0x1F000 else max(0, wcwidth(char))


class Terminal:
    """Cells by column, as a terminal of this opinion fills them."""

    def __init__(self, opinion: Opinion, rows: int) -> None:
        self.opinion = opinion
        self.rows = [[BLANK] * WIDTH for _ in range(rows)]
        self.y = self.x = 0
        self.code = ""

    def feed(self, sent: str) -> None:
        for codes, number, row, column, erase, char in re.findall(
            r"(\x1b\[[0-9;]*m)|\x1b\[(\d+)C|\x1b\[(\d+);(\d+)H|(\x1b\[K)|(.)", sent, re.DOTALL
        ):
            if codes:
                self.code = "" if codes == PLAIN.code else codes
            elif number:
                self.x += int(number)
            elif row:
                self.y, self.x = int(row) - 1, int(column) - 1
            elif erase:
                assert "7" not in self.code
                self.rows[self.y][self.x :] = [BLANK] * (WIDTH - self.x)
            else:
                self._put(char)

    def _put(self, char: str) -> None:
        width = self.opinion(char)
        if not width:
            x = next((x for x in range(self.x - 1, -1, -1) if self.rows[self.y][x][0]), 0)
            self.rows[self.y][x] = (self.rows[self.y][x][0] + char, self.code)
        elif self.x + width <= WIDTH:
            self.rows[self.y][self.x] = (
                char,
                "" if char == " " and "7" not in self.code else self.code,
            )
            for behind in range(self.x + 1, self.x + width):
                self.rows[self.y][behind] = ("", self.code)
        self.x += width


def placed(lines: Sequence[Line]) -> list[list[tuple[int, str]]]:
    """The parts of each line with their columns, as they were meant."""
    found = []
    for line in lines:
        at, parts = 0, []
        for _, text in line:
            if text and at + cells(text) <= WIDTH:
                parts.append((at, text))
            at += cells(text)
        found.append(parts)
    return found


lines = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(INKS)),
            st.lists(st.sampled_from(WORDS), max_size=3).map("".join),
        ),
        max_size=4,
    ).filter(lambda line: sum(cells(text) for _, text in line) <= WIDTH),
    max_size=3,
)


@given(st.lists(lines, min_size=1, max_size=4), st.sampled_from([spacing, clustered, narrow]))
@settings(max_examples=150)
def test_each_part_stands_in_its_column_and_nothing_is_left_of_what_was_there(
    frames: list[list[Line]], opinion: Opinion
) -> None:
    terminal, before = Terminal(opinion, 3), ()
    for frame in frames:
        rows = tuple(made(tuple(line), WIDTH, INKS.__getitem__) for line in frame)
        terminal.feed(painted(rows, before))
        before = rows
        for y, parts in enumerate(placed([*frame, [], [], []][:3])):
            shown = terminal.rows[y]
            for at, text in parts:
                here = "".join(char for char, _ in shown[at : at + cells(text)])
                assert here.rstrip() == text.rstrip(), (opinion, here, text)
            end = max((at + cells(text) for at, text in parts), default=0)
            assert shown[end:] == [BLANK] * (WIDTH - end)


def test_only_what_changed_is_sent() -> None:
    def row(*line: tuple[str, str]) -> tuple[object, ...]:
        return (made(line, WIDTH, INKS.__getitem__),)

    old = row(("", "  refund      12%"), CURSOR)
    assert painted(old, old) == ""
    assert painted(row(("", "  refund      13%")), old) == "\x1b[1;16H3"
    assert painted(row(("", "  refund")), old) == "\x1b[1;9H\x1b[K"
    assert painted((), old) == "\x1b[1;1H\x1b[K"
    assert old[0].cursor == 17


def test_a_bar_is_as_long_over_signs_that_a_terminal_draws_narrower() -> None:
    rows = (made((("bar", "का का का"), ("bar", "   ")), WIDTH, INKS.__getitem__),)
    terminal = Terminal(clustered, 1)
    terminal.feed(painted(rows, ()))
    assert [code for _, code in terminal.rows[0][:11]] == ["\x1b[7m"] * 11


def test_controls_never_reach_the_terminal() -> None:
    (row,) = (made((("", "a\x1b[2Jb\x9bc"),), WIDTH, INKS.__getitem__),)
    assert row.parts[0].text == "a?[2Jb?c"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("काका", ["का", "का"]),
        ("क्षिक", ["क्षि", "क"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        ("👍🏽👍🏽", ["👍🏽", "👍🏽"]),
        ("กำน้ำ", ["กำ", "น้ำ"]),
        ("ab", ["a", "b"]),
    ],
)
def test_nothing_is_cut_within_what_belongs_together(text: str, pieces: list[str]) -> None:
    cuts = sorted({boundary(text, at) for at in range(len(text) + 1)})
    assert [text[a:b] for a, b in pairwise(cuts)] == pieces

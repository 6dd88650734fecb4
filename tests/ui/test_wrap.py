"""Folding to cells: words, wide and combining characters, and texts too big to fold whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from txtal.text import clean
from txtal.ui.clusters import cells
from txtal.ui.wrap import EAGER, Folded, fit, fold


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one  two", 4, ["one", "two"]),
        ("  keeps its indent", 12, ["  keeps its", "indent"]),
        ("a\n\nb", 5, ["a", "", "b"]),
        ("unbreakable", 4, ["unbr", "eaka", "ble"]),
        ("an unbreakable", 4, ["an u", "nbre", "akab", "le"]),
        ("日本語の文", 4, ["日本", "語の", "文"]),
        ("日本語。", 6, ["日本", "語。"]),
        ("日", 1, ["日"]),
        ("aa。", 2, ["aa", "。"]),
        ("", 4, [""]),
        ("e\u0301e\u0301e\u0301", 2, ["e\u0301e\u0301", "e\u0301"]),
    ],
)
def test_folding(text: str, width: int, lines: list[str]) -> None:
    assert fold(text, width) == lines


@given(
    st.text(alphabet="ab 日\u0301。\x1b\n", max_size=60),
    st.integers(2, 12),
    st.lists(st.integers(0, 60), max_size=6, unique=True).map(sorted),
)
@settings(max_examples=200)
def test_styles_stay_where_they_are(text: str, width: int, borders: list[int]) -> None:
    ends = [border for border in borders if border <= len(text)]
    spans = [(start, end, "s") for start, end in zip(ends[::2], ends[1::2], strict=False)]
    folded = Folded(text, width, spans)
    folded.reach(1_000)
    runs = [run for at in range(len(folded.lines)) for run in folded.styled(at)]
    for at, line in enumerate(folded.lines):
        assert "".join(part for _, part in folded.styled(at)) == line
    styled = "".join(part for style, part in runs if style).replace(" ", "")
    wanted = "".join(clean(text[start:end], newlines=True) for start, end, _ in spans)
    assert styled == wanted.replace(" ", "").replace("\n", "")


@given(st.text(alphabet="ab 日\u0301。\n", max_size=60), st.integers(2, 12))
@settings(max_examples=200)
def test_no_line_is_wider_than_asked_and_nothing_but_spaces_is_lost(text: str, width: int) -> None:
    lines = fold(text, width)
    assert all(cells(line.rstrip(" ")) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


@given(st.text(alphabet="ab 日\n", max_size=40), st.integers(2, 12))
@settings(max_examples=50)
def test_a_cut_text_fits_and_says_that_it_was_cut(text: str, width: int) -> None:
    cut = fit(text, width)
    assert cells(cut) <= width
    assert cut == text or cut.endswith("…")


def test_chunks_fold_like_the_whole() -> None:
    text = "some words and others\n" * 1000 + "x" * 5000
    folded = Folded(text, 17)
    folded.reach(10**9)
    assert folded.lines == fold(clean(text, newlines=True), 17)
    assert folded.rest == 0


@pytest.mark.parametrize(
    "text",
    ["word " * 1_000_000, "line\n" * 200_000, "x" * 5_000_000, "a" + "\u0301" * 100_000],
    ids=["words", "lines", "one word", "marks"],
)
def test_a_huge_text_is_folded_no_further_than_it_is_looked_at(text: str) -> None:
    folded = Folded(text, 76)
    assert len(text) - folded.rest <= EAGER + 4096
    before = folded.rest
    folded.reach(len(folded.lines) + 1)
    assert before - folded.rest <= 8 * 4096


def test_emoji_glue_is_left_out_for_terminals_disagree_on_its_width() -> None:
    assert Folded("\U0001f468\u200d\U0001f469 ❤\ufe0f", 20).lines == ["\U0001f468\U0001f469 ❤"]

"""What a terminal that isn't UTF-8 is sent: ASCII, as wide as what it stands for."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from txtal.ui import charset, paint
from txtal.ui.clusters import cells
from txtal.ui.paint import PLAIN


@pytest.mark.parametrize(
    ("environ", "codec"),
    [
        ({}, "utf-8"),
        ({"LANG": "de_DE.UTF-8"}, "utf-8"),
        ({"LANG": "C.utf8"}, "utf-8"),
        ({"LANG": "C"}, "ascii_signs"),
        ({"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, "ascii_signs"),
        ({"LC_ALL": "", "LC_CTYPE": "C", "LANG": "de_DE.UTF-8"}, "ascii_signs"),
        ({"LANG": "de_DE.ISO-8859-1"}, "iso8859-1"),
        ({"LANG": "xx_YY.unheard-of"}, "ascii_signs"),
    ],
)
def test_the_locale_says_what_a_terminal_shows(environ: Mapping[str, str], codec: str) -> None:
    assert charset.of_terminal(environ) == codec


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("lang", "there"), [("C", "a . b x e-?"), ("C.UTF-8", "a · b ✓ é–本")])
def test_what_is_printed(monkeypatch: pytest.MonkeyPatch, lang: str, there: str) -> None:
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, "utf-8"))
    charset.heed_terminal({"LANG": lang})
    sys.stdout.write("a · b ✓ é–本")
    sys.stdout.flush()
    assert out.getvalue().decode() == there


def test_a_file_is_utf_8_whatever_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    charset.heed_terminal({"LANG": "C"})
    assert sys.stdout.encoding == "utf-8"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_signs_and_letters_keep_their_place(text: str) -> None:
    row, same = (
        paint.made((("", text),), 200, lambda style: PLAIN, encoding)
        for encoding in ("ascii_signs", "utf-8")
    )
    drawn = "".join(part.text for part in row.parts)
    assert drawn.isascii()
    assert len(drawn) == sum(cells(part.text) for part in same.parts)


charset.heed_terminal({"LANG": "C"})  # makes the codec known

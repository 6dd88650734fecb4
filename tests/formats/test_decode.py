"""Encodings: told by their marks and zero bytes, recognised, or asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.reading import notes, taken
from txtal.errors import DataError, UsageError

ROWS = "text,label\nGrüße,a\nplain,b\n“déjà vu” – 5 €,c\n"


def texts(data: bytes, name: str = "a.csv", **reading: str) -> list[str]:
    found, bad = taken(data, name, **reading)
    assert bad == []
    return [record.text for record in found]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "windows-1252"],
)
def test_told_or_recognised(encoding: str) -> None:
    assert texts(ROWS.encode(encoding)) == ["Grüße", "plain", "“déjà vu” – 5 €"]


def test_a_word_or_two_are_enough() -> None:
    assert texts("text;n\nß;1\nÖl;2\n".encode("windows-1252")) == ["ß", "Öl"]


def test_a_guess_is_said_and_a_mark_is_none() -> None:
    assert "read as windows-1252; --encoding" in notes(ROWS.encode("windows-1252"), "a.csv")
    assert notes(ROWS.encode("utf-16"), "a.csv") == ""


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("windows-1251", "привет мир"), ("shift_jis", "こんにちは"), ("gb18030", "你好世界")],
)
def test_others_are_asked_for(encoding: str, text: str) -> None:
    data = f"text,label\n{text},a\n{text}!,b\n{text}?,c\n".encode(encoding)
    with pytest.raises(DataError, match="--encoding"):
        texts(data)
    assert texts(data, encoding=encoding) == [text, f"{text}!", f"{text}?"]


def test_an_encoding_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="no encoding is called 'utf-9'"):
        texts(b"text\na\n", encoding="utf-9")


def test_lines_of_two_encodings_keep_their_own() -> None:
    mixed = b"text\n" + "früh\n".encode("windows-1252") * 30 + b"x\n" * 300_000 + "spät\n".encode()
    found = texts(mixed)
    assert (found[0], found[-1]) == ("früh", "spät")


def test_a_damaged_line_is_a_bad_line() -> None:
    found, bad = taken(b"text\n" + b"a\n" * 30 + b"\xff\xfe\n" + b"b\n", "a.csv")
    assert len(found) == 31
    assert [(one.line, one.reason[:15]) for one in bad] == [(32, "not valid UTF-8")]
    found, bad = taken(b"text\na\n\xd8\n", "a.csv", encoding="utf-16-le")
    assert found == []


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0\ufeff"), min_size=1))
def test_any_text_comes_through_utf_16(text: str) -> None:
    found, _ = taken((text + "\n").encode("utf-16"), "a.txt")
    assert [record.text for record in found] == [text] * bool(text.strip())

"""JSON Lines: what is taken, what is refused, and that one bad line costs one ticket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.reading import put, taken
from txtal.formats.lines import BadLine
from txtal.formats.readers.jsonl import load_object
from txtal.formats.source import read as read_source
from txtal.types import Record

GOOD = b'{"text": "good"}\n'


def read(data: bytes) -> tuple[list[Record], list[BadLine]]:
    return taken(data)


TAKEN = {
    "plain": (b'{"text": "a"}', Record("a")),
    "meta": (b'{"text": "a", "meta": {"n": 1}}', Record("a", {"n": 1})),
    "null meta": (b'{"text": "a", "meta": null}', Record("a")),
    "other keys": (b'{"text": "a", "x": [1, {"y": 0}]}', Record("a", {}, {"x": [1, {"y": 0}]})),
    "space around": (b'  {"text": "a"}  ', Record("a")),
    "mark of byte order": (b'\xef\xbb\xbf{"text": "a"}', Record("a")),
    "text sequence": (b'\x1e{"text": "a"}', Record("a")),
    "carriage return": (b'{"text": "a"}\r', Record("a")),
    "accents": ('{"text": "naïve"}'.encode(), Record("naïve")),
    "escaped pair": (rb'{"text": "\ud83d\ude00"}', Record("😀")),
    "backslash before ud": (rb'{"text": "\\ud83d"}', Record("\\ud83d")),
    "line separator": ('{"text": "a\u2028b"}'.encode(), Record("a\u2028b")),
    "next line": ('{"text": "a\x85b"}'.encode(), Record("a\x85b")),
    "escaped newline": (rb'{"text": "a\nb"}', Record("a\nb")),
    "escaped NUL": (rb'{"text": "a\u0000b"}', Record("a\x00b")),
    "escape code": (rb'{"text": "\u001b]0;x\u0007"}', Record("\x1b]0;x\x07")),
    "big number": (b'{"text": "a", "n": 1' + b"0" * 4000 + b"}", Record("a", {}, {"n": 10**4000})),
    "numbers in meta": (
        b'{"text": "a", "meta": {"n": 7, "b": true, "c": null, "h": 18446744073709551617}}',
        Record("a", {"n": 7, "b": True, "c": None, "h": 2**64 + 1})),
    "colons in the text": (b'{"text": "a: \\"b\\": c", "meta": {}}', Record('a: "b": c')),
    "small float": (b'{"text": "a", "n": 1e-999}', Record("a", {}, {"n": 0.0})),
    "hundred deep": (b'{"text": "a", "n": ' + b"[" * 98 + b"]" * 98 + b"}", None),
    "many brackets, not deep": (b'{"text": "' + b"{[" * 500 + b'"}', Record("{[" * 500)),
    "keys that differ in case": (b'{"text": "a", "Text": "b"}', Record("a", {}, {"Text": "b"})),
    "same key on two levels": (b'{"text": "a", "meta": {"text": 1}}', Record("a", {"text": 1})),
}  # fmt: skip

REFUSED = {
    "no UTF-8": (b'{"text": "na\xffve"}', "not valid UTF-8 at byte 13"),
    "UTF-16": ('{"text": "a"}'.encode("utf-16-le"), "invalid JSON at column 2"),
    "gzip bytes": (b"\x1f\x8b\x08\x00\x00", "not valid UTF-8 at byte 2"),
    "not JSON": (b"hello", "invalid JSON at column 1: Expecting value"),
    "single quotes": (b"{'text': 'a'}", "invalid JSON at column 2"),
    "cut short": (b'{"text": "a', "invalid JSON at column 10: Unterminated string"),
    "first line of pretty JSON": (b"{", "invalid JSON at column 2"),
    "inner line of pretty JSON": (b'  "text": "a",', "invalid JSON"),
    "two values": (b'{"text": "a"}{"text": "b"}', "invalid JSON at column 14: Extra data"),
    "split by CR": (b'{"text": "a"}\r{"text": "b"}', "Extra data"),
    "trailing comma": (b'{"text": "a",}', "invalid JSON"),
    "raw tab in a string": (b'{"text": "a\tb"}', "Invalid control character"),
    "raw NUL in a string": (b'{"text": "a\x00b"}', "Invalid control character"),
    "array": (b'[{"text": "a"}]', "a list, not an object"),
    "string": (b'"a"', "a string, not an object"),
    "number": (b"3", "a number, not an object"),
    "true": (b"true", "a boolean, not an object"),
    "null": (b"null", "null, not an object"),
    "deep": (b"[" * 200_000, "nested more than 100 levels"),
    "deep and closed": (b"[" * 200_000 + b"]" * 200_000, "nested more than 100 levels"),
    "deeper than an export writes": (
        b'{"text": "a", "n": ' + b"[" * 500 + b"]" * 500 + b"}", "nested more than 100 levels"),
    "a hundred and one deep": (
        b'{"text": "a", "n": ' + b"[" * 100 + b"]" * 100 + b"}", "nested more than 100 levels"),
    "deep lone surrogate": (
        b'{"text": "a", "n": ' + b"[" * 500 + rb'"\ud800"' + b"]" * 500 + b"}", "nested"),
    "too many digits": (b'{"text": "a", "n": ' + b"9" * 4301 + b"}", "too many digits"),
    "NaN": (b'{"text": "a", "n": NaN}', "NaN is not JSON"),
    "Infinity": (b'{"text": "a", "n": Infinity}', "Infinity is not JSON"),
    "-Infinity": (b'{"text": "a", "n": -Infinity}', "-Infinity is not JSON"),
    "1e999": (b'{"text": "a", "n": 1e999}', "1e999 is too large"),
    "-1E+999 in meta": (b'{"text": "a", "meta": {"n": -1E+999}}', "too large"),
    "infinite without exponent": (b'{"text": "a", "n": ' + b"9" * 400 + b".0}", "too large"),
    "lone surrogate": (rb'{"text": "a\ud83d"}', "lone surrogate"),
    "lone low surrogate, upper case": (rb'{"text": "a\uDE00"}', "lone surrogate"),
    "surrogates the wrong way round": (rb'{"text": "\ude00\ud83d"}', "lone surrogate"),
    "lone surrogate in a key": (rb'{"text": "a", "\ud800": 1}', "lone surrogate"),
    "duplicate key": (b'{"text": "a", "text": "b"}', "the key 'text' is there twice"),
    "duplicate key among numbers": (b'{"text": "a", "x": 1, "x": 2}', "'x' is there twice"),
    "duplicate key, apart from its colon": (b'{"text": "a:", "x" :1, "x":2}', "'x' is there twice"),
    "duplicate key inside": (b'{"text": "a", "meta": {"b": 1, "b": 1}}', "'b' is there twice"),
    "no text": (b'{"txt": "a", "n": 1}', "no \"text\" among its keys ('txt', 'n')"),
    "empty object": (b"{}", 'no "text"'),
    "null text": (b'{"text": null}', '"text" is null'),
    "number as text": (b'{"text": 3}', '"text" is a number'),
    "true as text": (b'{"text": true}', '"text" is a boolean'),
    "list as text": (b'{"text": ["a"]}', '"text" is a list'),
    "empty text": (b'{"text": ""}', '"text" is blank'),
    "blank text": (rb'{"text": " \t\u00a0\u3000"}', '"text" is blank'),
    "list as meta": (b'{"text": "a", "meta": []}', '"meta" is a list'),
    "string as meta": (b'{"text": "a", "meta": "b"}', '"meta" is a string'),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_takes(name: str) -> None:
    line, expected = TAKEN[name]
    found, bad = read(line + b"\n" + GOOD)
    assert bad == []
    assert len(found) == 2
    if expected is not None:
        assert found[0] == expected


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_that_line_only(name: str) -> None:
    line, reason = REFUSED[name]
    found, bad = read(GOOD + b"\n" + line + b"\n" + GOOD)
    assert found == [Record("good"), Record("good")]
    assert [one.line for one in bad] == [3] * len(bad)
    assert len(bad) == 1
    assert reason in bad[0].reason
    assert "in.jsonl:3: " in str(bad[0])


_KEYS = st.sampled_from(["text", "meta", "a", "b:", 'c"', "é", "\\"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(width=32) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.lists(st.tuples(_KEYS, inner), max_size=3),
    max_leaves=6,
)


def _written(value: Any, space: str) -> str:
    """As JSON, where a list of pairs is an object whose keys may be there twice."""
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        pairs = (f"{json.dumps(k)}{space}:{_written(inner, space)}" for k, inner in value)
        return "{" + ",".join(pairs) + "}"
    return json.dumps(value)


@given(st.lists(st.tuples(_KEYS, _VALUES), max_size=3), st.text(max_size=5), st.sampled_from(" _"))
def test_every_line_is_read_as_pythons_own_json_reads_it(
    pairs: list[tuple[str, Any]], text: str, space: str
) -> None:
    line = _written([("text", text), *pairs], space.replace("_", ""))
    objects: list[list[tuple[str, Any]]] = []
    try:
        json.loads(line, object_pairs_hook=lambda found: objects.append(found) or dict(found))
        line.encode()
        json.dumps(json.loads(line), allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        takable = False
    else:
        takable = all(len(dict(found)) == len(found) for found in objects)
    try:
        value = load_object(line)
    except ValueError:
        assert not takable
    else:
        assert takable
        assert repr(value) == repr(json.loads(line))


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken_can_be_written(name: str) -> None:
    (record, _), _ = read(TAKEN[name][0] + b"\n" + GOOD)
    json.dumps([record.text, record.meta, record.extra], allow_nan=False).encode()


@pytest.mark.parametrize("blank", [b"", b"  ", b"\t", b"\r", b"\x0c"])
def test_blank_lines_are_neither_good_nor_bad(blank: bytes) -> None:
    found, bad = read(blank + b"\n" + GOOD + blank + b"\n")
    assert found == [Record("good")]
    assert bad == []


def test_the_last_line_needs_no_newline() -> None:
    assert read(GOOD.strip()) == ([Record("good")], [])


def test_nothing_is_nothing() -> None:
    assert read(b"") == ([], [])


def test_a_line_left_empty_for_being_too_long_is_passed_over() -> None:
    found, bad = taken(b"y" * 20 + b"\nx\n", max_line=10)
    assert found == []
    assert [(one.line, one.reason[:12]) for one in bad] == [
        (1, "longer than "),
        (2, "invalid JSON"),
    ]


def test_on_bad_may_stop_the_reading(tmp_path: Path) -> None:
    def stop(bad: BadLine) -> None:
        raise RuntimeError(str(bad))

    path = put(tmp_path / "in.jsonl", GOOD + b"x\n" + GOOD)
    reading = read_source(path, stop)
    assert next(reading) == Record("good")
    with pytest.raises(RuntimeError, match=r"in\.jsonl:2"):
        next(reading)


def test_a_hostile_key_is_spelled_out_in_the_reason() -> None:
    _, bad = read(rb'{"text": "a", "\u001b[2J": 1, "\u001b[2J": 2}')
    assert "\x1b" not in bad[0].reason

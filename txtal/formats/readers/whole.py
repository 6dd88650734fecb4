"""JSON in that is no object a line: a list, objects over several lines, an object of lists.

A list is read an object at a time, so that memory stays flat.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from txtal.errors import DataError
from txtal.formats.readers.jsonl import KINDS, fault_in
from txtal.formats.reading import Fields, Rows, Source

_CHUNK = 1 << 16
_VALUE = re.compile(r"[^ \t\r\n,\ufeff\x1e]")
_LIST = re.compile(rb"\s*\[\s*([\{\"]|\Z)")
_OPEN = re.compile(rb"\s*\{[ \t]*\r?\n")
_FIRST_LINE = re.compile(rb"\s*(\{[^\n]*)\n")


def is_whole(head: bytes) -> bool:
    """Whether a file begins with a list of objects, or with an object over several lines."""
    if _LIST.match(head) or _OPEN.match(head):
        return True
    first = _FIRST_LINE.match(head)
    if first is None:
        return False
    try:
        text = codecs.getincrementaldecoder("utf-8")(errors="replace").decode(head).lstrip()
        _, end = _decoder([]).raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return "\n" in text[:end]


def read(source: Source) -> Rows:
    """The objects of a list, of an object's only list, or one after another.

    An object of lists of one length is a table, its keys the columns. Raises DataError where the
    JSON can't be read on.
    """
    values = _values(source)
    first = next(values, None)
    if first is None:
        return
    second = next(values, None)
    if second is None and not first.listed:
        yield from _alone(source, first)
        return
    for value in filter(None, (first, second)):
        yield from _one(source, value.line, value.value, value.fault)
    for value in values:
        yield from _one(source, value.line, value.value, value.fault)


@dataclass(frozen=True, slots=True)
class _Value:
    """What stands in the file, once or in a list."""

    line: int
    value: Any
    fault: str | None
    """Why it can't be taken, if it can't."""
    listed: bool


def _one(source: Source, line: int, value: Any, fault: str | None) -> Rows:
    if fault is None and isinstance(value, str):
        value = {"text": value}  # a list of texts
    if fault is None and not isinstance(value, dict):
        fault = f"{KINDS[type(value)]}, not an object with a text"
    if fault is None:
        yield line, value
    else:
        source.bad(line, fault)


def _alone(source: Source, only: _Value) -> Rows:
    """The records of the only value: its list of objects, its columns, or itself."""
    inner = _records_in(only.value) if only.fault is None else None
    if inner is None:
        yield from _one(source, only.line, only.value, only.fault)
        return
    for number, one in enumerate(inner, start=1):
        yield from _one(source, number, one, None)


def _records_in(value: Any) -> list[Any] | None:
    if not isinstance(value, dict) or isinstance(value.get("text"), str):
        return None
    if (table := _split_table(value)) is not None:
        return table
    lists = {key: inner for key, inner in value.items() if isinstance(inner, list)}
    lengths = {len(inner) for inner in lists.values()}
    of_objects = [
        inner for inner in lists.values() if inner and all(isinstance(one, dict) for one in inner)
    ]
    if len(of_objects) == 1 and (len(lists) == 1 or len(lengths) > 1):
        return of_objects[0]
    if lists and len(lists) == len(value) and len(lengths) == 1:
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return _numbered_columns(value) or _by_key(value) or _deeper(value)


def _split_table(value: Fields) -> list[Any] | None:
    """pandas' ``to_json(orient="split")``: names in ``columns``, rows in ``data``."""
    names, rows = value.get("columns"), value.get("data")
    if not isinstance(names, list) or not isinstance(rows, list):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def _by_key(value: Fields) -> list[Any] | None:
    """Records by a key of their own, ``{"101": {…}, "102": {…}}``: it is their ``id``."""
    records = list(value.values())
    if len(records) < 2 or not all(isinstance(one, dict) and one for one in records):
        return None
    common = set.intersection(*(set(one) for one in records))
    if not any(isinstance(records[0][key], str) for key in common):
        return None
    return [{"id": key, **one} for key, one in value.items()]


def _numbered_columns(value: Fields) -> list[Any] | None:
    """pandas' ``to_json``: ``{"text": {"0": …, "1": …}}``."""
    columns = list(value.values())
    if not columns or not all(isinstance(one, dict) and one for one in columns):
        return None
    keys = columns[0].keys()
    if any(one.keys() != keys for one in columns) or any(
        isinstance(cell, dict | list) for cell in columns[0].values()
    ):
        return None
    if not all(key.isdigit() for key in keys):
        return None
    return [{name: column[key] for name, column in value.items()} for key in keys]


def _deeper(value: Fields) -> list[Any] | None:
    """``{"feed": {"entry": [{…}]}}``: the only list of objects one level further down."""
    inner = [one for one in value.values() if isinstance(one, dict)]
    if len(inner) != 1:
        return None
    lists = [
        one
        for one in inner[0].values()
        if isinstance(one, list) and one and all(isinstance(part, dict) for part in one)
    ]
    return lists[0] if len(lists) == 1 else None


def _values(source: Source) -> Iterator[_Value]:
    """Every value with the line it starts on."""
    text = _Text(source)
    in_list = False
    faults: list[str] = []
    decoder = _decoder(faults)
    while text.skip_space():
        here = text.peek()
        if here == "[" and not in_list and text.value_count == 0:
            in_list = True
            text.step(1)
            continue
        if here == "]" and in_list:
            text.step(1)
            in_list = False
            continue
        line = text.line
        try:
            value = text.value(decoder)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            if not text.value_count:
                raise DataError(f"{source.name}:{line}: invalid JSON: {reason}") from None
            source.bad(line, f"invalid JSON: {reason}; nothing after it was read")
            return
        fault = faults[0] if faults else fault_in(value)
        faults.clear()
        yield _Value(line, value, fault, in_list)


class _Text:
    """The file's characters, as many as the value at hand takes."""

    def __init__(self, source: Source) -> None:
        self._read = source.stream.read
        self._name = source.name
        self._most = source.reading.max_line
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._buffer = ""
        self._at = 0
        self._over = False
        self.line = 1
        self.value_count = 0

    def peek(self) -> str:
        return self._buffer[self._at]

    def step(self, count: int) -> None:
        self.line += self._buffer.count("\n", self._at, self._at + count)
        self._at += count

    def skip_space(self) -> bool:
        """Go to the next value; whether there is one."""
        while True:
            found = _VALUE.search(self._buffer, self._at)
            self.step((found.start() if found else len(self._buffer)) - self._at)
            if self._at < len(self._buffer):
                return True
            if not self._more(_CHUNK):
                return False

    def value(self, decoder: json.JSONDecoder) -> Any:
        """The value that begins here. Raises ValueError where there is none."""
        wanted = _CHUNK
        while True:
            try:
                value, end = decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError:
                # Not all of it may be here yet. Twice as much each time: reading stays linear.
                if not self._more(wanted):
                    raise
                wanted *= 2
                continue
            self.step(end - self._at)
            self.value_count += 1
            return value

    def _more(self, size: int) -> bool:
        if self._over:
            return False
        data = self._read(size)
        self._over = not data
        try:
            text = self._decoder.decode(data, final=self._over)
        except UnicodeDecodeError:
            raise DataError(
                f"{self._name}: not valid UTF-8 after line {self.line}; name its encoding with "
                "--encoding"
            ) from None
        self._buffer = self._buffer[self._at :] + text
        self._at = 0
        return bool(data)


def _decoder(faults: list[str]) -> json.JSONDecoder:
    """Reads everything, and notes what of it a ticket can't keep."""

    def pairs(found: list[tuple[str, Any]]) -> Fields:
        value = dict(found)
        if len(value) != len(found):
            twice = Counter(name for name, _ in found).most_common(1)[0][0]
            faults.append(f"the key {twice[:40]!r} is there twice")
        return value

    def constant(name: str) -> None:
        faults.append(f"{name} is not JSON; write null or leave it out")

    return json.JSONDecoder(object_pairs_hook=pairs, parse_constant=constant)

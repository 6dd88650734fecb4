"""JSON Lines in: one object with a ``text`` a line.

jsonlines reads, decodes, numbers and passes over blank lines; what it lets through and a store or
an export would trip over later (NaN, lone surrogates, duplicate keys, endless nesting) is refused
here, line by line and with a reason.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import jsonlines
import orjson

from txtal.formats.lines import BadLine, OnBad, not_utf8
from txtal.text import shorten
from txtal.types import Record

_DEEPEST = 100
"""Levels of nesting taken. json.dumps gives up at about 1,000; an export must never fail there."""


def records(lines: Iterable[bytes], source: str, on_bad: OnBad) -> Iterator[Record]:
    """A record for every good line; the others go to ``on_bad``. Blank lines are nothing."""
    reader = jsonlines.Reader(lines, loads=_record)
    while True:
        try:
            yield reader.read(skip_empty=True)
        except EOFError:
            return
        except jsonlines.InvalidLineError as error:
            on_bad(BadLine(source, error.lineno, _reason(error.__cause__)))


def load_object(line: str) -> dict[str, Any]:
    """The object that ``line`` holds. Raises ValueError with the reason when there is none."""
    quick = _quick(line)
    if quick is not None:
        return quick
    try:
        value = _DECODER.decode(line.rstrip("\r\n"))
    except json.JSONDecodeError as error:
        raise _LineError(f"invalid JSON at column {error.pos + 1}: {error.msg}") from None
    except _LineError:
        raise
    except RecursionError:
        raise _LineError(f"nested more than {_DEEPEST} levels deep") from None
    except ValueError:
        raise _LineError("holds a number with too many digits to read") from None
    if not isinstance(value, dict):
        raise _LineError(f"{_NAMES[type(value)]}, not an object with a text")
    if line.count("{") + line.count("[") > _DEEPEST:
        _refuse_depth(value)
    if "\\ud" in line or "\\uD" in line:
        _refuse_lone_surrogates(value)
    return value


class _LineError(ValueError):
    """The reason a line is bad, told apart from the ValueErrors of json itself."""


def _record(line: str) -> Record:
    extra = load_object(line)
    try:
        text = extra.pop("text")
    except KeyError:
        keys = shorten(", ".join(map(repr, extra)), 80)
        raise _LineError(f'no "text" among its keys ({keys})') from None
    meta = extra.pop("meta", None)
    if not isinstance(text, str):
        raise _LineError(f'"text" is {_NAMES[type(text)]}, not a string')
    if text.isspace() or not text:
        raise _LineError('"text" is blank')
    if meta is None:
        meta = {}
    elif not isinstance(meta, dict):
        raise _LineError(f'"meta" is {_NAMES[type(meta)]}, not an object')
    return Record(text, meta, extra)


def _reason(cause: BaseException | None) -> str:
    return not_utf8(cause) if isinstance(cause, UnicodeDecodeError) else str(cause)


_NAMES: dict[type, str] = {
    type(None): "null", bool: "a boolean", int: "a number", float: "a number",
    str: "a string", list: "a list", dict: "an object",
}  # fmt: skip


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise _LineError(f"the key {twice[:40]!r} is there twice")
    return value


def _quick(line: str) -> dict[str, Any] | None:
    """The object of a line that is plain and surely good; None where the slow way must decide."""
    try:
        value = orjson.loads(line)  # refuses NaN and half characters by itself
    except ValueError:
        return None
    return value if type(value) is dict and _is_plain(line, value) else None


def _is_plain(line: str, value: dict[str, Any]) -> bool:
    """Whether every key that was written is there, so that none was written twice.

    And whether there are no fractions or huge numbers, which orjson may read otherwise than
    Python, and nothing nested deeper than ``meta``.
    """
    there = len(value)
    for part in value.values():
        if type(part) is dict:
            there += len(part)
            for inner in part.values():
                if type(inner) not in _PLAIN:
                    return False
        elif type(part) not in _PLAIN:
            return False
    if line.count(":") == there:
        return True
    return line.count('":') == there and not _KEY_THEN_SPACE.search(line)


def _refuse_constant(name: str) -> NoReturn:
    raise _LineError(f"{name} is not JSON; write null or leave it out")


def _finite(digits: str) -> float:
    value = float(digits)
    if value - value != 0.0:
        raise _LineError(f"the number {digits[:40]} is too large")
    return value


_PLAIN = frozenset({str, int, bool, type(None)})
_KEY_THEN_SPACE = re.compile(r'"\s+:')
_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant, parse_float=_finite
)


def _refuse_lone_surrogates(value: Any) -> None:
    # Half a character can be stored but never written to a UTF-8 file again, which would make
    # every later export fail at this line.
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _LineError("holds half a character (a lone surrogate such as \\ud83d)") from None


def _refuse_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _within(outer)]
        if not level:
            return
    raise _LineError(f"nested more than {_DEEPEST} levels deep")


def _within(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()

"""JSON Lines in: an object a line.

orjson reads a line; what it lets through and a store or an export would trip over later (duplicate
keys, endless nesting, fractions it reads otherwise than Python) is looked at by json, which takes
ten times as long and says what is wrong.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn

import orjson

from txtal.formats.lines import not_utf8
from txtal.formats.reading import Rows, Source

_DEEPEST = 100
"""Levels of nesting taken. json.dumps gives up at about 1,000; an export must never fail there."""


def read(source: Source) -> Rows:
    """An object for every good line; the others are reported. Blank lines are nothing."""
    number = 0
    for line in source.lines():
        number += 1
        try:
            value = orjson.loads(line)  # refuses NaN and half characters by itself
        except ValueError:
            value = None
        if type(value) is dict and _is_plain(line, value):
            yield number, value
            continue
        if not line.strip():
            continue
        try:
            yield number, load_object(_decoded(line))
        except UnicodeDecodeError as error:
            source.bad(number, not_utf8(error, source.encoding))
        except ValueError as error:
            source.bad(number, str(error))


def _decoded(line: bytes) -> str:
    """The line without its end, and without what RFC 7464 and byte-order marks put before it.

    Nor has it the comma behind an object that is left of a list.
    """
    text = line.decode().rstrip("\r\n").lstrip("\ufeff\x1e")
    bare = text.rstrip().removesuffix(",").rstrip()
    return bare if bare.endswith("}") else text


def load_object(line: str) -> dict[str, Any]:
    """The object that ``line`` holds. Raises ValueError with the reason when there is none."""
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
        raise _LineError(f"{KINDS[type(value)]}, not an object with a text")
    if line.count("{") + line.count("[") > _DEEPEST:
        _refuse_depth(value)
    if "\\ud" in line or "\\uD" in line:
        _refuse_lone_surrogates(value)
    return value


def fault_in(value: Any) -> str | None:
    """Why a value that was read can't be kept; None when it can."""
    try:
        _refuse_depth(value)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except _LineError as error:
        return str(error)
    except UnicodeEncodeError:
        return _HALF
    except ValueError:
        return "holds a number that is too large"
    return None


class _LineError(ValueError):
    """The reason a line is bad, told apart from the ValueErrors of json itself."""


KINDS: dict[type, str] = {
    type(None): "null", bool: "a boolean", int: "a number", float: "a number",
    str: "a string", list: "a list", dict: "an object",
}  # fmt: skip


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise _LineError(f"the key {twice[:40]!r} is there twice")
    return value


def _is_plain(line: bytes, value: dict[str, Any]) -> bool:
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
    if line.count(b":") == there:
        return True
    return line.count(b'":') == there and not _KEY_THEN_SPACE.search(line)


def _refuse_constant(name: str) -> NoReturn:
    raise _LineError(f"{name} is not JSON; write null or leave it out")


def _finite(digits: str) -> float:
    value = float(digits)
    if value - value != 0.0:
        raise _LineError(f"the number {digits[:40]} is too large")
    return value


_PLAIN = frozenset({str, int, bool, type(None)})
_KEY_THEN_SPACE = re.compile(rb'"\s+:')
_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant, parse_float=_finite
)


def _refuse_lone_surrogates(value: Any) -> None:
    # Half a character can be stored but never written to a UTF-8 file again, which would make
    # every later export fail at this line.
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _LineError(_HALF) from None


_HALF = "holds half a character (a lone surrogate such as \\ud83d)"


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

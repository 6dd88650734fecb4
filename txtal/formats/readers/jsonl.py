"""Reading JSON Lines: one object per line.

orjson reads a line. What it accepts but the store or an export can't handle (duplicate keys, deep
nesting, fractions that it reads differently from Python) is left to json, which takes ten times as
long and says what is wrong.
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
"""Maximum nesting. json.dumps fails at about 1,000 levels, and an export must never fail."""


def read(source: Source) -> Rows:
    """Yield the object of every good line; bad lines are reported, blank ones skipped."""
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
    """Decode a line, without its end, RFC 7464's separator, a byte-order mark, or a final comma.

    The comma is a remainder of a JSON list.
    """
    text = line.decode().rstrip("\r\n").lstrip("\ufeff\x1e")
    bare = text.rstrip().removesuffix(",").rstrip()
    return bare if bare.endswith("}") else text


def load_object(line: str) -> dict[str, Any]:
    """Return the object in ``line``. Raises ValueError with the reason if there is none."""
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
    """Return why a value can't be stored, or None if it can."""
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
    """The reason why a line is bad; not to be confused with json's own ValueErrors."""


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
    """Return whether a line needs no check by json.

    That is: no key occurs twice, there are no fractions or huge numbers, which orjson may read
    differently from Python, and nothing is nested deeper than ``meta``.
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
    # Half a surrogate pair can be stored but never written to a UTF-8 file, which would make
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

"""Reading TOML, and writing its values as they stand in a file."""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from txtal.errors import DataError, UsageError
from txtal.formats.bounded import read_small

_BARE = re.compile(r"[A-Za-z0-9_-]+")
"""Keys that need no quotes."""

_LONGEST = 60
"""Characters of a value that a message quotes."""


def read_toml(path: Path, limit: int) -> dict[str, Any]:
    """Return what a TOML file of no more than ``limit`` bytes says. Raises UsageError."""
    import tomllib  # most commands read none

    try:
        return tomllib.loads(read_small(path, limit).decode("utf-8-sig"))
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply to be settings") from None
    except (DataError, OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error


def as_toml(value: object) -> str:
    """Return a value of a TOML file as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A basic string has JSON's escapes, and wants one for DEL, too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else f"{'-' if value < 0 else ''}inf"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{_key(name)} = {as_toml(one)}" for name, one in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return repr(value)


def quoted(value: object) -> str:
    """Return a value as a message shows it: as TOML writes it, and not at any length."""
    try:
        said = as_toml(value)
    except RecursionError:  # nested just less deeply than its reader bears
        return "a nested value"
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else as_toml(name)

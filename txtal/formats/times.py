"""Points in time as other programs write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

LATEST = 253_402_300_799.0
"""The last second for which a date can be written; a later number is no time."""

_NUMBER = re.compile(r"\d+(\.\d+)?")
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From this number on it counts nanoseconds, microseconds, milliseconds; below, seconds."""


def epoch(value: object) -> float | None:
    """Seconds since 1970; None for what is no time.

    Takes ISO 8601, with a ``T`` or a space, where a time without a zone is UTC, and numbers, also
    as text, whose size tells seconds from milliseconds, microseconds and nanoseconds.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _of_number(float(value)) if abs(value) < 1e30 else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return _of_number(float(text)) if len(text) > 8 else None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(LATEST, max(0.0, moment.timestamp()))
    except (ValueError, OverflowError):
        return None


def _of_number(number: float) -> float | None:
    for least, unit in _UNITS:
        if number >= least:
            number /= unit
            break
    return number if 0 < number <= LATEST else None

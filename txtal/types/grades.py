"""The grades of a rating: whole numbers in a row, as labels."""

from __future__ import annotations

import re
from collections.abc import Sequence

from txtal.errors import UsageError

HIGHEST = 10
"""A grade has the key of its last digit, so ten of them in a row are the most there can be."""

_SPAN = re.compile(r"(\d{1,2})\s*(?:-|–|\.\.)\s*(\d{1,2})")


def grades(text: str) -> tuple[str, ...]:
    """The grades of ``1-5``, lowest first. Raises UsageError for what is no such span."""
    span = _SPAN.fullmatch(text.strip())
    low, high = map(int, span.groups()) if span else (0, 0)
    if not 0 <= low < high <= HIGHEST or high - low >= HIGHEST:
        raise UsageError(
            f"{text!r} is no scale of grades: give the lowest and the highest, as in 1-5; "
            f"up to ten of them, from 0 to {HIGHEST}"
        )
    return tuple(str(grade) for grade in range(low, high + 1))


def are_grades(names: Sequence[str]) -> bool:
    """Whether these labels, in their order, are a scale of grades."""
    try:
        return len(names) > 1 and list(grades(f"{names[0]}-{names[-1]}")) == list(names)
    except UsageError:
        return False


def span(names: Sequence[str]) -> str:
    """``1 to 5``: the scale these grades are."""
    return f"{names[0]} to {names[-1]}"


def key(grade: str) -> str:
    """The digit that answers with this grade: its own, and 0 for 10."""
    return grade[-1]

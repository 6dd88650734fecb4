"""The grades of a rating and the scores of a long one: whole numbers in a row, as labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from txtal.errors import UsageError

HIGHEST = 10
"""A grade's key is its last digit, so a scale has at most ten grades."""

MOST_SCORES = 201
"""The maximum number of scores on a scale: each is a column of the model's probabilities."""

LEVEL = 0.9
"""How often the interval shown with a grade or score contains the true one."""

_RANGES = 10
"""Number of ranges in which scores are counted."""

_SPAN = re.compile(r"(\d{1,4})\s*(?:-|–|\.\.)\s*(\d{1,4})")


def grades(text: str) -> tuple[str, ...]:
    """Return the grades of ``1-5``, lowest first. Raises UsageError for an invalid range."""
    low, high = _ends(text)
    if not 0 <= low < high <= HIGHEST or high - low >= HIGHEST:
        raise UsageError(
            f"{text!r} is no scale of grades: give the lowest and the highest, as in 1-5; "
            f"up to ten of them, from 0 to {HIGHEST}"
        )
    return _numbers(low, high)


def scores(text: str) -> tuple[str, ...]:
    """Return the scores of ``0-100``, lowest first. Raises UsageError for an invalid range."""
    low, high = _ends(text)
    if not HIGHEST <= high - low < MOST_SCORES:
        raise UsageError(
            f"{text!r} is no scale of scores: give the lowest and the highest whole number, as in "
            f"0-100; {HIGHEST + 1} to {MOST_SCORES} of them. Fewer are grades: --rating 1-5"
        )
    return _numbers(low, high)


def scale(text: str) -> tuple[str, ...]:
    """Return the grades or scores of a range. Raises UsageError if it is neither."""
    low, high = _ends(text)
    return scores(text) if high - low >= HIGHEST else grades(text)


def given(rating: str | None, score: str | None) -> tuple[str, ...]:
    """Return the scale that ``--rating`` or ``--score`` names; empty without either.

    Raises UsageError if both are given, and for an invalid scale.
    """
    if rating and score:
        raise UsageError("--rating is for grades and --score for scores: give one of them")
    return scores(score) if score else grades(rating) if rating else ()


def _ends(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _numbers(low: int, high: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(low, high + 1))


def are_scores(names: Sequence[object]) -> bool:
    """Return whether a scale has scores: too many for a key and a regression each."""
    return len(names) > HIGHEST


def noun(names: Sequence[object]) -> str:
    """Return what a number of this scale is called: ``grade`` or ``score``."""
    return "score" if are_scores(names) else "grade"


def between(probabilities: Iterable[float], level: float = LEVEL) -> tuple[int, int]:
    """Return the indices of the lowest and highest number in the central interval of this level.

    ``probabilities`` are those of all numbers of the scale, lowest first.
    """
    shares = list(probabilities)
    edge = (1 - level) / 2 * sum(shares)
    low = high = len(shares) - 1
    reached, found = 0.0, False
    for place, share in enumerate(shares):
        reached += share
        if not found and reached > edge:
            low, found = place, True
        if reached >= sum(shares) - edge:
            high = place
            break
    return low, high


def in_ranges(counts: Mapping[str, int]) -> dict[str, int]:
    """Sum counts of scores over up to ten ranges of the scale: ``{"0 to 10": 3, ...}``."""
    names = list(counts)
    size = -(-len(names) // _RANGES)
    parts = (names[at : at + size] for at in range(0, len(names), size))
    return {span(part): sum(counts[name] for name in part) for part in parts}


def are_grades(names: Sequence[str]) -> bool:
    """Return whether these labels, in their order, are a scale of grades or scores."""
    try:
        return len(names) > 1 and list(scale(f"{names[0]}-{names[-1]}")) == list(names)
    except UsageError:
        return False


def span(names: Sequence[str]) -> str:
    """Return the scale of these grades in words: ``1 to 5``."""
    return f"{names[0]} to {names[-1]}" if len(names) > 1 else names[0]


def key(grade: str) -> str:
    """Return the key of a grade: its last digit."""
    return grade[-1]

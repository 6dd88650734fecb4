"""Turning a label's name into words that a vectoriser can read.

Names come as people type them: ``card_arrival``, ``LateFlight``, ``billing/refund``,
``openinggreeting``. They are split where a reader would split them; words that run together are
split only into words that the tickets themselves use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import log

SHORTEST = 3
"""Minimum length of the parts into which a word is split."""

LONGEST = 20
"""Maximum length of such a part, which bounds the search."""

SEEN = 2
"""How often a word must occur in the tickets to be such a part."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[\s_/\\|.:+>-]+")
_WORD = re.compile(r"[^\W\d_]+")


def word_counts(texts: Iterable[str]) -> Counter[str]:
    """Count how often each word occurs in ``texts``, in lower case."""
    return Counter(word for text in texts for word in _WORD.findall(text.lower()))


def label_text(name: str, description: str = "", counts: Mapping[str, int] | None = None) -> str:
    """Return the words of a label's name, followed by its description.

    With ``counts``, how often each word occurs in the tickets, words that run together are split.
    """
    words = [word for part in _CAMEL.split(name) for word in _BETWEEN.split(part) if word]
    if counts is not None:
        words = [part for word in words for part in _parted(word, counts)]
    said = " ".join(words)
    return f"{said}. {description.strip()}" if description.strip() else said


def label_texts(
    labels: Sequence[tuple[str, str]], counts: Mapping[str, int] | None = None
) -> list[str]:
    """Return the text of each label, given as pairs of name and description."""
    return [label_text(name, description, counts) for name, description in labels]


def _parted(word: str, counts: Mapping[str, int]) -> list[str]:
    """Split a word into the words it consists of, if the tickets use these and not the word."""
    lower = word.lower()
    if not _WORD.fullmatch(lower) or counts.get(lower, 0) >= SEEN or len(lower) < 2 * SHORTEST:
        return [word]
    total = max(1, sum(counts.values()))

    @cache
    def best(end: int) -> tuple[float, tuple[str, ...]] | None:
        """Return the most probable split of the first ``end`` letters into words."""
        if end == 0:
            return 0.0, ()
        ways = []
        for begin in range(max(0, end - LONGEST), end - SHORTEST + 1):
            part = lower[begin:end]
            before = best(begin) if counts.get(part, 0) >= SEEN else None
            if before is not None:
                ways.append((before[0] + log(counts[part] / total), (*before[1], part)))
        return max(ways, default=None)

    found = best(len(lower))
    return list(found[1]) if found else [word]

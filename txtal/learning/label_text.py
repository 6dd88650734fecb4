"""What a label is called, as words a vectoriser can read.

Names come as they are typed in a scheme: ``card_arrival``, ``LateFlight``, ``billing/refund``,
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
"""Letters of a part of a word that was run together."""

LONGEST = 20
"""Letters of one, at most: what bounds the search."""

SEEN = 2
"""How often the tickets must use a word for it to be such a part."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[\s_/\\|.:+>-]+")
_WORD = re.compile(r"[^\W\d_]+")


def word_counts(texts: Iterable[str]) -> Counter[str]:
    """How often each word occurs in ``texts``, in lower case."""
    return Counter(word for text in texts for word in _WORD.findall(text.lower()))


def label_text(name: str, description: str = "", counts: Mapping[str, int] | None = None) -> str:
    """The words of a label's name, and its description after them.

    ``counts`` has how often the tickets use each word; with it, words that run together are split.
    """
    words = [word for part in _CAMEL.split(name) for word in _BETWEEN.split(part) if word]
    if counts is not None:
        words = [part for word in words for part in _parted(word, counts)]
    said = " ".join(words)
    return f"{said}. {description.strip()}" if description.strip() else said


def label_texts(
    labels: Sequence[tuple[str, str]], counts: Mapping[str, int] | None = None
) -> list[str]:
    """The text of each label, given as its name and description."""
    return [label_text(name, description, counts) for name, description in labels]


def _parted(word: str, counts: Mapping[str, int]) -> list[str]:
    """The word, or the words it is made of if the tickets use those and not it."""
    lower = word.lower()
    if not _WORD.fullmatch(lower) or counts.get(lower, 0) >= SEEN or len(lower) < 2 * SHORTEST:
        return [word]
    total = max(1, sum(counts.values()))

    @cache
    def best(end: int) -> tuple[float, tuple[str, ...]] | None:
        """The most probable way to read the first ``end`` letters, as one word after another."""
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

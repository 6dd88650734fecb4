"""New tickets composed of the pool's own: a part of one from each side of a boundary.

Membership queries (Angluin 1988) in the words that tickets are made of. A point made up in feature
space has no text; the text that comes nearest to lying between two labels is a piece of a ticket of
the one and a piece of a ticket of the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from txtal.learning.arrays import Features
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.synthesis import pairs
from txtal.learning.strategies.uncertainty import margin

BOUNDARIES = 8
"""That tickets are composed across, at most: those with the most doubt."""

PARTS = 3
"""Parts of a text that are tried: its first, its last, and all of it."""

LONGEST = 500
"""Characters of a text that anything is taken from; more would make a ticket too long to read."""

_END = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
_CLAUSE = re.compile(r"(?<=[,;:，；：、])\s+")


def parts(text: str) -> list[str]:
    """What a text may lend: its first and last sentence, else clause, and all of it."""
    text = text.strip()
    if len(text) > LONGEST:
        text = text[:LONGEST].rsplit(maxsplit=1)[0]
    for splits in (_END, _CLAUSE):
        pieces = [piece for piece in map(str.strip, splits.split(text)) if piece]
        if len(pieces) > 1:
            return list(dict.fromkeys([pieces[0], pieces[-1], text]))[:PARTS]
    return [text] if text else []


def joined(one: str, other: str) -> Iterator[str]:
    """Every text of a part of each, either first."""
    for first, second in product(parts(one), parts(other)):
        if first != second:
            yield f"{first} {second}"
            yield f"{second} {first}"


class Made(NamedTuple):
    """A composed text."""

    text: str
    rows: tuple[int, int]
    """Of the pool: what it is made of."""
    doubt: float


def compose(
    pool: Pool,
    read: Callable[[Sequence[int]], Sequence[str]],
    vectorise: Callable[[Sequence[str]], Features],
) -> list[Made]:
    """Texts of the pool's, the most doubtful first: one a boundary, ``BOUNDARIES`` at most.

    Each is of the nearest ticket on either side of the point where the boundary is crossed, and of
    all texts of a part of each the one the model is in most doubt about. ``read`` gives the texts
    of rows of the pool. Raises LearnerError when there is no model.
    """
    across = pairs(pool)[:BOUNDARIES]
    texts = dict(zip(_flat(across), read(_flat(across)), strict=True))
    made = []
    for one, other in across:
        tried = list(dict.fromkeys(joined(texts[one], texts[other])))
        if tried:
            doubt = margin(Pool(vectorise(tried), pool.task, pool.model))
            best = int(doubt.argmax())
            made.append(Made(tried[best], (one, other), float(doubt[best])))
    return sorted(made, key=lambda found: -found.doubt)


def _flat(across: Iterable[tuple[int, int]]) -> list[int]:
    return list(dict.fromkeys(row for pair in across for row in pair))

"""Composing synthetic tickets from two of the pool, one on each side of a decision boundary.

These are membership queries (Angluin 1988) with real words: a point constructed in feature space
has no text, so a part of a ticket with one label is joined to a part of a ticket with another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np

from txtal.learner.ranking import Candidates, Pick, ranked
from txtal.learner.source import DatasetSource
from txtal.learning.arrays import Features
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.synthesis import pairs
from txtal.learning.strategies.uncertainty import margin
from txtal.types import SYNTHETIC, Composed
from txtal.vectors.files import Matrix

BOUNDARIES = 8
"""The maximum number of boundaries to compose tickets for: those with the most uncertainty."""

PARTS = 3
"""The maximum number of parts of a text: its first, its last, and all of it."""

LONGEST = 500
"""Characters of a text that parts come from; more would make a ticket too long to read."""

_END = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
_CLAUSE = re.compile(r"(?<=[,;:，；：、])\s+")


def parts(text: str) -> list[str]:
    """Return the parts of a text: its first and last sentence, else clause, and all of it."""
    text = text.strip()
    if len(text) > LONGEST:
        text = text[:LONGEST].rsplit(maxsplit=1)[0]
    for splits in (_END, _CLAUSE):
        pieces = [piece for piece in map(str.strip, splits.split(text)) if piece]
        if len(pieces) > 1:
            return list(dict.fromkeys([pieces[0], pieces[-1], text]))[:PARTS]
    return [text] if text else []


def joined(one: str, other: str) -> Iterator[str]:
    """Join every part of one text with every part of the other, in both orders."""
    for first, second in product(parts(one), parts(other)):
        if first != second:
            yield f"{first} {second}"
            yield f"{second} {first}"


class Mixed(NamedTuple):
    """A composed text."""

    text: str
    rows: tuple[int, int]
    """The rows of the two tickets in the pool."""
    uncertainty: float


def compose(
    pool: Pool,
    read: Callable[[Sequence[int]], Sequence[str]],
    vectorise: Callable[[Sequence[str]], Features],
) -> list[Mixed]:
    """Compose a text for each boundary, and return the most uncertain first.

    Each joins parts of the tickets nearest to the point where the boundary is crossed, one on each
    side; of all such texts it is the one the model is most uncertain about. ``read`` returns the
    texts of rows of the pool. Raises LearnerError when there is no model.
    """
    across = pairs(pool)[:BOUNDARIES]
    texts = dict(zip(_flat(across), read(_flat(across)), strict=True))
    made = []
    for one, other in across:
        tried = list(dict.fromkeys(joined(texts[one], texts[other])))
        if tried:
            uncertainty = margin(Pool(vectorise(tried), pool.task, pool.model))
            best = int(uncertainty.argmax())
            made.append(Mixed(tried[best], (one, other), float(uncertainty[best])))
    return sorted(made, key=lambda found: -found.uncertainty)


def composed(candidates: Candidates, source: DatasetSource) -> tuple[Composed, ...]:
    """Compose texts of two open tickets each that the model is uncertain about."""
    if candidates.pool.model is None:
        return ()
    fit, features = candidates.fit, candidates.fit.features
    ids = features.ids[candidates.rows]
    made = compose(
        candidates.pool,
        lambda rows: source.texts(ids[list(rows)].tolist()),
        features.vectoriser.transform,
    )
    if not made:
        return ()
    rows = features.vectoriser.transform([one.text for one in made])
    own = replace(features, ids=np.arange(len(made)), matrix=Matrix(rows.astype(np.float16)))
    uncertainty = np.array([one.uncertainty for one in made], np.float32)
    described = ranked(Pick(SYNTHETIC, np.arange(len(made)), uncertainty, None), own, fit)
    return tuple(
        Composed(one.text, (int(ids[one.rows[0]]), int(ids[one.rows[1]])), its)
        for one, its in zip(made, described, strict=True)
    )


def _flat(across: Iterable[tuple[int, int]]) -> list[int]:
    return list(dict.fromkeys(row for pair in across for row in pair))

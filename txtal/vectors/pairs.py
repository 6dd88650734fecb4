"""In which order these tickets use words: latent semantic analysis of pairs that stand together.

"Can I cancel it" and "it can I cancel" have all their words in common. A text's features are tf-idf
weights of the pairs of neighbouring words in it, lower-cased, of which a truncated SVD gives each a
row, as in :mod:`lexical`. A pair that is in one text only has none; where few pairs come twice, the
block says little and counts for less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from txtal.vectors.blocks import (
    Floats,
    Indices,
    Knowledge,
    PairTable,
    Sample,
    Saved,
    packed,
    unpacked,
)
from txtal.vectors.pipeline import Pipeline


@dataclass(frozen=True)
class Pairs(PairTable):
    """The block ``pairs``: a row for each pair of words, idf weight included."""

    numbers: Mapping[str, int]
    """Of the words, lower-cased."""
    keys: Indices
    """(pairs,), ascending: the first word times the number of words, plus the second word."""
    table: Floats
    coverage: float
    dims: int = field(init=False)

    def __post_init__(self) -> None:
        """Count the columns."""
        object.__setattr__(self, "dims", int(self.table.shape[1]))

    @property
    def knows(self) -> Knowledge:
        """In which order these tickets use words."""
        return "order"

    @classmethod
    def fit(cls, name: str, sample: Sample) -> Pairs:
        """Learn from the pairs of the sample's texts; see :mod:`pairs_fit`."""
        from txtal.vectors.pairs_fit import learned  # which needs SciPy

        return learned(sample)

    def words(self, types: Sequence[str]) -> Indices:
        """Return the number of the word that each type is, (types,); -1 for an unknown one."""
        numbers = (self.numbers.get(type_.lower(), -1) for type_ in types)
        return np.fromiter(numbers, np.int64, len(types))

    def pairs(self, first: Indices, second: Indices) -> Indices:
        """Return the row of each pair of words, (n,); -1 for an unknown one."""
        return found(self.keys, key_of(first, second, len(self.numbers)))

    def to_arrays(self) -> Saved:
        """Return all that :meth:`from_arrays` needs; the table loses nothing as float16."""
        return {"coverage": self.coverage}, {
            "words": packed(self.numbers),
            "keys": self.keys,
            "table": self.table.astype(np.float16),
        }

    @classmethod
    def from_arrays(
        cls,
        name: str,
        pipeline: Pipeline,
        header: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Pairs:
        """Make it again from :meth:`to_arrays`; see :class:`Block`."""
        numbers, keys = unpacked(arrays["words"]), np.asarray(arrays["keys"], np.int64)
        table = arrays["table"].astype(np.float32)
        if keys.ndim != 1 or table.shape[:-1] != keys.shape or (np.diff(keys) <= 0).any():
            raise ValueError(f"the table of the block {name} doesn't fit its pairs")
        return cls(numbers, keys, table, float(header["coverage"]))


def key_of(first: Indices, second: Indices, words: int) -> Indices:
    """Return a number for each pair of so many words; -1 where one is unknown."""
    return np.where((first < 0) | (second < 0), -1, first * words + second)


def found(keys: Indices, wanted: Indices) -> Indices:
    """Return the place of each in ``keys``; -1 for one that isn't there."""
    if not len(keys):
        return np.full(len(wanted), -1)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, -1)

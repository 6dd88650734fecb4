"""In which order these tickets use words: latent semantic analysis of pairs that stand together.

"Can I cancel it" and "it can I cancel" have all their words in common. A text's features are tf-idf
weights of the pairs of neighbouring words in it, lower-cased, of which a truncated SVD gives each a
row, as in :mod:`lexical`. A pair that is in one text only has none; where few pairs come twice, the
block says little and counts for less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from txtal.vectors.bag import batches, dampened, neighbours, row_counts
from txtal.vectors.blocks import Floats, Indices, Knowledge, PairTable, Sample, Saved
from txtal.vectors.pipeline import Pipeline
from txtal.vectors.semantics import (
    idf,
    lengths,
    most_frequent,
    packed,
    right_singular_vectors,
    rounded,
    scaled,
    unpacked,
)

DIMS = 256

MOST = 50_000
"""Pairs kept, the most frequent; with float16 a saved table takes 25 MB at most."""

LEAST = 2
"""Texts that a pair must occur in."""


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
        """Learn from the sample's pairs; with nothing to learn from its one column is zero."""
        words = _Words.of(sample)
        met, texts = _met(words)
        kept = most_frequent(texts, LEAST, MOST)
        keys, pairs = met[kept], 0
        parts = [sp.csr_array((0, len(keys)), dtype=np.float32)]
        for number_of, starts in words.read():
            pairs += int((number_of >= 0).sum())
            parts.append(row_counts(_found(keys, number_of), starts, len(keys)))
        counts = sp.csr_array(sp.vstack(parts, format="csr"))
        coverage = float(counts.sum()) / max(1, pairs)
        weights = idf(texts[kept], len(sample.texts))
        by_pair = sp.csr_array(dampened(counts) @ sp.diags_array(weights))
        alone = sp.eye_array(len(keys), dtype=np.float32, format="csr")
        vectors = right_singular_vectors(
            scaled(by_pair, lengths(by_pair)), alone, DIMS, sample.seed
        )
        numbers, keys = words.only(keys)
        return cls(numbers, keys, rounded(vectors * weights[:, None]), round(coverage, 4))

    def words(self, types: Sequence[str]) -> Indices:
        """Return the number of the word that each type is, (types,); -1 for an unknown one."""
        found = (self.numbers.get(type_.lower(), -1) for type_ in types)
        return np.fromiter(found, np.int64, len(types))

    def pairs(self, first: Indices, second: Indices) -> Indices:
        """Return the row of each pair of words, (n,); -1 for an unknown one."""
        return _found(self.keys, _key(first, second, len(self.numbers)))

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


class _Words(NamedTuple):
    """The sample's words and the pairs of them."""

    names: list[str]
    of_type: Indices
    """(types,): each type's word, lower-cased."""
    sample: Sample

    @classmethod
    def of(cls, sample: Sample) -> _Words:
        numbers: dict[str, int] = {}
        _ = sample.counts  # so that the bag has met every type
        of_type = [numbers.setdefault(type_.lower(), len(numbers)) for type_ in sample.bag.types]
        return cls(list(numbers), np.array(of_type, np.int64), sample)

    def read(self) -> Iterator[tuple[Indices, Indices]]:
        """Yield, for one batch of texts after the other, the key of each pair, and where the texts
        begin. The bag remembers the tokens, so it takes little longer than to read them.
        """
        for batch in batches(self.sample.texts):
            types, starts = self.sample.bag.read(batch)
            first, second, begins = neighbours(self.of_type[types], starts)
            yield _key(first, second, len(self.names)), begins

    def only(self, keys: Indices) -> tuple[dict[str, int], Indices]:
        """Return the words that are in these pairs, numbered, and the keys by those numbers."""
        used, places = np.unique(np.divmod(keys, max(1, len(self.names))), return_inverse=True)
        first, second = places.reshape(2, -1)
        numbers = {self.names[word]: number for number, word in enumerate(used)}
        return numbers, _key(first, second, len(numbers))


def _met(words: _Words) -> tuple[Indices, Indices]:
    """Return the keys of all pairs, ascending, and in how many texts each is."""
    met, texts = np.empty(0, np.int64), np.empty(0, np.int64)
    for keys, starts in words.read():
        text = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        order = np.lexsort((keys, text))
        keys, text = keys[order], text[order]
        again = (keys[1:] == keys[:-1]) & (text[1:] == text[:-1])
        new, times = np.unique(keys[np.append(True, ~again)[: len(keys)]], return_counts=True)
        every, places = np.unique(np.concatenate([met, new]), return_inverse=True)
        sums = np.bincount(places, np.concatenate([texts, times]), len(every))
        met, texts = every, sums.astype(np.int64)
    return met, texts


def _key(first: Indices, second: Indices, words: int) -> Indices:
    return np.where((first < 0) | (second < 0), -1, first * words + second)


def _found(keys: Indices, wanted: Indices) -> Indices:
    """Return the place of each in ``keys``; -1 for one that isn't there."""
    if not len(keys):
        return np.full(len(wanted), -1)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, -1)

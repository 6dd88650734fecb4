"""Learning the table of :mod:`pairs`: a truncated SVD of pairs of words, by their weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from txtal.vectors.bag import batches, neighbours, row_counts
from txtal.vectors.blocks import Indices, Sample
from txtal.vectors.pairs import Pairs, found, key_of
from txtal.vectors.semantics import (
    idf,
    lengths,
    most_frequent,
    right_singular_vectors,
    rounded,
    scaled,
)

DIMS = 256

MOST = 50_000
"""Pairs kept, the most frequent; with float16 a saved table takes 25 MB at most."""

LEAST = 2
"""Texts that a pair must occur in."""


def learned(sample: Sample) -> Pairs:
    """Return the table learned from the sample's pairs.

    With nothing to learn from, its one column is zero.
    """
    words = _Words.of(sample)
    met, texts = _met(words)
    kept = most_frequent(texts, LEAST, MOST)
    keys, pairs = met[kept], 0
    parts = [sp.csr_array((0, len(keys)), dtype=np.float32)]
    for those, starts in words.read():
        pairs += len(those)
        parts.append(row_counts(found(keys, those), starts, len(keys)).csr())
    counts = sp.csr_array(sp.vstack(parts, format="csr"))
    coverage = float(counts.sum()) / max(1, pairs)
    counts.data = 1 + np.log(counts.data)
    weights = idf(texts[kept], len(sample.texts))
    by_pair = sp.csr_array(counts @ sp.diags_array(weights))
    alone = sp.eye_array(len(keys), dtype=np.float32, format="csr")
    vectors = right_singular_vectors(scaled(by_pair, lengths(by_pair)), alone, DIMS, sample.seed)
    numbers, keys = words.only(keys)
    return Pairs(numbers, keys, rounded(vectors * weights[:, None]), round(coverage, 4))


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
            yield key_of(first, second, len(self.names)), begins

    def only(self, keys: Indices) -> tuple[dict[str, int], Indices]:
        """Return the words that are in these pairs, numbered, and the keys by those numbers."""
        used, places = np.unique(np.divmod(keys, max(1, len(self.names))), return_inverse=True)
        first, second = places.reshape(2, -1)
        numbers = {self.names[word]: number for number, word in enumerate(used)}
        return numbers, key_of(first, second, len(numbers))


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

"""Learning the tables of :mod:`lexical`: a truncated SVD of words and n-grams, by their weights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import count

import numpy as np
import scipy.sparse as sp

from txtal.vectors.bag import incidence
from txtal.vectors.blocks import Floats
from txtal.vectors.lexical import Lexical, familiar, grams_of
from txtal.vectors.semantics import (
    idf,
    lengths,
    most_frequent,
    right_singular_vectors,
    rounded,
    scaled,
)

DIMS = 256
"""On banking77 as good as 300 or 400; 200 is half a point worse."""

MAX_WORDS = 50_000
MAX_GRAMS = 30_000
"""Columns kept, the most frequent; with float16 tables a saved one takes 41 MB at most."""

_FEW_TEXTS = 100
_ROWS_AT_ONCE = 1000


def learned(types: Sequence[str], counts: sp.csr_array, seed: int) -> Lexical:
    """Return the tables learned from counts of types, (texts, types).

    A word or n-gram must occur in two texts, or in one when there are fewer than 100 texts. With
    nothing to learn from, every row it gives is a single zero.
    """
    words, fold = _lowered(types)
    texts = counts.shape[0]
    weights = counts @ fold
    weights.data = 1 + np.log(weights.data)
    least = 1 if texts < _FEW_TEXTS else 2
    word_df = np.bincount(weights.indices, minlength=len(words))
    kept_words = most_frequent(word_df, least, MAX_WORDS)

    grams: dict[str, int] = defaultdict(count().__next__)
    rows = [list(map(grams.__getitem__, grams_of(word))) for word in words]
    table = incidence(rows, len(grams)).csr()
    gram_df = np.zeros(len(grams), dtype=np.int64)
    for part in _row_parts(weights):
        gram_df += np.bincount((part @ table).indices, minlength=len(grams))
    kept_grams = most_frequent(gram_df, least, MAX_GRAMS)

    word_idf = idf(word_df[kept_words], texts)
    gram_idf = idf(gram_df[kept_grams], texts)
    by_word = weights[:, kept_words] @ sp.diags_array(word_idf)
    table = table[:, kept_grams] @ sp.diags_array(gram_idf)
    left = sp.hstack(
        [scaled(by_word, lengths(by_word)), scaled(weights, _product_lengths(weights, table))],
        format="csr",
    )
    right = sp.block_diag([sp.eye_array(len(kept_words), dtype=np.float32), table], format="csr")
    vectors = right_singular_vectors(left, right, DIMS, seed)
    split = len(kept_words)
    gram_names = list(grams)
    again = {words[one] for one in np.flatnonzero(word_df > 1)}
    parts = {gram_names[one] for one in np.flatnonzero(gram_df > 1)}
    return Lexical(
        {words[column]: i for i, column in enumerate(kept_words)},
        rounded(vectors[:split] * word_idf[:, None]),
        {gram_names[column]: i for i, column in enumerate(kept_grams)},
        rounded(vectors[split:] * gram_idf[:, None]),
        _usual(counts @ fold, familiar(words, again, parts)),
    )


def _usual(counts: sp.csr_array, of_words: Floats) -> float:
    """Return the median of how familiar texts (texts, words) are, by that of their words."""
    told = ~np.isnan(of_words)
    some = counts @ told.astype(np.float32)
    means = (counts @ np.where(told, of_words, 0))[some > 0] / some[some > 0]
    return round(float(np.median(means)), 4) if len(means) else 0.0


def _lowered(types: Sequence[str]) -> tuple[list[str], sp.csr_array]:
    """Return the lower-cased types, and which of them each type is: (types, lower-cased)."""
    numbers: dict[str, int] = {}
    rows = [[numbers.setdefault(type_.lower(), len(numbers))] for type_ in types]
    return list(numbers), incidence(rows, len(numbers)).csr()


def _row_parts(matrix: sp.csr_array) -> list[sp.csr_array]:
    # Long texts have thousands of n-grams each: all of them at once might not fit in memory.
    starts = range(0, matrix.shape[0], _ROWS_AT_ONCE)
    return [matrix[start : start + _ROWS_AT_ONCE] for start in starts]


def _product_lengths(weights: sp.csr_array, table: sp.csr_array) -> Floats:
    parts = [lengths(part @ table) for part in _row_parts(weights)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)

"""Learning the tables of :mod:`lexical`: a truncated SVD of words and n-grams, by their weights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import count

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from txtal.vectors.bag import incidence
from txtal.vectors.blocks import Floats
from txtal.vectors.lexical import Lexical, grams_of

DIMS = 256
"""On banking77 as good as 300 or 400; 200 is half a point worse."""

MAX_WORDS = 50_000
MAX_GRAMS = 30_000
"""Columns kept, the most frequent; with float16 tables a saved one takes 41 MB at most."""

_FEW_TEXTS = 100
_OVERSAMPLED = 10
_ITERATIONS = 1
"""Power iterations: none is half a point worse on clinc150, two or three are no better."""
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
    kept_words = _most_frequent(word_df, least, MAX_WORDS)

    grams: dict[str, int] = defaultdict(count().__next__)
    rows = [list(map(grams.__getitem__, grams_of(word))) for word in words]
    table = incidence(rows, len(grams)).csr()
    gram_df = np.zeros(len(grams), dtype=np.int64)
    for part in _row_parts(weights):
        gram_df += np.bincount((part @ table).indices, minlength=len(grams))
    kept_grams = _most_frequent(gram_df, least, MAX_GRAMS)

    word_idf = _idf(word_df[kept_words], texts)
    gram_idf = _idf(gram_df[kept_grams], texts)
    by_word = weights[:, kept_words] @ sp.diags_array(word_idf)
    table = table[:, kept_grams] @ sp.diags_array(gram_idf)
    left = sp.hstack(
        [_scaled(by_word, _lengths(by_word)), _scaled(weights, _product_lengths(weights, table))],
        format="csr",
    )
    right = sp.block_diag([sp.eye_array(len(kept_words), dtype=np.float32), table], format="csr")
    vectors = right_singular_vectors(left, right, DIMS, seed)
    split = len(kept_words)
    gram_names = list(grams)
    return Lexical(
        {words[column]: i for i, column in enumerate(kept_words)},
        _rounded(vectors[:split] * word_idf[:, None]),
        {gram_names[column]: i for i, column in enumerate(kept_grams)},
        _rounded(vectors[split:] * gram_idf[:, None]),
    )


def right_singular_vectors(left: sp.csr_array, right: sp.csr_array, rank: int, seed: int) -> Floats:
    """Return the first right singular vectors of ``left @ right`` as columns; at least one.

    Randomised (Halko, Martinsson and Tropp 2011). The product is never formed: a text has a fifth
    as many types as n-grams, so multiplying by the two factors is several times cheaper.
    """
    left_t, right_t = left.T.tocsr(), right.T.tocsr()
    rng = np.random.default_rng(seed)
    width = min(rank + _OVERSAMPLED, left.shape[0], right.shape[1])
    basis = right_t @ (left_t @ rng.standard_normal((left.shape[0], width), dtype=np.float32))
    for _ in range(_ITERATIONS):
        basis = right_t @ (left_t @ (left @ (right @ _orthonormal(basis))))
    basis = _orthonormal(basis)
    seen = left @ (right @ basis)
    _, rotation = np.linalg.eigh((seen.T @ seen).astype(np.float64))
    vectors = basis @ rotation[:, ::-1][:, :rank].astype(np.float32)
    return vectors if vectors.shape[1] else np.zeros((right.shape[1], 1), dtype=np.float32)


def _orthonormal(basis: Floats) -> Floats:
    """Orthonormalise the columns by the Gram matrix, which is five times as fast as QR here."""
    values, vectors = np.linalg.eigh((basis.T @ basis).astype(np.float64))
    kept = values > 1e-7 * max(values.max(initial=0.0), np.finfo(np.float32).tiny)
    to_unit: Floats = (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32)
    return basis @ to_unit


def _lowered(types: Sequence[str]) -> tuple[list[str], sp.csr_array]:
    """Return the lower-cased types, and which of them each type is: (types, lower-cased)."""
    numbers: dict[str, int] = {}
    rows = [[numbers.setdefault(type_.lower(), len(numbers))] for type_ in types]
    return list(numbers), incidence(rows, len(numbers)).csr()


def _most_frequent(frequencies: NDArray[np.int64], least: int, most: int) -> NDArray[np.int64]:
    """Return the columns of frequency ``least`` or above, at most ``most`` of them, in order."""
    kept = np.flatnonzero(frequencies >= least)
    if len(kept) > most:
        kept = np.sort(kept[np.argsort(-frequencies[kept], kind="stable")[:most]])
    return kept


def _idf(frequencies: NDArray[np.int64], texts: int) -> Floats:
    return (np.log((1 + texts) / (1 + frequencies)) + 1).astype(np.float32)


def _row_parts(matrix: sp.csr_array) -> list[sp.csr_array]:
    # Long texts have thousands of n-grams each: all of them at once might not fit in memory.
    starts = range(0, matrix.shape[0], _ROWS_AT_ONCE)
    return [matrix[start : start + _ROWS_AT_ONCE] for start in starts]


def _lengths(matrix: sp.csr_array) -> Floats:
    squares: Floats = matrix.multiply(matrix).sum(axis=1)
    return np.sqrt(squares)


def _product_lengths(weights: sp.csr_array, table: sp.csr_array) -> Floats:
    parts = [_lengths(part @ table) for part in _row_parts(weights)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def _scaled(matrix: sp.csr_array, lengths: Floats) -> sp.csr_array:
    """Divide each row by its length, unless that is zero."""
    scale = sp.diags_array(1 / np.where(lengths > 0, lengths, 1))
    return sp.csr_array(scale @ matrix)


def _rounded(table: Floats) -> Floats:
    """Round to what float16 can save, so that a saved vectoriser gives the very same features."""
    return table.astype(np.float16).astype(np.float32)

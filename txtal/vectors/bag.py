"""Texts as bags of token types: how often each occurs, not their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np
import scipy.sparse as sp

from txtal.vectors.pipeline import MAX_CHARACTERS, Tokeniser

MAX_TYPES = 100_000
"""Types remembered before all are dropped: their rows take about 200 MB."""

MAX_REMEMBERED = 10_000_000
"""Characters of text remembered with their tokens before all are dropped."""

BATCH_TEXTS = 2048
BATCH_CHARACTERS = 500_000
"""A batch is full at either limit, which bounds how many types it can add."""


class Bag:
    """Counts token types and remembers them, and the tokens of each run of characters.

    Types are distinguished exactly as written, and numbered in the order they are first met.
    """

    def __init__(self, tokeniser: Tokeniser) -> None:
        self.types: list[str] = []
        self._tokeniser = tokeniser
        self._numbers: dict[str, int] = {}
        self._runs: dict[str, list[int]] = {}
        self._characters = 0

    @property
    def full(self) -> bool:
        """Return whether it holds so much that a new one should replace it."""
        return len(self.types) > MAX_TYPES or self._characters > MAX_REMEMBERED

    def count(self, texts: Sequence[str]) -> sp.csr_array:
        """Count how often each type occurs in each text: (texts, types so far), float32."""
        runs = [self._tokeniser.runs(text) for text in texts]
        self._learn([run for run in dict.fromkeys(chain(*runs)) if run not in self._runs])
        known = self._runs
        rows = [[number for run in of_text for number in known[run]] for of_text in runs]
        return incidence(rows, len(self.types))

    def _learn(self, runs: Sequence[str]) -> None:
        numbers = self._numbers
        for run, tokens in zip(runs, self._tokeniser.tokens(runs), strict=True):
            self._runs[run] = [numbers.setdefault(token, len(numbers)) for token in tokens]
            self._characters += len(run)
        self.types.extend(islice(numbers, len(self.types), None))


def incidence(rows: Sequence[Sequence[int]], columns: int) -> sp.csr_array:
    """Turn rows of column numbers into counts, (rows, columns) float32.

    Each row's columns stay in the order of their first occurrence, whatever their numbers: a
    product adds up in this order, so the features of a text are the same to the last bit whatever
    was read before it.
    """
    starts = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=starts[1:])
    numbers = np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(starts[-1]))
    cells = np.repeat(np.arange(len(rows)), np.diff(starts)) * columns + numbers
    _, first, counts = np.unique(cells, return_index=True, return_counts=True)
    order = np.argsort(first)
    first, counts = first[order], counts[order].astype(np.float32)
    begins = np.searchsorted(first, starts)
    return sp.csr_array((counts, numbers[first], begins), shape=(len(rows), columns))


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Split ``texts``, in order, into parts small enough to work on at once."""
    start, characters = 0, 0
    for end, text in enumerate(texts):
        length = min(len(text), MAX_CHARACTERS)
        if end > start and (end - start == BATCH_TEXTS or characters + length > BATCH_CHARACTERS):
            yield texts[start:end]
            start, characters = end, 0
        characters += length
    if start < len(texts):
        yield texts[start:]


def dampened(counts: sp.csr_array) -> sp.csr_array:
    """Return sublinear term frequencies: 1 + log(count) wherever a count isn't zero."""
    return sp.csr_array(
        (1 + np.log(counts.data), counts.indices, counts.indptr), shape=counts.shape
    )

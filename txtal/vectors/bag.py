"""Texts as bags of token types: how often each occurs, not their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from txtal.vectors.counts import Counts
from txtal.vectors.pipeline import MAX_CHARACTERS, Tokeniser

MAX_TYPES = 100_000
"""Number of remembered types at which all are dropped; their rows take about 200 MB."""

MAX_REMEMBERED = 10_000_000
"""Characters of remembered text at which all are dropped."""

BATCH_TEXTS = 2048
BATCH_CHARACTERS = 500_000
"""A batch is full at either limit, which bounds how many types it can add."""


class TokenSequence(NamedTuple):
    """The tokens of some texts, one text after the other."""

    types: NDArray[np.int64]
    """(t,): the number of each token's type."""
    starts: NDArray[np.int64]
    """(texts + 1,): where each text begins, and where the last one ends."""


class Bag:
    """Counts token types and remembers them, and the tokens of each run of characters.

    Types are distinguished exactly as written, and numbered in the order they are first met.
    """

    def __init__(self, tokeniser: Tokeniser) -> None:
        self.types: list[str] = []
        self._tokeniser = tokeniser
        self._numbers: dict[str, int] = {}
        self._runs: dict[str, int] = {}
        """The number of each run of characters seen so far."""
        self._tokens = _Growing()
        """The numbers of the types in all runs, one run after the other."""
        self._ends = _Growing([0])
        """Where each run ends in ``_tokens``, after a 0."""
        self._characters = 0

    @property
    def full(self) -> bool:
        """Return whether it holds so much that a new one should replace it."""
        return len(self.types) > MAX_TYPES or self._characters > MAX_REMEMBERED

    def count(self, texts: Sequence[str]) -> Counts:
        """Count how often each type occurs in each text: (texts, types so far), float32."""
        return counted(*self.read(texts), len(self.types))

    def read(self, texts: Sequence[str]) -> TokenSequence:
        """Return the tokens of the texts, in order."""
        runs = self._tokeniser.runs(texts)
        numbers = self._known(list(chain.from_iterable(runs)))
        ends = self._ends.values
        begins, lengths = ends[numbers], np.diff(ends)[numbers]
        passed = _starts(lengths)
        # The tokens of the runs, one after the other: each counts on from where its run begins.
        tokens = self._tokens.values[
            np.arange(passed[-1]) + np.repeat(begins - passed[:-1], lengths)
        ]
        return TokenSequence(tokens, passed[_starts(list(map(len, runs)))])

    def _known(self, runs: Sequence[str]) -> NDArray[np.int64]:
        """Return the number of each run; new ones are tokenised."""
        try:
            return np.fromiter(map(self._runs.__getitem__, runs), np.int64, len(runs))
        except KeyError:
            self._learn([run for run in dict.fromkeys(runs) if run not in self._runs])
            return self._known(runs)

    def _learn(self, runs: Sequence[str]) -> None:
        numbers = self._numbers
        tokens: list[int] = []
        lengths: list[int] = []
        for run, found in zip(runs, self._tokeniser.tokens(runs), strict=True):
            tokens += [numbers.setdefault(token, len(numbers)) for token in found]
            lengths.append(len(found))
            self._runs[run] = len(self._runs)
            self._characters += len(run)
        self._tokens.extend(tokens)
        self._ends.extend(self._ends.values[-1] + np.cumsum(lengths, dtype=np.int64))
        self.types.extend(islice(numbers, len(self.types), None))


class _Growing:
    """A growing array of numbers; memory is allocated ahead."""

    def __init__(self, values: Sequence[int] = ()) -> None:
        self._room = np.array(values, np.int64)
        self._size = len(values)

    @property
    def values(self) -> NDArray[np.int64]:
        """Return the numbers added so far."""
        return self._room[: self._size]

    def extend(self, values: Sequence[int] | NDArray[np.int64]) -> None:
        """Append numbers."""
        size = self._size + len(values)
        if size > len(self._room):
            grown = np.empty(max(size, 2 * len(self._room)), np.int64)
            grown[: self._size] = self.values
            self._room = grown
        self._room[self._size : size] = values
        self._size = size


def incidence(rows: Sequence[Sequence[int]], columns: int) -> Counts:
    """Turn rows of column numbers into counts, (rows, columns) float32; see :func:`counted`."""
    starts = _starts(list(map(len, rows)))
    numbers = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=int(starts[-1]))
    return counted(numbers, starts, columns)


def counted(numbers: NDArray[np.int64], starts: NDArray[np.int64], columns: int) -> Counts:
    """Turn column numbers, of which row i has those from starts[i] to starts[i+1], into counts.

    Each row's columns stay in the order of their first occurrence, whatever their numbers: a
    product adds up in this order, so the features of a text are the same to the last bit whatever
    was read before it.
    """
    size = len(starts) - 1
    cells = np.repeat(np.arange(size), np.diff(starts)) * columns + numbers
    _, first, counts = np.unique(cells, return_index=True, return_counts=True)
    at = np.zeros(len(numbers), np.float32)
    at[first] = counts
    kept = np.flatnonzero(at)
    begins = np.searchsorted(kept, starts)
    indices = numbers[kept].astype(np.int32)
    return Counts(at[kept], indices, begins, columns)


def _starts(lengths: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each of several runs of these lengths begins, and where the last ends."""
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def neighbours(
    numbers: NDArray[np.int64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return what stands first and second in each pair within a text, and where texts begin.

    ``numbers`` (t,) are those of the tokens, ``starts`` (texts + 1,) as in :class:`TokenSequence`.
    """
    counts = np.diff(starts)
    begins = np.zeros(len(starts), np.int64)
    np.cumsum(np.maximum(counts - 1, 0), out=begins[1:])
    followed = np.ones(len(numbers), np.bool_)
    followed[starts[1:][counts > 0] - 1] = False
    first = np.flatnonzero(followed)
    return numbers[first], numbers[first + 1], begins


def row_counts(found: NDArray[np.int64], starts: NDArray[np.int64], columns: int) -> Counts:
    """Count how often each row is found in each text, (texts, columns); -1 stands for none."""
    known = found >= 0
    before = np.zeros(len(found) + 1, np.int64)
    np.cumsum(known, out=before[1:])
    return counted(found[known], before[starts], columns)


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


def dampened(counts: Counts) -> Counts:
    """Return sublinear term frequencies: 1 + log(count) wherever a count isn't zero."""
    return replace(counts, data=1 + np.log(counts.data))

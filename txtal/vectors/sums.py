"""Texts as sums of the rows of their token types and pairs, for all tables side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from txtal.vectors.bag import Bag, TokenSequence, batches, counted, dampened, neighbours, row_counts
from txtal.vectors.blocks import Floats, PairTable, TypeTable
from txtal.vectors.counts import Counts
from txtal.vectors.lengths import scale
from txtal.vectors.pipeline import Pipeline

CENTRE_PRIOR = 10
"""Rows of zeros counted in a mean row, so that a few texts, or equal ones, don't become nothing."""

ROWS_AT_ONCE = 4_096
"""Rows of the tables that are made at a time, in several times the memory that they take."""


IN_CACHE = 512
"""Rows of the sums that are worked on at a time."""


class TypeSums:
    """Adds up the rows of a text's types: a sparse product of counts and rows.

    It remembers the types it has met and their rows until :meth:`forget`.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        tables: Sequence[TypeTable | PairTable],
        bag: Bag | None = None,
    ) -> None:
        """``tables`` are in the order of their columns: those of types before those of pairs."""
        self.dims = sum(table.dims for table in tables)
        """Columns of all tables."""
        self._pipeline = pipeline
        self._types = tuple(table for table in tables if isinstance(table, TypeTable))
        self._pairs = tuple(table for table in tables if isinstance(table, PairTable))
        self._bag = bag
        self._make_rows()
        ends = np.cumsum([0, *(table.dims for table in tables)]).tolist()
        self._columns = [slice(*pair) for pair in pairwise(ends)]

    def into(
        self,
        out: Floats,
        texts: Sequence[str],
        centre: Floats | None = None,
        lengths: Sequence[float] = (),
        enough: float = 0.0,
    ) -> None:
        """Write the sums into ``out`` (texts, dims), of unit length in each table.

        With a ``centre`` (dims,), that is then subtracted, and what is left scaled to the given
        length in each table. A row that is zero in a table stays so. A text whose words are less
        familiar than ``enough`` gets shorter rows in proportion; see :meth:`TypeTable.familiar`.
        """
        if not self.dims:
            return
        if self._bag is not None and self._bag.full:
            self.forget()
        if self._bag is None:
            self._bag = Bag(self._pipeline.tokeniser)
        read, types = self._bag.read(texts), self._bag.types
        counts, tables = [], []
        if self._types:
            counts.append(dampened(counted(*read, len(types))))
            tables.append(self._rows.of(types))
        for pairs in self._pair_words:
            counts.append(dampened(pairs.count(read, types)))
            tables.append(pairs.table)
        room = np.empty(IN_CACHE * self.dims, np.float32)
        for start in range(0, len(texts), IN_CACHE):
            part = slice(start, start + IN_CACHE)
            end, column = min(start + IN_CACHE, len(texts)), 0
            for count, table in zip(counts, tables, strict=True):
                columns = slice(column, column + table.shape[1])
                out[part, columns] = count.rows(start, end).times(table)
                column = columns.stop
            for number, columns in enumerate(self._columns):
                rows = out[part, columns]
                squares = room[: rows.size].reshape(rows.shape)
                scale(rows, 1.0, squares)
                if centre is not None:
                    _centre(rows, centre[columns])
                    scale(rows, lengths[number], squares)
        if enough:
            share = self._familiar(read) / np.float32(enough)
            less = np.flatnonzero(share < 1)
            out[less, : self.dims] *= share[less, None]

    def _familiar(self, read: TokenSequence) -> Floats:
        """Return the mean of how familiar the words of each text are (texts,); 0 without a word."""
        words = self._rows.familiar[read.types]
        told = ~np.isnan(words)
        totals = np.zeros((2, len(words) + 1))
        np.cumsum([np.where(told, words, 0.0), told], axis=1, out=totals[:, 1:])
        known, count = np.diff(totals[:, read.starts])
        return np.asarray(known / np.maximum(count, 1), np.float32)

    def mean(self, texts: Sequence[str]) -> Floats:
        """Return the mean row (dims,) of the texts, drawn a little towards zero."""
        total = np.zeros(self.dims, np.float32)
        for batch in batches(texts):
            rows = np.zeros((len(batch), self.dims), np.float32)
            self.into(rows, batch)
            total += rows.sum(axis=0)
        return np.asarray(total / (len(texts) + CENTRE_PRIOR), np.float32)

    def forget(self) -> None:
        """Drop what is kept of every type; it is made again when the type comes back."""
        self._bag = None
        self._make_rows()
        self._pipeline.forget()

    def _make_rows(self) -> None:
        """Begin with no type known."""
        self._rows = _TypeRows(self._types)
        self._pair_words = [_PairWords(table) for table in self._pairs]


def _centre(rows: Floats, centre: Floats) -> None:
    """Subtract ``centre`` from each row in place, unless the row is zero."""
    nothing = np.flatnonzero(rows[:, 0] == 0)
    nothing = nothing[~rows[nothing].any(axis=1)]
    rows -= centre
    rows[nothing] = 0


class _TypeRows:
    """The rows of a bag's types, all tables side by side; made when a type is first met."""

    def __init__(self, tables: Sequence[TypeTable]) -> None:
        self.dims = sum(table.dims for table in tables)
        self._tables = tables
        self._rows = np.zeros((0, self.dims), dtype=np.float32)
        self.familiar = np.zeros(0, np.float32)
        """Of each type (types,): see :meth:`TypeTable.familiar`; the most that a table says."""
        self._filled = 0

    def of(self, types: Sequence[str]) -> Floats:
        """Return the rows, (types, dims); ``types`` are those of the last call and more after."""
        self._make_room(len(types))
        while self._filled < len(types):
            new = types[self._filled : self._filled + ROWS_AT_ONCE]
            parts = [table.rows(new) for table in self._tables]
            np.concatenate(parts, axis=1, out=self._rows[self._filled : self._filled + len(new)])
            self.familiar = np.append(self.familiar, self._familiar(new))
            self._filled += len(new)
        return self._rows[: self._filled]

    def _familiar(self, types: Sequence[str]) -> Floats:
        told = [said for table in self._tables if (said := table.familiar(types)) is not None]
        return np.max(told, axis=0) if told else np.full(len(types), np.nan, np.float32)

    def _make_room(self, size: int) -> None:
        if size > len(self._rows):
            grown = np.zeros((max(size, 2 * len(self._rows)), self.dims), dtype=np.float32)
            grown[: self._filled] = self._rows[: self._filled]
            self._rows = grown


class _PairWords:
    """Which word of a table of pairs each of a bag's types is; found when a type is first met."""

    def __init__(self, block: PairTable) -> None:
        self.table = block.table
        self._block = block
        self._words = np.empty(0, np.int64)

    def count(self, read: TokenSequence, types: Sequence[str]) -> Counts:
        """Count the pairs in each text, (texts, pairs); ``types`` are those read so far."""
        if len(types) > len(self._words):
            new = self._block.words(types[len(self._words) :])
            self._words = np.concatenate([self._words, new])
        first, second, starts = neighbours(self._words[read.types], read.starts)
        return row_counts(self._block.pairs(first, second), starts, len(self.table))

"""Texts as sums of the rows of their token types, for all tables side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from txtal.vectors.bag import Bag, batches, dampened
from txtal.vectors.blocks import Floats, TypeTable
from txtal.vectors.lengths import scale
from txtal.vectors.pipeline import Pipeline

CENTRE_PRIOR = 10
"""Rows of zeros counted in a mean row, so that a few texts, or equal ones, don't become nothing."""

ROWS_AT_ONCE = 4_096
"""Rows of the tables that are made at a time, in several times the memory that they take."""


class TypeSums:
    """Adds up the rows of a text's types: a sparse product of counts and rows.

    It remembers the types it has met and their rows until :meth:`forget`.
    """

    def __init__(
        self, pipeline: Pipeline, tables: Sequence[TypeTable], bag: Bag | None = None
    ) -> None:
        self.dims = sum(table.dims for table in tables)
        """Columns of all tables."""
        self._pipeline = pipeline
        self._tables = tuple(tables)
        self._bag = bag
        self._rows = _Rows(self._tables)

    def into(self, out: Floats, texts: Sequence[str], centre: Floats | None = None) -> None:
        """Write the sums into ``out`` (texts, dims), of unit length in each table.

        ``centre`` (dims,) is then subtracted from rows that aren't zero in a table.
        """
        if not self._tables:
            return
        if self._bag is not None and self._bag.full:
            self.forget()
        if self._bag is None:
            self._bag = Bag(self._pipeline.tokeniser)
        counts = dampened(self._bag.count(texts))
        out[:] = counts @ self._rows.of(self._bag.types)
        start = 0
        for table in self._tables:
            columns = slice(start, start + table.dims)
            scale(out[:, columns], 1.0)
            if centre is not None:
                known = out[:, columns].any(axis=1)
                out[known, columns] -= centre[columns]
            start += table.dims

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
        self._bag, self._rows = None, _Rows(self._tables)
        self._pipeline.forget()


class _Rows:
    """The rows of a bag's types, all tables side by side; made when a type is first met."""

    def __init__(self, tables: Sequence[TypeTable]) -> None:
        self.dims = sum(table.dims for table in tables)
        self._tables = tables
        self._rows = np.zeros((0, self.dims), dtype=np.float32)
        self._filled = 0

    def of(self, types: Sequence[str]) -> Floats:
        """Return the rows, (types, dims); ``types`` are those of the last call and more after."""
        self._make_room(len(types))
        while self._filled < len(types):
            new = types[self._filled : self._filled + ROWS_AT_ONCE]
            parts = [table.rows(new) for table in self._tables]
            np.concatenate(parts, axis=1, out=self._rows[self._filled : self._filled + len(new)])
            self._filled += len(new)
        return self._rows[: self._filled]

    def _make_room(self, size: int) -> None:
        if size > len(self._rows):
            grown = np.zeros((max(size, 2 * len(self._rows)), self.dims), dtype=np.float32)
            grown[: self._filled] = self._rows[: self._filled]
            self._rows = grown

"""Counts of a few columns in each row, and their product with a table.

SciPy multiplies where it is installed. A program that only predicts can do without it, in a third
of the room: numpy gives the same numbers, to the last bit, in three times the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import scipy.sparse as sp

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Counts:
    """A sparse matrix: row i has ``data`` in the columns ``indices`` from begins[i] to begins[i+1].

    In a row no column comes twice, and they are in any order.
    """

    data: Floats
    indices: NDArray[np.int32]
    begins: NDArray[np.int64]
    columns: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.begins) - 1

    def rows(self, start: int, end: int) -> Counts:
        """Return some of the rows."""
        begins = self.begins[start : end + 1]
        part = slice(begins[0], begins[-1])
        return Counts(self.data[part], self.indices[part], begins - begins[0], self.columns)

    def csr(self) -> sp.csr_array:
        """Return it as SciPy has it."""
        import scipy.sparse as sp

        parts = (self.data, self.indices, self.begins)
        return sp.csr_array(parts, shape=(len(self), self.columns))

    def times(self, table: Floats) -> Floats:
        """Return the product with a table (columns, d): (rows, d), added up in the rows' order."""
        if _has_scipy():
            return np.asarray(self.csr() @ table, np.float32)
        return self._times(table)

    def _times(self, table: Floats) -> Floats:
        if table.shape[1] == 1:  # a single column would be added up in another order
            return self._times(np.repeat(table, 2, axis=1))[:, :1]
        begins, ones = self.begins.tolist(), self._only_ones()
        out = np.zeros((len(self), table.shape[1]), np.float32)
        longest = int(np.diff(self.begins).max(initial=0))
        room = np.empty((longest, table.shape[1]), np.float32)
        weights = self.data[:, None]
        for row, (begin, end) in enumerate(pairwise(begins)):
            if begin == end:
                continue
            taken = table.take(self.indices[begin:end], 0, room[: end - begin], "clip")
            if not ones[row]:
                taken *= weights[begin:end]
            np.add.reduce(taken, 0, None, out[row])
        return out

    def _only_ones(self) -> NDArray[np.bool_]:
        """Mark the rows in which every count is one, most of them short texts'."""
        others = np.concatenate([[0], np.cumsum(self.data != 1)])[self.begins]
        return np.asarray(np.diff(others) == 0)


@lru_cache(maxsize=1)
def _has_scipy() -> bool:
    return find_spec("scipy") is not None

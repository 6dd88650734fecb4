"""A matrix and its row ids as files that grow at the end and survive an interrupted write.

A folder holds::

    header.json      rows written, columns, and the fingerprint of the vectoriser behind them
    vectoriser.npz   that vectoriser, without pickle
    ids.i64          ticket ids, in the machine's byte order
    matrix.f16       their features, row by row, in half precision
    worked-out.npz   what was computed from them at some cost, such as their neighbours

Half precision costs nothing: rows have a length of about one, and rounding changes a product of
two of them by less than 0.001.

Rows reach the disk before the header counts them, so what the header counts is complete; anything
beyond it is an interrupted write, and is cut off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from txtal.errors import LearnerError
from txtal.tempfiles import grow, make_folder, replacing, sync
from txtal.vectors.vectoriser import Vectoriser

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

_HEADER = "header.json"
_VECTORISER = "vectoriser.npz"
_IDS = "ids.i64"
_MATRIX = "matrix.f16"
_WORKED_OUT = "worked-out.npz"
_STORED = np.float16
_OWN_HEADER = "header"


@dataclass(frozen=True, slots=True)
class Header:
    """How much of the other files is valid."""

    rows: int
    dims: int
    fingerprint: str
    pool: int
    """Number of tickets when the vectoriser was fitted."""
    made: str
    """A new value for every new folder; while it stays the same, rows are only added."""

    def fits(self, vectoriser: Vectoriser) -> bool:
        """Return whether this vectoriser made the rows."""
        return (self.dims, self.fingerprint) == (vectoriser.dims, vectoriser.fingerprint)


class Matrix:
    """Rows of features on disk (n, d); indexing reads them as float32."""

    ndim = 2
    dtype = np.dtype(np.float32)

    def __init__(self, stored: NDArray[np.float16]) -> None:
        self._stored = stored

    @property
    def shape(self) -> tuple[int, int]:
        rows, dims = self._stored.shape
        return rows, dims

    def __len__(self) -> int:
        return len(self._stored)

    def __getitem__(self, rows: Any) -> Floats:
        return np.asarray(self._stored[rows], np.float32)

    def stored(self, rows: slice) -> NDArray[np.float16]:
        """Return a copy of some rows in half precision, as they are on disk."""
        return np.array(self._stored[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Read all rows into memory, for a pool that is small enough."""
        return self._stored.astype(dtype or np.float32)


def packed(rows: Floats) -> bytes:
    """Return rows as the file holds them."""
    return rows.astype(_STORED).tobytes()


class RowFiles:
    """The files of one folder. Only one process may write to them; the cache holds a lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, vectoriser: Vectoriser, pool: int) -> Header:
        """Make the folder with the vectoriser and no rows; return the header."""
        make_folder(self.folder)
        self._write_vectoriser(vectoriser)
        header = Header(0, vectoriser.dims, vectoriser.fingerprint, pool, uuid4().hex)
        for name in (_IDS, _MATRIX):
            grow(self.folder / name, fresh=True, own=True).close()
        self.commit(header)
        return header

    def read(self) -> Header | None:
        """Read the header and cut the files to it; None when they hold less than it says."""
        try:
            header = Header(**json.loads((self.folder / _HEADER).read_text("utf-8")))
            _trim(self.folder / _IDS, 8 * header.rows)
            size = np.dtype(_STORED).itemsize * header.dims * header.rows
            _trim(self.folder / _MATRIX, size)
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return header

    def vectoriser(self) -> Vectoriser | None:
        """Read the saved vectoriser; None when there is none that can be read."""
        try:
            with np.load(self.folder / _VECTORISER, allow_pickle=False) as saved:
                arrays = dict(saved)
            return Vectoriser.from_arrays(json.loads(arrays.pop(_OWN_HEADER).tobytes()), arrays)
        except (FileNotFoundError, EOFError, BadZipFile, KeyError, ValueError, LearnerError):
            return None

    def write_worked_out(self, header: Header, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write arrays computed from the features, replacing any earlier ones."""
        made = np.frombuffer(header.made.encode(), dtype=np.uint8)
        with replacing(self.folder / _WORKED_OUT, own=True) as file:
            np.savez(file, allow_pickle=False, **{**arrays, _OWN_HEADER: made})

    def worked_out(self, header: Header) -> dict[str, NDArray[Any]] | None:
        """Read the arrays written for these features; None when there are none to read."""
        try:
            with np.load(self.folder / _WORKED_OUT, allow_pickle=False) as saved:
                arrays = dict(saved)
            made = arrays.pop(_OWN_HEADER).tobytes().decode()
        except (FileNotFoundError, EOFError, BadZipFile, KeyError, ValueError):
            return None
        return arrays if made == header.made else None

    def ids(self, header: Header) -> Ids:
        """Read the ids of the rows."""
        return np.fromfile(self.folder / _IDS, dtype=np.int64, count=header.rows)

    def matrix(self, header: Header) -> Matrix:
        """Map the rows read-only."""
        shape = (header.rows, header.dims)
        if not header.rows:
            return Matrix(np.zeros(shape, _STORED))
        return Matrix(np.memmap(self.folder / _MATRIX, _STORED, "r", shape=shape))

    @contextmanager
    def appending(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Open the files of ids and rows for appending; they are on disk when the block is left."""
        with (
            grow(self.folder / _IDS, own=True) as ids,
            grow(self.folder / _MATRIX, own=True) as matrix,
        ):
            yield ids, matrix
            for file in (ids, matrix):
                sync(file)

    def commit(self, header: Header) -> None:
        """Write the header, which counts the rows, atomically."""
        with replacing(self.folder / _HEADER, own=True) as file:
            file.write(json.dumps(asdict(header)).encode())

    def _write_vectoriser(self, vectoriser: Vectoriser) -> None:
        if not vectoriser.savable:
            return
        header, arrays = vectoriser.to_arrays()
        own = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
        with replacing(self.folder / _VECTORISER, own=True) as file:
            np.savez(file, allow_pickle=False, **{**arrays, _OWN_HEADER: own})


def _trim(path: Path, size: int) -> None:
    """Cut a file to ``size`` bytes. Raises ValueError when it is shorter."""
    there = path.stat().st_size
    if size < 0 or there < size:
        raise ValueError(f"{path.name} has {there} bytes of {size}")
    if there > size:
        os.truncate(path, size)

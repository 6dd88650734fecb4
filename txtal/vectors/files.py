"""A matrix and its row ids as files that grow at the end and survive being cut short.

A folder holds::

    header.json      rows written, columns, and the fingerprint of the vectoriser behind them
    vectoriser.npz   that vectoriser, without pickle
    ids.i64          ticket ids, in the machine's byte order
    matrix.f16       their features, row by row, in half precision
    worked-out.npz   what somebody worked out of them and would not like to work out again

Half of the room costs nothing: rows are of length one or so, and what rounding takes from a
product of two of them is less than 0.001.

Rows reach the disk before the header counts them, so what the header counts is whole; whatever
lies beyond is a write that was cut short, and is trimmed away.
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
from txtal.tempfiles import grow, replacing, sync
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
    """What counts of the other files."""

    rows: int
    dims: int
    fingerprint: str
    pool: int
    """Tickets there were when the vectoriser was fitted."""
    made: str
    """Another for every folder that is begun: under the same one, rows are only ever added."""

    def fits(self, vectoriser: Vectoriser) -> bool:
        """Whether this vectoriser made the rows."""
        return (self.dims, self.fingerprint) == (vectoriser.dims, vectoriser.fingerprint)


class Matrix:
    """Rows of features on the disk (n, d). What is read of them, with an index, is float32."""

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
        """A copy of some rows as they lie on the disk."""
        return np.array(self._stored[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All of it, in memory: for a pool that is small enough."""
        return self._stored.astype(dtype or np.float32)


def packed(rows: Floats) -> bytes:
    """Rows as the file holds them."""
    return rows.astype(_STORED).tobytes()


class RowFiles:
    """The files of one folder. Whoever writes must be alone: see the lock of the cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, vectoriser: Vectoriser, pool: int) -> Header:
        """Make the folder, with the vectoriser and no rows."""
        make_private(self.folder)
        self._write_vectoriser(vectoriser)
        header = Header(0, vectoriser.dims, vectoriser.fingerprint, pool, uuid4().hex)
        for name in (_IDS, _MATRIX):
            grow(self.folder / name, fresh=True).close()
        self.commit(header)
        return header

    def read(self) -> Header | None:
        """The header, with the files trimmed to it; None when they don't hold what it says."""
        try:
            header = Header(**json.loads((self.folder / _HEADER).read_text("utf-8")))
            _trim(self.folder / _IDS, 8 * header.rows)
            size = np.dtype(_STORED).itemsize * header.dims * header.rows
            _trim(self.folder / _MATRIX, size)
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return header

    def vectoriser(self) -> Vectoriser | None:
        """The saved vectoriser; None when there is none that can be read."""
        try:
            with np.load(self.folder / _VECTORISER, allow_pickle=False) as saved:
                arrays = dict(saved)
            return Vectoriser.from_arrays(json.loads(arrays.pop(_OWN_HEADER).tobytes()), arrays)
        except (FileNotFoundError, EOFError, BadZipFile, KeyError, ValueError, LearnerError):
            return None

    def write_worked_out(self, header: Header, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Put them in the place of any there are."""
        made = np.frombuffer(header.made.encode(), dtype=np.uint8)
        with replacing(self.folder / _WORKED_OUT) as file:
            np.savez(file, allow_pickle=False, **{**arrays, _OWN_HEADER: made})

    def worked_out(self, header: Header) -> dict[str, NDArray[Any]] | None:
        """What was written of these features; None when there is nothing that can be read."""
        try:
            with np.load(self.folder / _WORKED_OUT, allow_pickle=False) as saved:
                arrays = dict(saved)
            made = arrays.pop(_OWN_HEADER).tobytes().decode()
        except (FileNotFoundError, EOFError, BadZipFile, KeyError, ValueError):
            return None
        return arrays if made == header.made else None

    def ids(self, header: Header) -> Ids:
        """The ids of the rows."""
        return np.fromfile(self.folder / _IDS, dtype=np.int64, count=header.rows)

    def matrix(self, header: Header) -> Matrix:
        """The rows, mapped read-only."""
        shape = (header.rows, header.dims)
        if not header.rows:
            return Matrix(np.zeros(shape, _STORED))
        return Matrix(np.memmap(self.folder / _MATRIX, _STORED, "r", shape=shape))

    @contextmanager
    def appending(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """The files of ids and rows, open at their ends; on the disk when the block is left."""
        with grow(self.folder / _IDS) as ids, grow(self.folder / _MATRIX) as matrix:
            yield ids, matrix
            for file in (ids, matrix):
                sync(file)

    def commit(self, header: Header) -> None:
        """Say how many rows there are, all at once or not at all."""
        with replacing(self.folder / _HEADER) as file:
            file.write(json.dumps(asdict(header)).encode())

    def _write_vectoriser(self, vectoriser: Vectoriser) -> None:
        if not vectoriser.savable:
            return
        header, arrays = vectoriser.to_arrays()
        own = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
        with replacing(self.folder / _VECTORISER) as file:
            np.savez(file, allow_pickle=False, **{**arrays, _OWN_HEADER: own})


def make_private(folder: Path) -> None:
    """Make the folder and those above it that are missing, for this user alone."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _trim(path: Path, size: int) -> None:
    """Cut a file to ``size`` bytes. Raises ValueError when it is shorter."""
    there = path.stat().st_size
    if size < 0 or there < size:
        raise ValueError(f"{path.name} has {there} bytes of {size}")
    if there > size:
        os.truncate(path, size)

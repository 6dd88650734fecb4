"""Copies of a database file: made beside their place, on the disk before they get their name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from txtal import tempfiles
from txtal.errors import DatabaseError
from txtal.store import lineage
from txtal.store.sqlite import Connection, connect, foreseen

WAL = ("-wal", "-shm")
"""What SQLite keeps beside a file in WAL mode; it belongs to that file alone."""


def copy_into(source: Connection, file: Path, name: Path) -> None:
    """Copy what is committed, and put the copy on the disk as a file that stands alone.

    ``name`` is the file's name to be, for what there is to complain about.
    """
    with closing(connect(file)) as copy, foreseen(name):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        lineage.separate(copy)
    with file.open("rb") as written:
        os.fsync(written.fileno())


@contextmanager
def temporary(target: Path) -> Iterator[Path]:
    """An empty private file in the folder of ``target``, gone afterwards unless it was put."""
    try:
        held, file = tempfiles.make(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield file
    finally:
        held.close()
        tempfiles.remove(file)


def put(file: Path, target: Path) -> None:
    """Give the file its name, lastingly and in one step."""
    try:
        tempfiles.put(file, target)
    except OSError as error:
        raise _unwritable(target, error) from error


def _unwritable(path: Path, error: OSError) -> DatabaseError:
    return DatabaseError(f"{path}: can't be written: {error.strerror}")

"""Whether a database in use was overwritten in place, and keeping what can be kept of it."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

from txtal import tempfiles
from txtal.errors import DatabaseError
from txtal.store import lineage
from txtal.store.files import copy_into, put, temporary
from txtal.store.sqlite import APPLICATION_ID, Connection, connect

_MAGIC = b"SQLite format 3\0"
_PIECE = 1 << 20


class Intact:
    """Watches a database file and the index of its write-ahead log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = _stamp(path)
        self._index = path.with_name(f"{path.name}-shm")
        self._index_size = 0
        self._kept = ""

    def check(self, conn: Connection) -> None:
        """Raise DatabaseError when somebody has written over the file, having kept what can be.

        A file is looked into only once it has changed, which SQLite itself does now and then.
        """
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        fault = _fault(self._path)
        if fault:
            self._kept = self._kept or _keep(conn, self._path)
            raise DatabaseError(f"{self._path}: {fault} while it was in use; {self._kept}; quit")
        self._stamp = stamp

    def mend_index(self) -> None:
        """Give the index of the log its size back, if somebody has cut it.

        It is mapped into the memory, and to touch what was cut off is deadly. What SQLite finds
        there then is no index, and it makes a new one from the log.
        """
        try:
            size = self._index.stat().st_size
        except OSError:
            return
        if size < self._index_size:
            with suppress(OSError):
                os.truncate(self._index, self._index_size)
        else:
            self._index_size = size


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _fault(path: Path) -> str:
    """What is wrong with the file, as far as its first bytes and its log tell."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
        size = path.stat().st_size
    except OSError:
        return ""  # deleted, or moved: reported elsewhere
    if not size:
        return "was emptied"
    page = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    if not head.startswith(_MAGIC) or head[68:72] != APPLICATION_ID.to_bytes(4, "big"):
        return "was overwritten"
    if size < pages * (65536 if page == 1 else page):
        return "was cut short"
    try:
        lineage.check(path, partial(connect, still=True))
    except DatabaseError:
        return "was overwritten by another database"
    return ""


def _keep(conn: Connection, path: Path) -> str:
    """Keep what the connection still sees, or else the log; say in words what was kept."""
    target = next(
        name
        for name in (path.with_name(f"{path.name}.rescued-{n}.bak") for n in count(1))
        if not name.exists()
    )
    try:
        with temporary(target) as copy:
            copy_into(conn, copy, target)
            _verify(copy)
            put(copy, target)
    except Exception:  # noqa: BLE001 - of a file that is no more, anything may come
        return _keep_log(path, target)
    return f"all of it was saved as {target.name}"


def _verify(copy: Path) -> None:
    from contextlib import closing

    from txtal.store import schema
    from txtal.store.verify import verify

    with closing(schema.open_readonly(copy)) as conn:
        if verify(conn).faults:
            raise DatabaseError(f"{copy}: damaged")


def _keep_log(path: Path, target: Path) -> str:
    log = path.with_name(f"{path.name}-wal")
    try:
        with log.open("rb") as source, tempfiles.replacing(target) as kept:
            while piece := source.read(_PIECE):
                kept.write(piece)
    except OSError:
        return "restore a backup"
    return f"restore a backup; the newest answers are in {target.name}, its {log.name} as it was"

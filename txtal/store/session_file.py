"""The database as one session reads and writes it: the file it began with, and no other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from txtal.errors import DatabaseError
from txtal.store import answers
from txtal.store.files import WAL
from txtal.store.intact import Intact
from txtal.store.sqlite import Connection, foreseen, journal_mode, open_file, transaction

_QUICK_BUSY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A connection of its own that only reads, for a thread beside the session."""

    conn: Connection
    path: Path
    dataset_id: int
    session_id: int

    def reading(self) -> AbstractContextManager[None]:
        """Turn SQLite's errors inside into DatabaseError."""
        return foreseen(self.path)


class SessionFile:
    """A connection, the session it is for, and the guard over every write.

    SQLite goes on writing to a file that was deleted or moved away, and answers saved there would
    be lost; and after a restore the tickets may be others. So each write first looks whether the
    file is still the one at its path and still knows the session.
    """

    def __init__(self, conn: Connection, path: Path, dataset_id: int, session_id: int) -> None:
        self.conn = conn
        self.path = path
        self.dataset_id = dataset_id
        self.session_id = session_id
        self._version = _version(conn)
        self._file = _identity(path)
        self._log = _log_of(path)
        self._intact = Intact(path)
        self._quick: Connection | None = None

    def reading(self) -> AbstractContextManager[None]:
        """Turn SQLite's errors inside into DatabaseError."""
        self._intact.mend_index()
        return foreseen(self.path)

    def is_known(self) -> bool:
        """Whether the file at the path is still the one that was opened, and knows the session."""
        with self.reading():
            return _identity(self.path) == self._file and answers.is_open(
                self.conn, self.session_id
            )

    def holds_answers(self) -> bool:
        """Whether what is at the path can be read, and is what the session's answers are in."""
        with suppress(DatabaseError):
            return self.is_known()
        return False

    @contextmanager
    def writing(self, conn: Connection | None = None) -> Iterator[None]:
        """One write, all or nothing. Raises DatabaseError when the file is another by now.

        Inside :meth:`together` it is part of what is written there.
        """
        if self.conn.in_transaction:
            with foreseen(self.path):
                yield
            return
        with foreseen(self.path):
            self._intact.mend_index()
            self._check_log()
            self._intact.check(self.conn)
        conn = conn or self.conn
        with foreseen(self.path), transaction(conn):
            if _identity(self.path) != self._file:
                raise DatabaseError(
                    f"{self.path}: was deleted, moved or replaced meanwhile; put it back, or quit"
                )
            if not answers.is_open(conn, self.session_id):
                raise DatabaseError(
                    f"{self.path}: was restored from a backup meanwhile; quit and start again"
                )
            if _version(conn) != self._version:
                raise DatabaseError(
                    f"{self.path}: another version of txtal upgraded it meanwhile; quit and start "
                    "again with that one; the answers up to here are safe"
                )
            yield

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is on disk, all of it, when it ends; or none of it ever is."""
        with self.writing():
            yield
            if not self.conn.in_transaction:
                # SQLite rolls all of it back by itself when reading the disk fails.
                raise DatabaseError(f"{self.path}: reading it failed; nothing was written")

    def _check_log(self) -> None:
        """Write to no log that was deleted: nobody else would ever read it."""
        if _identity(self.path) == self._file and _log_of(self.path) != self._log:
            self.conn.execute("PRAGMA wal_checkpoint")  # what it holds goes into the database
            raise DatabaseError(
                f"{self.path}-wal or -shm was deleted meanwhile; "
                "quit and start again, the answers up to here are safe"
            )

    def changes(self) -> tuple[int, int]:
        """Two numbers that stay the same while nobody writes: others' writes, and our own."""
        self._intact.mend_index()
        others = self.conn.execute("PRAGMA data_version").fetchone()[0]
        return others, self.conn.total_changes

    def unsynced(self) -> Connection:
        """A connection whose commits don't wait for the disk, for what can be made again.

        The log is written in order, so that the next answer's commit takes them along to the disk:
        no answer is ever there without the revision that it names. A rollback journal knows no such
        order; with one it is the session's own connection.
        """
        if journal_mode() != "WAL":
            return self.conn
        if self._quick is None:
            self._quick = open_file(self.path, busy_seconds=_QUICK_BUSY_SECONDS)
            self._quick.execute("PRAGMA synchronous = NORMAL")
        return self._quick

    def end(self) -> None:
        """Note that the session is over; not in another file's. The connection stays open."""
        if self._quick is not None:
            self._quick.close()
            self._quick = None
        with foreseen(self.path), transaction(self.conn):
            self.conn.execute(
                "UPDATE session SET ended = ? WHERE id = ? AND ended IS NULL",
                (time.time(), self.session_id),
            )


def _log_of(path: Path) -> list[tuple[int, int] | None]:
    """Which files are the database's write-ahead log."""
    return [_identity(path.with_name(path.name + suffix)) for suffix in WAL]


def _version(conn: Connection) -> int:
    """The file's schema: what this program writes is right for the one it began with."""
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is at the path; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino

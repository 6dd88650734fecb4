"""Opening SQLite safely, and one way to begin a write.

Every connection of the program comes from here, so that the choice of library, journal mode and
durability is made once. See docs/architecture.md, "Which SQLite".
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from shutil import disk_usage
from time import monotonic
from typing import TYPE_CHECKING, Any

from txtal import tempfiles
from txtal.errors import DamagedError, DatabaseError, LockedError, UsageError
from txtal.store import checksums, lineage

if TYPE_CHECKING:
    sqlite = sqlite3
    from sqlite3 import Connection
else:
    # One library for the whole process: sqlite-utils makes the same choice, and two copies of
    # SQLite on one file in one process would drop each other's locks.
    try:
        import pysqlite3.dbapi2 as sqlite
    except ImportError:
        sqlite = sqlite3
    Connection = sqlite.Connection

__all__ = ["BUSY_SECONDS", "Connection", "open_file", "sqlite", "transaction", "wal_is_safe"]

APPLICATION_ID = 0x7478746C
"""``txtl``: marks the file as ours."""

BUSY_SECONDS = 5.0

_STREAMS = ("/dev/std", "/dev/fd/", "/proc/")
"""How the names begin of what a program has open, though it may be a file."""

_STEPS = 10_000
"""Steps of SQLite's machine between two looks at the clock."""


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite has the fix for the WAL-reset bug (3.7.0 to 3.51.2 can lose commits)."""
    if version[:2] == (3, 44):
        return version >= (3, 44, 6)
    if version[:2] == (3, 50):
        return version >= (3, 50, 7)
    return version >= (3, 51, 3)


def journal_mode() -> str:
    """``WAL`` where it is safe, else ``DELETE``: slower to commit, never known to lose one."""
    return "WAL" if wal_is_safe(sqlite.sqlite_version_info) else "DELETE"


@contextmanager
def foreseen(path: Path | str) -> Iterator[None]:
    """Turn SQLite's errors into ours, naming the file and what to do."""
    try:
        yield
    except (sqlite.Error, UnicodeDecodeError) as error:
        raise translate(error, path) from error


def translate(error: Exception, path: Path | str) -> DatabaseError:
    """Say in our words what SQLite said of ``path``."""
    name = getattr(error, "sqlite_errorname", None) or ""
    text = str(error)
    if not name and "disk is full" in text:
        name = "SQLITE_FULL"  # the backup of a file gives no name
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or "locked" in text:
        return LockedError(f"{path}: another process is writing to it; try again in a moment")
    advice = {
        "SQLITE_FULL": "the disk is full; free some space and try again",
        "SQLITE_READONLY": "the file or its folder is read-only; nothing was changed",
        "SQLITE_NOTADB": "this is not a database; name a txtal database with --db",
        "SQLITE_CORRUPT": "the database is damaged; restore a backup of it",
        "SQLITE_CANTOPEN": "it can't be opened; check the path and its permissions",
        "SQLITE_IOERR": "reading or writing the disk failed; check the disk and its free space",
    }
    for prefix, what in advice.items():
        if name.startswith(prefix):
            return DatabaseError(
                f"{path}: {what} ({text}{_free(path, prefix)}){_owner(path, prefix)}"
            )
    if "decode" in text:  # bytes that are no UTF-8; the message would quote what is around them
        return DamagedError(f"{path}: holds damaged text; `txtal verify` says where")
    return DatabaseError(f"{path}: {text}")


def _owner(path: Path | str, error: str) -> str:
    """Say who can let one in, where somebody else made the file."""
    if error not in ("SQLITE_READONLY", "SQLITE_CANTOPEN") or not hasattr(os, "geteuid"):
        return ""
    try:
        theirs = Path(path).stat().st_uid != os.geteuid()
    except OSError:
        return ""
    return "; its owner can share it: `txtal share --group GROUP`" if theirs else ""


def _free(path: Path | str, error: str) -> str:
    """How much room is left, where that may be what is wrong."""
    if error not in ("SQLITE_FULL", "SQLITE_IOERR"):
        return ""
    try:
        return f"; {disk_usage(Path(path).parent).free:,} bytes free"
    except OSError:
        return ""


def connect(path: Path, *, still: bool = False, **options: Any) -> Connection:
    """Connect to the file at ``path``, whatever it is called.

    SQLite reads some names as more than a name: ``:memory:`` keeps nothing, ``file:`` begins an
    address with options, and a name may look like one where it is only attached. An absolute
    path is never taken so; no other connection of the program is made to a file. ``still`` opens it
    alone, without its write-ahead log, as a file that nobody changes.
    """
    name = f"{path.absolute().as_uri()}?mode=ro&immutable=1" if still else file_name(path)
    conn: Connection = sqlite.connect(name, uri=still, **options)
    return conn


def file_name(path: Path) -> str:
    """The name by which SQLite opens or attaches this file and nothing else."""
    return str(path.absolute())


def open_file(
    path: Path,
    *,
    create: bool = False,
    busy_seconds: float = BUSY_SECONDS,
    still: bool = False,
) -> Connection:
    """Connect to ``path`` with foreign keys on and every commit durable (synchronous=FULL).

    ``still`` promises that nobody writes to it, so that it can be read where no lock can be made.

    A new file is made with mode 0600, for it will hold customers' words. Raises DatabaseError.
    """
    if not _is_there(path):
        if not create:
            raise DatabaseError(f"{path}: no such database; make one with `txtal load` or `teach`")
        _make_private_file(path)
    if not still:
        lineage.check(path, partial(connect, still=True))
    with foreseen(path):
        conn = connect(
            path,
            still=still,
            timeout=busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            conn.execute("PRAGMA foreign_keys = ON")
            conn.execute("PRAGMA synchronous = FULL")
            conn.execute("PRAGMA trusted_schema = OFF")
            conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            conn.close()
            raise
    conn.row_factory = sqlite.Row
    checksums.register(conn)
    return conn


def _is_there(path: Path) -> bool:
    """Whether there is a file. Raises DatabaseError for what no database can be, or be called."""
    if (base := tempfiles.log_of(path)) is not None:
        raise DatabaseError(f"{path}: SQLite would use it as the log of {base}; name another file")
    try:
        found = path.stat()
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.EACCES):
            raise DatabaseError(f"{path}: can't be opened: {error.strerror}") from error
        return False
    if stat.S_ISDIR(found.st_mode):
        raise DatabaseError(f"{path}: this is a folder; name a database file with --db")
    if not stat.S_ISREG(found.st_mode) or file_name(path).startswith(_STREAMS):
        raise DatabaseError(f"{path}: this is a device or a pipe; name a database file with --db")
    if found.st_nlink > 1:
        raise DatabaseError(
            f"{path}: one file under {found.st_nlink} names (hard links), and answers given under "
            "one would be lost under another; delete the other names, or copy it with `cp` and "
            "name the copy"
        )
    return True


def _make_private_file(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise DatabaseError(f"{path}: can't create the database: {error.strerror}") from error


def set_journal_mode(conn: Connection, path: Path) -> None:
    """Put the file into the journal mode that is safe with this SQLite.

    A file left in WAL by a newer SQLite is converted back when ours is too old for WAL; when
    another process keeps it open so that it can't be, we refuse rather than risk a commit.
    """
    wanted = journal_mode()
    current = conn.execute("PRAGMA journal_mode").fetchone()[0].upper()
    if current == wanted:
        return
    try:
        conn.execute(f"PRAGMA journal_mode = {wanted}")
    except sqlite.OperationalError as error:
        if wanted == "WAL":
            return  # the rollback journal is safe too; the next opener may convert it
        raise LockedError(
            f"{path}: in use in WAL mode, which SQLite {sqlite.sqlite_version} can't write safely; "
            "close the other program, or `pip install pysqlite3`"
        ) from error


@contextmanager
def within(conn: Connection, seconds: float) -> Iterator[None]:
    """Read for no longer than so many seconds. Raises UsageError when that doesn't do."""
    end = monotonic() + seconds
    conn.set_progress_handler(lambda: monotonic() > end, _STEPS)
    try:
        yield
    except sqlite.OperationalError as error:
        if "interrupted" in str(error):
            raise UsageError("searching for this takes too long: type more of it") from None
        raise
    finally:
        conn.set_progress_handler(None, 0)


@contextmanager
def transaction(conn: Connection) -> Iterator[None]:
    """One write, all or nothing.

    BEGIN IMMEDIATE takes the write lock first: a deferred transaction that reads and then writes
    fails at once, whatever the timeout, when another process has written in between. Inside
    another transaction it is part of that one.
    """
    with nullcontext() if conn.in_transaction else _immediate(conn):
        yield


@contextmanager
def _immediate(conn: Connection) -> Iterator[None]:
    conn.execute("BEGIN IMMEDIATE")
    changes = conn.total_changes
    try:
        yield
        if conn.total_changes != changes and conn.in_transaction:
            lineage.advance(conn)
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise

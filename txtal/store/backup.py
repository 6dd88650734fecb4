"""Backing the database up and putting a backup in its place, while sessions go on.

A copy is private, whole, in one file (no write-ahead log beside it) and verified before it gets
its name. Restoring ends the sessions that run: their tickets may not be in the backup, so their
next answer is refused and says why (see :class:`.ledger.Ledger`).
"""

from __future__ import annotations

import shutil
from contextlib import closing
from itertools import count
from pathlib import Path

from txtal import tempfiles
from txtal.errors import DatabaseError, ForeignError, LockedError, NewerError, UsageError
from txtal.store import cache_folder, schema
from txtal.store.files import WAL, copy_into, put, temporary
from txtal.store.sqlite import Connection, file_name, foreseen, open_file, transaction
from txtal.store.verify import Verified, verify


def back_up(path: Path, target: Path) -> Verified:
    """Write a verified copy of the database to ``target``. Returns what is in it.

    An older backup of that name is replaced in one step; any other file is refused.
    """
    target = _followed(target)
    _refuse_target(path, target)
    with temporary(target) as copy:
        with closing(schema.open_readonly(path)) as source:
            copy_into(source, copy, target)
        found = _verified(copy, path)
        put(copy, target)
    return found


def _followed(path: Path) -> Path:
    """What a symbolic link points to: it is the file that is replaced, not the link."""
    return path.resolve() if path.is_symlink() else path


def _refuse_target(path: Path, target: Path) -> None:
    tempfiles.check_beside(target)
    if target.is_dir():
        raise UsageError(f"{target}: this is a folder; name the backup's file")
    if not target.exists():
        return
    if not target.is_file():
        raise UsageError(f"{target}: this is no file; a backup must be one")
    if path.exists() and target.samefile(path):
        raise UsageError(f"{target}: this is the database itself; name another file")
    if not target.stat().st_size:
        return
    try:
        schema.open_readonly(target, older=True).close()
    except DatabaseError as error:
        raise UsageError(f"{error}; a backup replaces nothing but an older backup") from error
    # Out of WAL mode, which fails while another program has it open: a write-ahead log that is
    # left beside it would look like the new file's.
    with closing(open_file(target, busy_seconds=0)) as conn, foreseen(target):
        conn.execute("PRAGMA journal_mode = DELETE")


def restore(backup: Path, path: Path) -> tuple[Verified, Path | None]:
    """Make the database what ``backup`` holds, in one step.

    Returns what that is and where the database that was there is kept, if there was one. Raises
    DatabaseError, with nothing changed, for a backup that is damaged or none at all.
    """
    path = _followed(path)
    if path.exists() and backup.exists() and backup.samefile(path):
        raise UsageError(f"{backup}: this is the database itself; name a backup of it")
    with temporary(path) as copy:
        with closing(schema.open_readonly(backup, older=True)) as source:
            copy_into(source, copy, path)
        with closing(schema.open_database(copy, keep_old=False)) as conn, foreseen(copy):
            _end_sessions(conn)
        found = _verified(copy, backup)
        kept = _replace(path, copy)
    shutil.rmtree(cache_folder(path), ignore_errors=True)  # of tickets that may be gone
    return found, kept


def _verified(copy: Path, origin: Path) -> Verified:
    with closing(schema.open_readonly(copy)) as conn:
        found = verify(conn)
    if found.faults:
        raise DatabaseError(
            f"{origin}: damaged, so it was not copied; `txtal --db {origin} verify` says where"
        )
    return found


def _end_sessions(conn: Connection) -> None:
    with transaction(conn):
        conn.execute("UPDATE session SET ended = unixepoch('subsec') WHERE ended IS NULL")
        conn.execute("DELETE FROM lease")
    conn.execute("PRAGMA journal_mode = DELETE")


def _replace(path: Path, copy: Path) -> Path | None:
    """Put the copy in the place of ``path``. Returns where the file that was there is kept."""
    if not path.exists() or not path.stat().st_size:
        put(copy, path)
        return None
    return _exchange(path, copy) if _is_sound(path) else _move_aside(path, copy)


def _is_sound(path: Path) -> bool:
    try:
        with closing(schema.open_database(path)) as conn:
            return not verify(conn).faults
    except (LockedError, NewerError, ForeignError):
        raise
    except DatabaseError:
        return False


def _exchange(path: Path, copy: Path) -> Path:
    """Keep a copy of the database, then replace its rows, all in one transaction.

    No answer slips in between; and as the file stays, whoever has it open sees the new rows.
    """
    with closing(schema.open_database(path)) as conn, foreseen(path):
        conn.execute("ATTACH ? AS backup", (file_name(copy),))
        conn.execute("PRAGMA foreign_keys = OFF")  # the copy was verified
        with transaction(conn):
            kept = _free_name(path)
            with temporary(kept) as old, closing(schema.open_readonly(path)) as reader:
                copy_into(reader, old, kept)
                put(old, kept)
            _take_over(conn)
    return kept


def _move_aside(path: Path, copy: Path) -> Path:
    """Keep a damaged database as it is, in which nothing can be relied on, its locks included.

    A session that has it open goes on in the file that is kept, and finds at its next answer that
    it was moved.
    """
    kept = _free_name(path)
    for suffix in (*WAL, ""):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            put(beside, kept.with_name(kept.name + suffix))
    put(copy, path)
    if kept.stat().st_mode & 0o060:  # it was shared with a group
        path.chmod(0o660)
    return kept


def _take_over(conn: Connection) -> None:
    sessions = _last_session(conn)
    names = [
        row[0]
        for row in conn.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table'"
            " AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_sqlite_*' AND name <> 'commit_mark'"
        )
    ]
    for name in names:
        conn.execute(f'DELETE FROM main."{name}"')
        conn.execute(f'INSERT INTO main."{name}" SELECT * FROM backup."{name}"')
    conn.execute("DELETE FROM main.sqlite_sequence")
    conn.execute("INSERT INTO main.sqlite_sequence SELECT * FROM backup.sqlite_sequence")
    # A session that runs must not look like one that begins after this.
    conn.execute(
        "UPDATE main.sqlite_sequence SET seq = max(seq, ?) WHERE name = 'session'", (sessions,)
    )


def _last_session(conn: Connection) -> int:
    row = conn.execute("SELECT seq FROM main.sqlite_sequence WHERE name = 'session'").fetchone()
    return int(row[0]) if row else 0


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.before-restore-{n}.bak") for n in count(1))
    return next(name for name in names if not name.exists())

"""Opening a database: whose file it is, which version, and bringing an older one up to date."""

from __future__ import annotations

import os
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from txtal.errors import DatabaseError, ForeignError, LockedError, NewerError
from txtal.store import checksums
from txtal.store.files import copy_into, put, temporary
from txtal.store.migrations import MIGRATIONS as MIGRATIONS
from txtal.store.sqlite import (
    APPLICATION_ID,
    BUSY_SECONDS,
    Connection,
    connect,
    foreseen,
    open_file,
    set_journal_mode,
    sqlite,
    transaction,
)

if TYPE_CHECKING:
    from sqlite_utils.db import Database
    from sqlite_utils.migrations import Migrations


def open_database(
    path: Path, *, create: bool = False, keep_old: bool = True, busy_seconds: float = BUSY_SECONDS
) -> Connection:
    """Open the database ready for use: ours, of this version, in a safe journal mode.

    An older file is migrated, after a copy was put beside it unless it is itself a copy. Raises
    NewerError for a file made by a newer txtal, DatabaseError for anything else that can't be used.
    """
    conn = open_file(path, create=create, busy_seconds=busy_seconds)
    try:
        with foreseen(path):
            version = _version(conn, path)
            if version < VERSION:
                _migrate(conn, path, keep_old)
            set_journal_mode(conn, path)
    except BaseException:
        conn.close()
        raise
    return conn


def open_readonly(
    path: Path, *, older: bool = False, busy_seconds: float = BUSY_SECONDS
) -> Connection:
    """Open for reading only, without migrating. Raises as :func:`open_database`.

    An older file is refused unless ``older``, which is for those who read no tables.

    Where nothing can be written, on a disk that is read-only or full, it is read as a file nobody
    changes.
    """
    still = path.exists() and not os.access(path.parent, os.W_OK)
    try:
        conn = open_file(path, busy_seconds=busy_seconds, still=still)
    except LockedError:
        raise
    except DatabaseError:
        if not path.is_file() or _has_log(path):
            raise
        conn = open_file(path, busy_seconds=busy_seconds, still=True)
    try:
        with foreseen(path):
            if _version(conn, path) < (1 if older else VERSION):
                raise DatabaseError(
                    f"{path}: an older or empty database; open it with `txtal load` to upgrade it"
                )
            conn.execute("PRAGMA query_only = ON")
    except BaseException:
        conn.close()
        raise
    return conn


def _has_log(path: Path) -> bool:
    """Whether there may be answers that are only in the write-ahead log."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _version(conn: Connection, path: Path) -> int:
    """The file's version, 0 for an empty file. Raises for files that aren't ours or are newer."""
    application: int = conn.execute("PRAGMA application_id").fetchone()[0]
    version: int = conn.execute("PRAGMA user_version").fetchone()[0]
    tables, triggers = conn.execute(
        "SELECT count(*), count(*) FILTER (WHERE type = 'trigger') FROM sqlite_master"
    ).fetchone()
    if application != APPLICATION_ID and (application or version or tables):
        raise ForeignError(f"{path}: a database of another program; name another with --db")
    if version > VERSION:
        raise NewerError(
            f"{path}: made by a newer txtal (schema {version}, this program knows {VERSION}); "
            "upgrade with `pip install -U txtal`"
        )
    if triggers:
        raise DatabaseError(
            f"{path}: holds triggers, which would run whenever an answer is saved and which txtal "
            "never makes; if they are yours, drop them"
        )
    return version


def _migrate(conn: Connection, path: Path, keep_old: bool) -> None:
    with transaction(conn):
        # Read again under the write lock: another process may have migrated by now.
        version = _version(conn, path)
        if version == VERSION:
            return
        if version:
            if keep_old:
                _back_up(path, version)
            _apply_pending(conn)
        else:
            _create(conn)
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        conn.execute(f"PRAGMA user_version = {VERSION}")


def _create(conn: Connection) -> None:
    """The tables of a new file, noted as sqlite-utils would note them.

    Without importing it, which takes longer than loading ten thousand tickets.
    """
    for statement in (*_MIGRATIONS_TABLE, *chain.from_iterable(MIGRATIONS.values())):
        conn.execute(statement)
    conn.executemany(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('txtal', ?, datetime())",
        [(name,) for name in MIGRATIONS],
    )


def _apply_pending(conn: Connection) -> None:
    from sqlite_utils import Database

    _migrations().apply(Database(conn, execute_plugins=False))


def _back_up(path: Path, version: int) -> None:
    """Copy the committed state beside the file as ``NAME.schemaN.bak``.

    Reads through a connection of its own, for the migrating one is inside a transaction.
    """
    target = path.with_name(f"{path.name}.schema{version}.bak")
    with temporary(target) as copy, closing(connect(path)) as source:
        copy_into(source, copy, target)
        put(copy, target)


def statements() -> dict[str, tuple[str, str]]:
    """What this version's tables, indexes and views are, by name: the kind, and what makes it."""
    with closing(sqlite.connect(":memory:")) as conn:
        checksums.register(conn)
        _create(conn)
        found = conn.execute("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: (kind, sql) for name, kind, sql in found}


def _migrations() -> Migrations:
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("txtal")

    def add(name: str, statements: tuple[str, ...]) -> None:
        def migrate(database: Database) -> None:
            for statement in statements:
                database.conn.execute(statement)

        migrations(name=name)(migrate)

    for name, steps in MIGRATIONS.items():
        add(name, steps)
    return migrations


_MIGRATIONS_TABLE = (
    "CREATE TABLE _sqlite_migrations"
    " (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT)",
    "CREATE UNIQUE INDEX idx__sqlite_migrations_migration_set_name"
    " ON _sqlite_migrations (migration_set, name)",
)

VERSION = len(MIGRATIONS)
"""How many migrations this program knows; the file's ``user_version``."""

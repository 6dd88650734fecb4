"""The tables, as migrations that only ever grow, guarded in both directions."""

from __future__ import annotations

import os
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from txtal.errors import DatabaseError, ForeignError, LockedError, NewerError
from txtal.store import checksums
from txtal.store.files import copy_into, put, temporary
from txtal.store.sqlite import (
    APPLICATION_ID,
    BUSY_SECONDS,
    Connection,
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
        log = path.with_name(f"{path.name}-wal")
        if not path.is_file() or (log.exists() and log.stat().st_size):
            raise  # there may be answers that are only in the log
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
        # Read again under the write lock: another process may have migrated meanwhile.
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
    with temporary(target) as copy, closing(sqlite.connect(str(path))) as source:
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

_M001 = (
    """CREATE TABLE dataset (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        task TEXT NOT NULL CHECK (task IN ('exclusive', 'multilabel', 'binary')),
        created REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE label (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        name TEXT NOT NULL,
        description TEXT NOT NULL DEFAULT '',
        position INTEGER NOT NULL,
        retired INTEGER NOT NULL DEFAULT 0,
        UNIQUE (dataset_id, name)
    ) STRICT""",
    """CREATE TABLE label_event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        label_id INTEGER REFERENCES label(id),
        at REAL NOT NULL,
        action TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE ticket (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        input_hash INTEGER NOT NULL,
        text TEXT NOT NULL,
        meta TEXT,
        extra TEXT,
        UNIQUE (dataset_id, input_hash)
    ) STRICT""",
    """CREATE TABLE session (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        annotator TEXT NOT NULL,
        recipe TEXT NOT NULL,
        started REAL NOT NULL,
        ended REAL
    ) STRICT""",
    """CREATE TABLE revision (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        session_id INTEGER NOT NULL REFERENCES session(id),
        at REAL NOT NULL,
        answers INTEGER NOT NULL,
        newest INTEGER NOT NULL,
        seconds REAL NOT NULL,
        vectoriser TEXT NOT NULL,
        strategy TEXT NOT NULL,
        audit_n INTEGER,
        audit_value REAL,
        audit_low REAL,
        audit_high REAL,
        note TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    """CREATE TABLE answer (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        ticket_id INTEGER NOT NULL REFERENCES ticket(id),
        session_id INTEGER NOT NULL REFERENCES session(id),
        annotator TEXT NOT NULL,
        verdict TEXT CHECK (verdict IN ('accept', 'reject', 'ignore')),
        undoes INTEGER UNIQUE REFERENCES answer(id),
        labels TEXT NOT NULL DEFAULT '[]',
        suggestion TEXT NOT NULL DEFAULT '[]',
        probabilities TEXT NOT NULL DEFAULT '[]',
        reason TEXT NOT NULL DEFAULT '',
        score REAL,
        selection_probability REAL,
        revision_id INTEGER REFERENCES revision(id),
        shown REAL NOT NULL,
        answered REAL NOT NULL,
        flagged INTEGER NOT NULL DEFAULT 0,
        comment TEXT NOT NULL DEFAULT '',
        CHECK ((verdict IS NULL) = (undoes IS NOT NULL))
    ) STRICT""",
    "CREATE INDEX answer_ticket ON answer (ticket_id, annotator, id)",
    "CREATE INDEX answer_dataset ON answer (dataset_id, id)",
    """CREATE TABLE queue (
        dataset_id INTEGER PRIMARY KEY REFERENCES dataset(id),
        revision_id INTEGER NOT NULL REFERENCES revision(id),
        ranking TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE lease (
        ticket_id INTEGER PRIMARY KEY REFERENCES ticket(id),
        session_id INTEGER NOT NULL REFERENCES session(id),
        expires REAL NOT NULL
    ) STRICT""",
    # An answer stands unless it was undone, or the same annotator answered the ticket again.
    """CREATE VIEW standing_answer AS
        SELECT * FROM answer AS a
        WHERE verdict IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = a.id)
          AND NOT EXISTS (
            SELECT 1 FROM answer AS later
            WHERE later.ticket_id = a.ticket_id AND later.annotator = a.annotator
              AND later.id > a.id AND later.verdict IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = later.id))""",
)

# Sums find what changed in tickets, answers and the queue. The few rows of the other tables are
# held twice, in the table and in an index over all of it, which SQLite's integrity check compares.
_M002 = (
    "ALTER TABLE ticket ADD COLUMN sum INTEGER",
    "ALTER TABLE answer ADD COLUMN sum INTEGER",
    "ALTER TABLE queue ADD COLUMN sum INTEGER",
    f"UPDATE ticket SET sum = {checksums.TICKET}",
    f"UPDATE answer SET sum = {checksums.ANSWER}",
    f"UPDATE queue SET sum = {checksums.QUEUE}",
    "CREATE INDEX dataset_whole ON dataset (name, task, created)",
    "CREATE INDEX label_whole ON label (dataset_id, name, description, position, retired)",
    "CREATE INDEX label_event_whole ON label_event (dataset_id, label_id, at, action, detail)",
    "CREATE INDEX session_whole ON session (dataset_id, annotator, recipe, started, ended)",
    "CREATE INDEX revision_whole ON revision (dataset_id, session_id, at, answers, newest, seconds,"
    " vectoriser, strategy, audit_n, audit_value, audit_low, audit_high, note)",
)

# A dataset's tickets in order of loading: counted, drawn from and asked for what is new without
# reading their texts, however many there are.
_M003 = ("CREATE INDEX ticket_dataset ON ticket (dataset_id)",)

# SQLite can't change a CHECK: the rows are put by, and the table made anew under its name. What
# refers to them is looked at again when all is done.
_M004 = (
    "PRAGMA defer_foreign_keys = ON",
    "CREATE TEMP TABLE put_by AS SELECT id, name, task, created FROM dataset",
    "DROP TABLE dataset",
    """CREATE TABLE dataset (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        task TEXT NOT NULL CHECK (task IN ('exclusive', 'multilabel', 'binary', 'rating')),
        created REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX dataset_whole ON dataset (name, task, created)",
    "INSERT INTO dataset (id, name, task, created) SELECT id, name, task, created FROM put_by",
    "DROP TABLE put_by",
)

_M005 = (
    """CREATE TABLE measures (
        revision_id INTEGER PRIMARY KEY REFERENCES revision(id),
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        body TEXT NOT NULL,
        sum INTEGER
    ) STRICT""",
    "CREATE INDEX measures_dataset ON measures (dataset_id, revision_id)",
)

# A row for each ticket that arrived by a stream, with what became of it; null until it is settled.
_M006 = (
    """CREATE TABLE arrival (
        ticket_id INTEGER PRIMARY KEY REFERENCES ticket(id),
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        session_id INTEGER NOT NULL REFERENCES session(id),
        arrived REAL NOT NULL,
        fate TEXT CHECK (fate IN ('ask', 'let go', 'predict')),
        reason TEXT NOT NULL DEFAULT '',
        score REAL,
        threshold REAL,
        selection_probability REAL,
        labels TEXT NOT NULL DEFAULT '[]',
        probability REAL,
        revision_id INTEGER REFERENCES revision(id),
        settled REAL,
        sum INTEGER
    ) STRICT""",
    "CREATE INDEX arrival_fate ON arrival (dataset_id, fate, ticket_id)",
    """CREATE TABLE stream (
        dataset_id INTEGER PRIMARY KEY REFERENCES dataset(id),
        decided INTEGER NOT NULL,
        asked INTEGER NOT NULL,
        predicted INTEGER NOT NULL,
        credit REAL NOT NULL,
        threshold REAL
    ) STRICT""",
    "CREATE INDEX stream_whole ON stream"
    " (dataset_id, decided, asked, predicted, credit, threshold)",
)

# A ticket that everybody is asked may be on several screens at once. Leases are for minutes: none
# is worth keeping.
_M007 = (
    "DROP TABLE lease",
    """CREATE TABLE lease (
        ticket_id INTEGER NOT NULL REFERENCES ticket(id),
        session_id INTEGER NOT NULL REFERENCES session(id),
        expires REAL NOT NULL,
        PRIMARY KEY (ticket_id, session_id)
    ) STRICT, WITHOUT ROWID""",
    "ALTER TABLE session ADD COLUMN overlap INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX session_whole",
    "CREATE INDEX session_whole"
    " ON session (dataset_id, annotator, recipe, started, ended, overlap)",
)

_M008 = (
    """CREATE TABLE synthetic (
        ticket_id INTEGER PRIMARY KEY REFERENCES ticket(id),
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        first INTEGER NOT NULL REFERENCES ticket(id),
        second INTEGER NOT NULL REFERENCES ticket(id),
        at REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX synthetic_whole ON synthetic (dataset_id, ticket_id, first, second, at)",
)

MIGRATIONS = {
    "m001_tables": _M001,
    "m002_sums": _M002,
    "m003_ticket_dataset": _M003,
    "m004_ratings": _M004,
    "m005_measures": _M005,
    "m006_stream": _M006,
    "m007_overlap": _M007,
    "m008_synthetic": _M008,
}
"""Statements by the name sqlite-utils notes them under; only ever added to."""

VERSION = len(MIGRATIONS)
"""How many migrations this program knows; the file's ``user_version``."""

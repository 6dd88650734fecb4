"""Opening: whose file it is, which version, and in what mode."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from txtal.errors import DatabaseError, LockedError, NewerError
from txtal.store import schema
from txtal.store.checksums import input_hash
from txtal.store.sqlite import (
    APPLICATION_ID,
    Connection,
    foreseen,
    open_file,
    sqlite,
    transaction,
    wal_is_safe,
)
from txtal.store.verify import verify


def test_a_new_file_is_private_ours_and_durable(path: Path, conn: Connection) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert conn.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert conn.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
    assert conn.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert conn.execute("PRAGMA foreign_keys").fetchone()[0] == 1


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
    ],
)
def test_which_sqlite_may_use_wal(version: tuple[int, ...], safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_an_unsafe_sqlite_takes_the_file_out_of_wal(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.open_database(path, create=True).close()
    monkeypatch.setattr("txtal.store.sqlite.wal_is_safe", lambda version: False)
    conn = schema.open_database(path)
    assert conn.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    conn.close()


def test_an_unsafe_sqlite_refuses_a_wal_file_in_use(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = schema.open_database(path, create=True)
    if other.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        pytest.skip("this machine's SQLite can't use WAL safely")
    other.execute("SELECT count(*) FROM dataset").fetchone()
    monkeypatch.setattr("txtal.store.sqlite.wal_is_safe", lambda version: False)
    with pytest.raises(LockedError, match="pysqlite3"):
        schema.open_database(path, busy_seconds=0.01)
    other.close()


def test_a_newer_file_is_left_alone(path: Path) -> None:
    conn = schema.open_database(path, create=True)
    conn.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    conn.close()
    with pytest.raises(NewerError, match="newer txtal"):
        schema.open_database(path)
    with pytest.raises(NewerError, match="pip install -U"):
        schema.open_readonly(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"text": "a ticket"}\n' * 50, "not a database"),
        (b"SQLite format 3\x00" + b"\x00" * 300, "not a database|damaged"),
    ],
)
def test_other_files_are_refused_and_untouched(path: Path, content: bytes, says: str) -> None:
    path.write_bytes(content)
    with pytest.raises(DatabaseError, match=says):
        schema.open_database(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(path: Path) -> None:
    conn = sqlite.connect(str(path))
    conn.execute("CREATE TABLE theirs (id)")
    conn.commit()
    conn.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="another program"):
        schema.open_database(path)
    assert path.read_bytes() == before


def test_missing_file_folder_and_empty_file(path: Path, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no such database"):
        schema.open_database(path)
    with pytest.raises(DatabaseError, match="folder"):
        schema.open_database(tmp_path)
    path.touch()
    schema.open_database(path).close()


def test_a_read_only_file_says_so(path: Path) -> None:
    if os.geteuid() == 0:
        conn = schema.open_database(path, create=True)
        conn.execute("PRAGMA query_only = ON")
        with pytest.raises(DatabaseError, match="read-only"), foreseen(path):
            conn.execute("CREATE TABLE more (id)")
        conn.close()
        return
    schema.open_database(path, create=True).close()
    path.chmod(0o400)
    conn = schema.open_readonly(path)
    conn.close()


def test_a_held_lock_is_a_locked_error(path: Path, conn: Connection) -> None:
    other = schema.open_database(path, busy_seconds=0.01)
    with transaction(conn), pytest.raises(LockedError, match="another process"), foreseen(path):
        other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_transaction_is_all_or_nothing(conn: Connection) -> None:
    def fail_midway() -> None:
        with transaction(conn):
            conn.execute("INSERT INTO dataset (name, task, created) VALUES ('x', 'binary', 0)")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        fail_midway()
    assert conn.execute("SELECT count(*) FROM dataset").fetchone()[0] == 0
    assert not conn.in_transaction


def test_a_failing_migration_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, statements in schema.MIGRATIONS.items():
        for stop in range(1, len(statements)):
            broken = {**schema.MIGRATIONS, name: (*statements[:stop], "CREATE TABLE nonsense (")}
            monkeypatch.setattr(schema, "MIGRATIONS", broken)
            with pytest.raises(DatabaseError):
                schema.open_database(path, create=True)
            monkeypatch.undo()
            conn = sqlite.connect(str(path))
            assert conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
            conn.close()
    schema.open_database(path).close()


def test_an_older_file_is_backed_up_and_migrated(path: Path, first_version: Connection) -> None:
    # Committed, but maybe only in the write-ahead log: the copy must hold it too.
    first_version.execute("INSERT INTO dataset (name, task, created) VALUES ('old', 'binary', 0)")
    with pytest.raises(DatabaseError, match="upgrade"):
        schema.open_readonly(path)
    conn = schema.open_database(path)
    assert conn.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
    assert verify(conn).faults == ()
    kept = conn.execute("SELECT id, name, task, created FROM dataset ORDER BY id").fetchall()
    assert [tuple(row) for row in kept] == [(1, "d", "binary", 0), (2, "old", "binary", 0)]
    conn.execute("UPDATE dataset SET task = 'rating' WHERE id = 2")
    conn.close()
    copy = path.with_name("txtal.db.schema1.bak")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    saved = sqlite.connect(str(copy))
    assert saved.execute("SELECT name FROM dataset ORDER BY id DESC").fetchone() == ("old",)
    assert saved.execute("PRAGMA user_version").fetchone()[0] == 1
    saved.close()


def test_a_damaged_text_doesnt_keep_an_older_file_from_being_opened(
    path: Path, first_version: Connection
) -> None:
    first_version.execute("UPDATE ticket SET text = CAST(x'fffe' AS TEXT) WHERE id = 1")
    first_version.close()
    with closing(schema.open_database(path)) as conn:
        assert len(verify(conn).faults) == 1


def test_a_file_with_a_trigger_is_refused(path: Path, conn: Connection) -> None:
    conn.execute("CREATE TRIGGER theirs AFTER INSERT ON answer BEGIN DELETE FROM ticket; END")
    for opening in (schema.open_database, schema.open_readonly):
        with pytest.raises(DatabaseError, match="triggers"):
            opening(path)


def test_a_new_file_is_what_the_migrations_make(path: Path, tmp_path: Path) -> None:
    from sqlite_utils import Database

    made = Database(schema.open_database(path, create=True), execute_plugins=False)
    conn = open_file(tmp_path / "migrated.db", create=True)
    migrated = Database(conn, execute_plugins=False)
    schema._migrations().apply(migrated)
    assert schema._migrations().pending(made) == []
    assert [m.name for m in schema._migrations().applied(made)] == list(schema.MIGRATIONS)
    assert made["_sqlite_migrations"].columns == migrated["_sqlite_migrations"].columns
    for name in migrated.table_names():
        if name != "_sqlite_migrations":
            assert made[name].schema == migrated[name].schema
            assert made[name].indexes == migrated[name].indexes
    assert made.view_names() == migrated.view_names()


@pytest.fixture
def first_version(path: Path) -> Iterator[Connection]:
    """A file as the first txtal made it, with a ticket and an answer, still open."""
    with closing(open_file(path, create=True)) as conn:
        first = {"m001_tables": schema.MIGRATIONS["m001_tables"]}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", first)
            patch.setattr(schema, "VERSION", 1)
            schema.open_database(path).close()
        for statement in (
            "INSERT INTO dataset (name, task, created) VALUES ('d', 'binary', 0)",
            "INSERT INTO session (dataset_id, annotator, recipe, started) VALUES (1, 'ann', '', 0)",
        ):
            conn.execute(statement)
        conn.execute(
            "INSERT INTO ticket (dataset_id, input_hash, text) VALUES (1, ?, 'one')",
            (input_hash("one"),),
        )
        conn.execute(
            "INSERT INTO answer (dataset_id, ticket_id, session_id, annotator, verdict, shown,"
            " answered) VALUES (1, 1, 1, 'ann', 'accept', 0, 1.5)"
        )
        yield conn

"""Flipped bits, a torn write-ahead log, a copy without it."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.driving import Program
from tests.faults.conftest import Lost, Tries, many, present
from txtal.errors import TxtalError
from txtal.store import answers, checksums, schema
from txtal.store.backup import back_up
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection, sqlite
from txtal.store.verify import verify
from txtal.types import Answer, Dataset, Estimate, Ranked, Ranking, Revision

Make = Callable[..., Dataset]


@pytest.fixture
def ledger(path: Path, conn: Connection, make_dataset: Make) -> StoreLedger:
    """A session in the middle of its work: nothing is in the database file but the tickets."""
    dataset = make_dataset([f"ticket {n} " + "words " * (n % 30) for n in range(120)])
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.execute("PRAGMA wal_autocheckpoint = 0")
    session = StoreLedger(conn, path, dataset, annotator="ann", recipe="teach")
    for n in range(1, 41):
        ranked = Ranked(n, (1,), ((1, 0.75), (2, 0.25)), "margin", 0.2, 0.3)
        session.record(Answer(n, "accept", (1 + n % 2,), ranked, shown=n, answered=n + 0.5))
        if n % 10 == 0:
            session.undo()
            revision = Revision(n, n, 0.3, "lexical@en", "margin", Estimate(9, 0.5, 0.2, 0.8))
            session.save_ranking(Ranking(revision, (Ranked(n + 1, (1,), ((1, 0.6),)),)))
    return session


def _columns(conn: sqlite3.Connection, table: bytes) -> str:
    """All, with the row's number where the table has one."""
    (sql,) = conn.execute(
        "SELECT sql FROM sqlite_master WHERE name = ?", (table.decode(),)
    ).fetchone()
    return "*" if b"WITHOUT ROWID" in sql else "rowid, *"


def rows(path: Path) -> dict[str, list[str]]:
    """Every row of every table, as another SQLite reads it."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as conn:
        conn.text_factory = bytes
        # Without who looks at what for the next minutes, and sqlite-utils' note of when a migration
        # was made.
        tables = conn.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name NOT IN ('lease', '_sqlite_migrations', 'commit_mark')"
        ).fetchall()
        return {
            name.decode(): sorted(
                map(repr, conn.execute(f'SELECT {_columns(conn, name)} FROM "{name.decode()}"'))
            )
            for (name,) in tables
        }


def findings(path: Path) -> tuple[str, ...]:
    """What verify has to say, or why the file can't even be opened."""
    try:
        with closing(schema.open_readonly(path)) as conn:
            return verify(conn).faults
    except TxtalError as error:
        return (str(error),)


def changes_a_row(content: bytes, bit: int, flipped: Path, good: object) -> bool:
    """Write the file with this bit flipped; return whether its rows are others than the good ones.

    The other bits hit room that holds nothing, or an index.
    """
    data = bytearray(content)
    data[bit // 8] ^= 1 << bit % 8
    flipped.write_bytes(data)
    try:
        return rows(flipped) != good
    except (sqlite3.Error, UnicodeDecodeError):
        return True


def test_a_flipped_bit_that_changes_a_row_is_found(
    ledger: StoreLedger, path: Path, tmp_path: Path, tries: Tries
) -> None:
    backup, flipped = tmp_path / "backup.db", tmp_path / "flipped.db"
    back_up(path, backup)
    content, good = backup.read_bytes(), rows(backup)
    rng = random.Random(4929)
    wanted = many(15, 1000)
    while tries.tries < wanted:
        bit = rng.randrange(8 * len(content))
        if changes_a_row(content, bit, flipped, good):
            with tries.one(f"bit {bit}"):
                assert findings(flipped)


def test_power_is_cut_while_the_log_is_written(
    ledger: StoreLedger, path: Path, tmp_path: Path, tries: Tries
) -> None:
    log = path.with_name("txtal.db-wal")
    if not log.exists():
        pytest.skip("this machine's SQLite can't use WAL safely")
    database, torn = path.read_bytes(), log.read_bytes()
    whole = _log(ledger.file.conn)
    rng = random.Random(4929)
    cuts = [(at, torn[:at]) for at in range(0, len(torn) + 1, 512)]
    for _ in range(500):
        data = bytearray(torn)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        cuts.append((-1, bytes(data)))
    crashed = tmp_path / "crashed.db"
    kept = set()
    for at, rest in rng.sample(cuts, many(16, len(cuts))):
        crashed.write_bytes(database)
        crashed.with_name("crashed.db-wal").write_bytes(rest)
        crashed.with_name("crashed.db-shm").unlink(missing_ok=True)
        with tries.one(f"cut at {at}"), closing(schema.open_database(crashed)) as conn:
            found = _log(conn)
            assert verify(conn).faults == ()
            if found != whole[: len(found)]:
                raise Lost("not the answers up to some point")
            kept.add(len(found))
    assert len(kept) > many(3, 5)


def _log(conn: Connection) -> list[tuple[object, ...]]:
    columns = "id, ticket_id, verdict, undoes, labels, sum"
    return [tuple(row) for row in conn.execute(f"SELECT {columns} FROM answer ORDER BY id")]


def test_a_copy_without_its_log_and_a_backup_of_the_same_moment(
    ledger: StoreLedger, path: Path, tmp_path: Path, tries: Tries
) -> None:
    whole = _log(ledger.file.conn)
    backup, alone = tmp_path / "backup.db", tmp_path / "alone.db"
    with tries.one("backup"):
        found = back_up(path, backup)
        present((found.answers, found.newest) == (len(whole), whole[-1][0]))
    with tries.one("copy of the file alone"):
        shutil.copyfile(path, alone)
        with closing(schema.open_database(alone)) as conn:
            seen = _log(conn)
            assert seen == whole[: len(seen)]
            said = verify(conn)
            # What never reached the file can't be missed in it; its newest number tells.
            assert (said.faults, said.newest) == ((), seen[-1][0] if seen else 0)
    with tries.one("a hole in the log"):
        with closing(sqlite.connect(str(backup))) as conn:
            conn.execute("DELETE FROM answer WHERE id BETWEEN 7 AND 9")
            conn.commit()
        assert "answers 7 to 9: lost" in findings(backup)


def test_answers_are_ordered_by_number_whatever_the_clock_does(
    path: Path, conn: Connection, make_dataset: Make, tries: Tries
) -> None:
    dataset = make_dataset(["a", "b", "c"])
    session = StoreLedger(conn, path, dataset, annotator="ann")
    with tries.one("clock steps back an hour after every answer"):
        for n in (1, 2, 3):
            session.record(Answer(n, "accept", (1,), shown=9e9 - n * 3600, answered=9e9 - n * 3600))
        assert [a.ticket_id for a in answers.standing(conn, dataset.id)] == [1, 2, 3]
        undone = session.undo()
        assert undone is not None
        assert [one.ticket_id for one in undone.answers] == [3]


UNCOVERED = {b"lease", b"_sqlite_migrations", b"commit_mark", b"sqlite_sequence"}
"""What lasts minutes, or says only when something was made; a counter is compared with its rows."""


@pytest.fixture
def full(fresh: Program, tries: Tries) -> Path:
    """A database with something in every table."""
    txtal = fresh.quick
    lines = [{"text": f"ticket {n} {'refund' if n % 2 else 'thanks'}"} for n in range(6)]
    txtal.file("t.jsonl", lines)
    rule = ["[[rule]]", 'name = "money"', 'label = "b"', 'words = ["refund"]']
    txtal.file("rules.toml", rule)
    txtal.ok("load", "d", "t.jsonl")
    txtal.ok("label", "add", "d", "a")
    txtal.ok("label", "add", "d", "b")
    txtal.ok("hooks", "set", "d", "--on-answer", "false", "--on-train", "false")
    txtal.ok("manual", "d", "--plain", stdin="1\n2\n1\nc a comment\nq\n")
    txtal.ok("rules", "d", "--rules", "rules.toml")
    txtal.ok("forget", "d", "ticket 5 refund", "--yes")
    txtal.ok("token", "add", "ann", "--days", "30")
    path = fresh.folder / fresh.db
    with closing(schema.open_database(path)) as conn:
        conn.execute("INSERT INTO bound VALUES (7, 1, 9.5, 0.95, '{}', NULL, 'why')")
        conn.execute("INSERT INTO prediction VALUES (4, 1, 7, '[1]', 0.75, 1, NULL, 8.5, NULL)")
        conn.execute(f"UPDATE prediction SET sum = {checksums.PREDICTION}")
        assert conn.execute("SELECT count(*) FROM outbox").fetchone()[0]
    return path


@pytest.mark.timeout(1800)
def test_a_flipped_bit_in_any_table_is_found(full: Path, tries: Tries) -> None:
    flipped = full.with_name("flipped.db")
    back_up(full, flipped)
    content, good = flipped.read_bytes(), rows(flipped)
    assert findings(flipped) == ()
    with closing(sqlite3.connect(flipped)) as conn:
        conn.text_factory = bytes
        roots = conn.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'")
        tables = [(name, root) for name, root in roots if name not in UNCOVERED]
        size = conn.execute("PRAGMA page_size").fetchone()[0]
    rng = random.Random(4929)
    for name, root in tables:
        start = (root - 1) * size
        begins = start + int.from_bytes(content[start + 5 : start + 7], "big")
        bits = range(8 * begins, 8 * (start + size))
        for bit in rng.sample(bits, k=min(len(bits), many(10, 100))):
            if changes_a_row(content, bit, flipped, good):
                with tries.one(f"{name.decode()}, bit {bit - 8 * start}"):
                    assert findings(flipped)

"""kill -9 at any moment: of the screen, a load, an export, a migration, a holder of a lease."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Open
from tests.cli.driving import TXTAL, Program
from tests.cli.test_crashes import MANUAL, TEACH, kill_at_random
from tests.cli.test_failures import sql
from tests.faults.conftest import Lost, Tries, many, present
from txtal.store import checksums, schema
from txtal.store.sqlite import sqlite
from txtal.store.verify import verify

pytestmark = pytest.mark.slow

KILLED = -signal.SIGKILL


# --- the screen -------------------------------------------------------------------------------


@pytest.mark.timeout(3600)
def test_the_screen_again_and_again_on_one_database(
    sample: Program, terminal: Open, tries: Tries
) -> None:
    # Each kill leaves up to six answers, and a ticket that is held for a quarter of an hour.
    sample.file("more.jsonl", ({"text": f"ticket {n}"} for n in range(2000)))
    sample.ok("load", "d", "more.jsonl")
    rng = random.Random(4929)
    typed = ""
    for number in range(many(15, 200)):
        words = TEACH if number % 5 == 0 else MANUAL
        with tries.one(f"kill {number}"):
            one = terminal(sample, *words)
            typed = kill_at_random(sample, one, rng, typed, learns=words is TEACH)
            six_checks(sample.folder / sample.db)
            one.close()
    with tries.one("and all of it can be undone"):
        sample.ok("manual", "d", "--plain", stdin="u\n" * len(typed) + "q\n")
        present(sample.exported() == [])


def six_checks(path: Path) -> None:
    """Opens; sound; countable; checkpoints; the same after it; the same to another SQLite."""
    with closing(schema.open_database(path)) as conn:
        assert verify(conn).faults == ()
        before = digest(conn)
        assert conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        assert digest(conn) == before
    with closing(sqlite3.connect(path)) as other:
        assert digest(other) == before
        assert other.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def digest(conn: sqlite3.Connection) -> tuple[dict[str, int], str]:
    """How many rows each table has, and one sum of them all."""
    names = [
        row[0]
        for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    counts = {name: conn.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    content = [tuple(row) for name in names for row in conn.execute(f'SELECT * FROM "{name}"')]
    return counts, hashlib.sha256(repr(content).encode()).hexdigest()


# --- commands ---------------------------------------------------------------------------------


def run_and_kill(program: Program, *words: str, after: float) -> int:
    """The exit code of a command that is killed ``after`` so many seconds, if it still runs."""
    process = subprocess.Popen(
        [*TXTAL, *words],
        env=program.environ,
        cwd=program.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def seconds_of(program: Program, *words: str) -> float:
    """How long the command takes when nobody kills it."""
    began = time.monotonic()
    program.ok(*words)
    return time.monotonic() - began


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("options", [(), ("--answers",)], ids=["tickets", "answers"])
def test_a_load_leaves_all_or_nothing(
    fresh: Program, tries: Tries, options: tuple[str, ...]
) -> None:
    fresh.file("t.jsonl", ({"text": f"ticket {n}", "label": "ab"[n % 2]} for n in range(8000)))
    words = ("load", *options, "d", "t.jsonl")
    took = seconds_of(fresh, "--db", "whole.db", *words)
    whole = loaded(fresh.folder / "whole.db")
    rng = random.Random(4929)
    for number in range(many(5, 25)):
        path = fresh.folder / f"{number}.db"
        with tries.one(f"kill {number}"):
            run_and_kill(fresh, "--db", path.name, *words, after=rng.uniform(0.2, 1.0) * took)
            found = loaded(path)
            assert found in (([], []), whole), "a part of it"
            fresh.ok("--db", path.name, *words)
            assert loaded(path) == whole
            assert fresh.quick.ok("--db", path.name, "verify").out
            path.unlink()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("whom", ["session", "loader"])
def test_a_load_behind_a_session_leaves_a_part_that_the_next_completes(
    fresh: Program, tries: Tries, whom: str
) -> None:
    texts = [f"ticket {n} " + "x" * 200 for n in range(60_000)]
    fresh.file("t.jsonl", ({"text": text} for text in texts))
    words = ("teach", "d", "t.jsonl", "-l", "a,b", "--vectors", "lexical", "--plain")
    rng = random.Random(4929)
    for number in range(many(3, 20)):
        path = fresh.folder / f"{number}.db"
        with tries.one(f"kill {number}"):
            label_and_kill(fresh, "--db", path.name, *words, whom=whom, rng=rng)
            part, answers = loaded(path)
            assert part == texts[: len(part)], "not the first of the file"
            present(len(answers) == 1, "the answer that was called saved")
            fresh.ok("--db", path.name, *words, stdin="q\n")
            assert loaded(path) == (texts, answers)
            six_checks(path)
            path.unlink()


def label_and_kill(program: Program, *words: str, whom: str, rng: random.Random) -> None:
    """Answer the first ticket, and some time later kill the session or its loader."""
    process = subprocess.Popen(
        [*TXTAL, *words],
        env=program.environ,
        cwd=program.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write("1\n")
    process.stdin.flush()
    while "saved" not in process.stdout.readline():
        assert process.poll() is None
    time.sleep(rng.uniform(0, 1.0))
    if whom == "loader":
        for child in psutil.Process(process.pid).children():
            with suppress(psutil.NoSuchProcess):  # done already
                if "txtal.ingest" in child.cmdline():
                    child.kill()
        process.communicate("q\n", timeout=60)
    else:
        process.kill()
        process.communicate(timeout=60)


def loaded(path: Path) -> tuple[list[object], list[object]]:
    """The texts and the answers in a database that may not be there."""
    if not path.exists() or not path.stat().st_size:
        return [], []
    with closing(schema.open_database(path)) as conn:
        texts = [row[0] for row in conn.execute("SELECT text FROM ticket ORDER BY id")]
        given = conn.execute("SELECT ticket_id, verdict, labels FROM answer ORDER BY id")
        return texts, [tuple(row) for row in given]


@pytest.mark.timeout(600)
def test_an_export_leaves_the_old_file_or_the_new(fresh: Program, tries: Tries) -> None:
    fresh.file("t.jsonl", ({"text": f"ticket {n}", "label": "ab"[n % 2]} for n in range(8000)))
    fresh.ok("load", "--answers", "d", "t.jsonl")
    target = fresh.folder / "out.jsonl"
    words = ("-q", "export", "d", "-o", target.name)
    took = seconds_of(fresh, *words)
    new, old = target.read_text("utf-8"), "what was there\n"
    rng = random.Random(4929)
    codes = set()
    for number in range(many(5, 20)):
        with tries.one(f"kill {number}"):
            target.write_text(old, "utf-8")
            codes.add(run_and_kill(fresh, *words, after=rng.uniform(0.3, 1.0) * took))
            present(target.read_text("utf-8") in (old, new), "neither the old file nor the new")
    assert KILLED in codes
    fresh.ok(*words)
    assert [file.name for file in fresh.folder.iterdir() if "out.jsonl" in file.name] == [
        target.name
    ]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("damaged", [False, True])
def test_a_restore_leaves_the_old_database_or_the_new(
    fresh: Program, tries: Tries, damaged: bool
) -> None:
    fresh.file("t.jsonl", ({"text": f"ticket {n}", "label": "ab"[n % 2]} for n in range(8000)))
    fresh.ok("load", "--answers", "d", "t.jsonl")
    fresh.ok("backup", "b.db")
    fresh.ok("load", "d", "-", stdin='{"text": "newer"}\n')
    path, old = fresh.folder / fresh.db, fresh.folder / "old.db"
    shutil.copy(path, old)
    took = seconds_of(fresh, "restore", "b.db")
    whole = [loaded(old), loaded(path)]
    if damaged:
        sql_damage(old)
    rng = random.Random(4929)
    for number in range(many(4, 20)):
        with tries.one(f"kill {number}"):
            for file in fresh.folder.glob("t.db*"):
                file.unlink()
            shutil.copy(old, path)
            run_and_kill(fresh, "restore", "b.db", after=rng.uniform(0.2, 1.0) * took)
            kept = sorted(fresh.folder.glob("t.db.before-restore-*.bak"))
            if not damaged:
                present(loaded(path) in whole)
            fresh.ok("restore", "b.db")
            assert loaded(path) == whole[1]
            assert fresh.quick.ok("verify").out
            present(damaged or not kept or loaded(kept[0]) == whole[0])
            assert not list(fresh.folder.glob(".t.db.txtal-*"))


def sql_damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("UPDATE ticket SET text = 'other' WHERE id = 7")
        conn.commit()


# --- migration --------------------------------------------------------------------------------

MIGRATE = """
import os, signal, sys
from pathlib import Path
from txtal.store import files, schema, sqlite as room

left, connect = int(sys.argv[2]), room.sqlite.connect

def count(statement):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def traced(*words, **options):
    conn = connect(*words, **options)
    conn.set_trace_callback(count)
    return conn

room.sqlite.connect = traced
schema.open_database(Path(sys.argv[1])).close()
"""


@pytest.mark.timeout(600)
def test_a_migration_leaves_the_old_schema_or_the_new(tmp_path: Path, tries: Tries) -> None:
    old = tmp_path / "old.db"
    with pytest.MonkeyPatch.context() as patch:
        first = {"m001_tables": schema.MIGRATIONS["m001_tables"]}
        patch.setattr(schema, "MIGRATIONS", first)
        patch.setattr(schema, "VERSION", 1)
        conn = schema.open_database(old, create=True)
    for statement in (
        "INSERT INTO dataset (name, task, created) VALUES ('d', 'binary', 0)",
        "INSERT INTO session (dataset_id, annotator, recipe, started) VALUES (1, 'ann', '', 0)",
        "INSERT INTO ticket (dataset_id, input_hash, text)"
        f" VALUES (1, {checksums.input_hash('one')}, 'one')",
        "INSERT INTO answer (dataset_id, ticket_id, session_id, annotator, verdict, shown,"
        " answered) VALUES (1, 1, 1, 'ann', 'accept', 0, 1.5)",
    ):
        conn.execute(statement)
    conn.close()
    path, ended, statement_number = tmp_path / "t.db", False, 0
    while not ended:
        statement_number += many(4, 1)
        for file in tmp_path.glob("t.db*"):
            file.unlink()
        path.write_bytes(old.read_bytes())
        with tries.one(f"statement {statement_number}"):
            ran = subprocess.run(
                [sys.executable, "-c", MIGRATE, str(path), str(statement_number)], check=False
            )
            assert ran.returncode in (0, KILLED)
            ended = ran.returncode == 0
            with closing(sqlite.connect(str(path))) as raw:
                version = raw.execute("PRAGMA user_version").fetchone()[0]
            backup = tmp_path / "t.db.schema1.bak"
            assert version == 1 or backup.exists()
            with closing(schema.open_database(path)) as conn:
                assert verify(conn).faults == ()
                present(conn.execute("SELECT count(*) FROM standing_answer").fetchone()[0] == 1)
            with closing(sqlite.connect(str(backup))) as raw:
                present(raw.execute("SELECT count(*) FROM answer").fetchone()[0] == 1)
    assert tries.tries > 5


# --- leases -----------------------------------------------------------------------------------


def test_what_a_killed_annotator_held_comes_back(
    txtal: Program, terminal: Open, tries: Tries
) -> None:
    txtal.file("t.jsonl", [{"text": f"ticket {n}"} for n in range(3)])
    txtal.ok("load", "d", "t.jsonl")
    one = terminal(txtal, "manual", "d", "-l", "a,b", "--annotator", "ann")
    one.wait("ticket 0")
    one.kill()
    assert one.end() == KILLED
    with tries.one("held"):
        answer_all(txtal)
        given = [line["text"] for line in txtal.exported()]
        assert given == ["ticket 1", "ticket 2"]
    with tries.one("run out"):
        sql(txtal, "UPDATE lease SET expires = 0")
        answer_all(txtal)
        given = [line["text"] for line in txtal.exported()]
        present(given == ["ticket 1", "ticket 2", "ticket 0"])


def answer_all(program: Program) -> None:
    program.ok("manual", "d", "--plain", "--annotator", "bob", stdin="1\n1\n1\nq\n")


def test_undo_goes_on_after_a_kill(sample: Program, terminal: Open, tries: Tries) -> None:
    one = terminal(sample, *MANUAL)
    one.wait("1-9 label")
    for number in range(1, 11):
        one.answer(str(number % 8 + 1), number)
    one.kill()
    one.end()
    with tries.one("ten answers undone in another process"):
        sample.ok("manual", "d", "--plain", stdin="u\n" * 10 + "q\n")
        assert sample.exported() == []
        with closing(sqlite3.connect(sample.folder / sample.db)) as conn:
            kept = conn.execute("SELECT count(*) FROM answer WHERE verdict NOT NULL").fetchone()[0]
        if kept != 10:
            raise Lost("the history")
    assert json.loads(sample.ok("verify", "--json").out)["answers"] == 20

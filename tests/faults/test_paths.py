"""Database files: names that SQLite reads as more than a name, and logs that are another's."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import TICKETS, Program
from tests.faults.conftest import Tries, present

NAMES = (
    ":memory:",
    "file:x",
    "file:x?mode=memory",
    "file:w.db?nolock=1",
    "file::memory:?cache=shared",
    "w.db?immutable=1",
    "a#b.db",
    "50%25.db",
    "two words.db",
    " .db",
    "-dash.db",
    "--db",
    "größe-数据.db",
    "file:folder/x.db",
    "./:memory:",
    "'quoted\".db",
    "back\\slash",
    "new\nline",
)
"""All are fine names of files."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["option", "variable", "settings"])
def test_a_database_is_the_file_of_its_name(
    fresh: Program, name: str, way: str, tries: Tries
) -> None:
    (fresh.folder / name).parent.mkdir(exist_ok=True)
    plain = Program(fresh.folder, db=name if way == "variable" else "").quick
    words: tuple[str, ...] = (f"--db={name}",) if way == "option" else ()
    if way == "settings":
        escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        (fresh.folder / "txtal.toml").write_text(f'db = "{escaped}"\n', "utf-8")
    few = fresh.file("few.jsonl", TICKETS.read_text("utf-8").splitlines()[:9])
    with tries.one(name):
        plain.ok(*words, "load", "d", few)
        plain.ok(*words, "manual", "d", "--plain", "-l", "a,b", stdin="1\n2\n1\nq\n")
        file = fresh.folder / name
        present(len(plain.ok(*words, "export", "d").out.splitlines()) == 3)
        present(file.is_file(), "no such file")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        plain.ok(*words, "backup", "copy.db")
        plain.ok(*words, "restore", "copy.db")
        here = {str(one.relative_to(fresh.folder)) for one in fresh.folder.rglob("*")}
        strange = {one for one in here if not one.startswith((name, name.removeprefix("./")))}
        assert strange <= {
            "copy.db",
            "few.jsonl",
            "txtal.toml",
            "txtal.log",
            "hooks.json",
            "file:folder",
        }, strange
        copy = shutil.copy(file, fresh.folder / "plain-name.db")
        present(len(plain.ok("--db", copy, "export", "d").out.splitlines()) == 3)


def test_a_session_with_a_learner_keeps_to_the_file(
    fresh: Program, terminal: Open, tries: Tries
) -> None:
    """The screen, the learner and the index of words open one and the same file."""
    name = "file:x?mode=memory"
    with tries.one():
        program = Program(fresh.folder, db=name)
        program.quick.ok("load", "d", TICKETS)
        program.quick.ok("manual", "d", "--plain", "-l", "a,b", stdin="1\n2\n1\nq\n")
        screen = terminal(program, "teach", "d")
        screen.wait("quit")
        screen.learner()
        screen.answer("1", 4)
        screen.send("q")
        assert screen.end() == 0
        assert (fresh.folder / name).is_file()
        assert program.log == ""


@pytest.mark.parametrize(
    "name",
    [*("", ".", "a\0b", "none/such.db", "/dev/null", "/dev/zero", "/dev/full"),
     *("/dev/stdout", "/proc/self/mem", "t.jsonl/t.db", "a" * 300)],
)  # fmt: skip
def test_what_is_no_file_is_refused(fresh: Program, name: str, tries: Tries) -> None:
    with tries.one(name):
        (fresh.folder / "txtal.toml").write_text(f'db = "{name}"\n'.replace("\0", "\\u0000"))
        ran = Program(fresh.folder, db="").quick("manual", "d", "--plain", "-l", "a,b", stdin="q\n")
        assert ran.code in (2, 3), ran
        assert "Traceback" not in ran.err
        assert "internal error" not in ran.err
        assert "see " not in ran.err


def test_a_pipe_is_no_database(fresh: Program, tries: Tries) -> None:
    os.mkfifo(fresh.folder / "pipe.db")
    for words in (("stats", "d"), ("load", "d", TICKETS), ("verify",)):
        with tries.one(words):
            ran = fresh.quick("--db", "pipe.db", *words)
            assert ran.code == 3
            assert "a device or a pipe" in ran.err


def test_a_file_under_two_names_is_refused(answered: Program, tries: Tries) -> None:
    """Each name would have a log of its own, and what is in one is not seen through the other."""
    program = answered.quick
    whole = len(program.exported())
    os.link(program.folder / program.db, program.folder / "twin.db")
    for words in (("stats", "d"), ("export", "d"), ("load", "d", TICKETS), ("verify",)):
        for name in (program.db, "twin.db"):
            with tries.one((name, words)):
                ran = program("--db", name, *words)
                assert ran.code == 3
                assert "hard links" in ran.err
    (program.folder / "twin.db").unlink()
    present(len(program.exported()) == whole)


@pytest.mark.parametrize("log", ["-wal", "-shm", "-journal"])
def test_a_database_is_not_called_like_the_log_of_another(
    answered: Program, log: str, tries: Tries
) -> None:
    with tries.one(log):
        program = answered.quick
        whole = len(program.exported())
        ran = program("--db", f"{program.db}{log}", "load", "d", TICKETS)
        assert ran.code == 3
        assert f"the log of {program.db}" in ran.err
        assert not (program.folder / f"{program.db}{log}").exists()
        present(len(program.exported()) == whole)


# --- 48: a log that belongs to another file ---------------------------------------------------


def _left_by_a_kill(program: Program, terminal: Open, keys: str) -> None:
    """Answer, and be killed before the log is taken into the database."""
    before = len(program.quick.exported())
    screen = terminal(program, "manual", "d")
    screen.wait("quit")
    for number, key in enumerate(keys, start=before + 1):
        screen.answer(key, number)
    screen.kill(signal.SIGKILL)
    screen.end()
    assert (program.folder / f"{program.db}-wal").stat().st_size


def _is_refused(program: Program) -> None:
    for words in (("export", "d"), ("stats", "d"), ("verify",), ("backup", "new.db")):
        ran = program(*words)
        assert ran.code == 3, ran
        assert "t.db-wal beside it was left by" in ran.err
        assert "Traceback" not in ran.err


def test_another_database_under_a_log_is_refused(
    sample: Program, terminal: Open, tries: Tries
) -> None:
    other = Program(sample.folder, sample.env, db="other.db").quick
    other.ok("load", "d", TICKETS)
    other.ok("manual", "d", "--plain", "-l", "x,y", stdin="1\n2\n")
    with tries.one():
        _left_by_a_kill(sample, terminal, "12121")
        whole = len(sample.quick.exported())
        assert whole == 5
        _left_by_a_kill(sample, terminal, "1212")
        kept = (sample.folder / "t.db").read_bytes()
        shutil.copy(sample.folder / "other.db", sample.folder / "t.db")
        _is_refused(sample.quick)
        (sample.folder / "t.db").write_bytes(kept)
        present(len(sample.quick.exported()) == 9)


@pytest.mark.parametrize("how", ["backup", "cp"])
def test_an_older_copy_under_a_log_is_refused(
    sample: Program, terminal: Open, how: str, tries: Tries
) -> None:
    quick = sample.quick
    with tries.one(how):
        if how == "backup":
            quick.ok("backup", "old.db")
        else:
            shutil.copy(sample.folder / "t.db", sample.folder / "old.db")
        quick.ok("manual", "d", "--plain", stdin="1\n2\n1\n")
        _left_by_a_kill(sample, terminal, "12121")
        shutil.copy(sample.folder / "old.db", sample.folder / "t.db")
        _is_refused(quick)
        # What the complaint advises: the copy alone.
        for suffix in ("-wal", "-shm"):
            (sample.folder / f"t.db{suffix}").unlink()
        assert quick.exported() == []
        quick.ok("verify")


def test_an_emptied_database_keeps_its_log(sample: Program, terminal: Open, tries: Tries) -> None:
    """SQLite deletes the log of an empty file, and with it the newest answers."""
    with tries.one():
        _left_by_a_kill(sample, terminal, "12121")
        kept = (sample.folder / "t.db").read_bytes()
        (sample.folder / "t.db").write_bytes(b"")
        _is_refused(sample.quick)
        (sample.folder / "t.db").write_bytes(kept)
        present(len(sample.quick.exported()) == 5)


def test_a_log_is_taken_in_wherever_its_taking_in_was_cut(
    sample: Program, terminal: Open, tmp_path: Path, tries: Tries
) -> None:
    """Killed while the log goes into the database, at any page: what is left opens whole."""
    _left_by_a_kill(sample, terminal, "12121")
    before = (sample.folder / "t.db").read_bytes()
    log = (sample.folder / "t.db-wal").read_bytes()
    sample.quick.exported()
    after = (sample.folder / "t.db").read_bytes()
    if after == before:
        with sqlite3.connect(sample.folder / "t.db") as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        after = (sample.folder / "t.db").read_bytes()
    changed = [
        at for at in range(0, len(after), 4096) if before[at : at + 4096] != after[at : at + 4096]
    ]
    assert len(changed) > 3
    for number in range(len(changed) + 1):
        with tries.one(number):
            mixed = bytearray(before.ljust(len(after), b"\0"))
            for at in changed[:number]:
                mixed[at : at + 4096] = after[at : at + 4096]
            (tmp_path / "cut").mkdir(exist_ok=True)
            cut = Program(tmp_path / "cut", sample.env).quick
            (cut.folder / "t.db").write_bytes(mixed)
            (cut.folder / "t.db-wal").write_bytes(log)
            present(len(cut.exported()) == 5)
            (cut.folder / "t.db-shm").unlink(missing_ok=True)

"""verify, backup and restore on the command line, while a session goes on."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import Program
from tests.cli.test_failures import SECRET, sql


def test_a_backup_and_a_restore_under_a_session(sample: Program, terminal: Open) -> None:
    one = terminal(sample, "manual", "d")
    one.wait("1-9 label")
    one.answer("1", 1)
    program = sample.quick
    said = program.ok("backup", "b.db").err
    assert said == "b.db: 680 tickets, 1 answer in the log, the newest #1, verified\n"
    one.answer("2", 2)
    assert len(program.exported()) == 2
    said = program.ok("restore", "b.db").err
    assert "kept in t.db.before-restore-1.bak" in said
    assert len(program.exported()) == 1
    one.send("3")
    one.wait("NOT saved")
    one.wait("restored from a backup")
    one.send("q")
    one.end()
    assert b"2 answers in this session, but t.db was deleted, replaced or restored" in one.raw
    assert len(program.exported()) == 1
    assert program.json("verify", "--json")["faults"] == []
    # Nothing that was acknowledged is gone for good.
    program.ok("restore", "t.db.before-restore-1.bak")
    assert len(program.exported()) == 2


def test_a_database_that_is_deleted_under_a_session(sample: Program, terminal: Open) -> None:
    one = terminal(sample, "manual", "d")
    one.wait("1-9 label")
    one.answer("1", 1)
    aside = sample.folder / "aside.db"
    (sample.folder / sample.db).rename(aside)
    one.send("2")
    one.wait("NOT saved")
    aside.rename(sample.folder / sample.db)
    one.answer("3", 2)
    one.send("q")
    assert one.end() == 0
    assert len(sample.quick.exported()) == 2


@pytest.mark.parametrize("deleted", ["-wal", "-shm"])
def test_a_log_that_is_deleted_under_a_session(
    sample: Program, terminal: Open, deleted: str
) -> None:
    one = terminal(sample, "manual", "d")
    one.wait("1-9 label")
    one.answer("1", 1)
    one.answer("2", 2)
    (sample.folder / f"{sample.db}{deleted}").unlink()
    one.send("3")
    one.wait("NOT saved")
    one.wait("deleted meanwhile")
    one.kill()
    assert len(sample.quick.exported()) == 2
    assert sample.quick.json("verify", "--json")["faults"] == []


def test_verify_finds_damage_and_tells_no_text(answered: Program) -> None:
    program = answered.quick
    assert "0 faults" in program.ok("verify").out
    sql(answered, f"UPDATE ticket SET text = '{SECRET}' WHERE id = 2")
    ran = program("verify")
    assert ran.code == 3
    assert ran.out.startswith("ticket 2: its text changed")
    assert "txtal restore" in ran.err
    ran = program("verify", "--json")
    assert ran.code == 3
    assert json.loads(ran.out)["faults"] == ["ticket 2: its text changed since it was loaded"]
    doctor = program("doctor", "--json")
    assert doctor.code == 1
    assert json.loads(doctor.out)["database"]["state"] == "damaged"
    assert SECRET not in ran.out + ran.err + doctor.out


def test_refusals(answered: Program) -> None:
    program = answered.quick
    assert program("backup", answered.db).code == 2
    assert program("restore", answered.db).code == 2
    assert program("restore", "nosuch.db").code == 3
    assert program("--db", "nosuch.db", "backup", "b.db").code == 3
    assert program("backup", "nosuch/b.db").code == 3
    assert not (answered.folder / "b.db").exists()

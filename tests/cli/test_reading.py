"""``stats``, ``datasets``, ``doctor`` and ``recipes``: for people, and as JSON for programs."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.driving import Program


def test_stats(answered: Program) -> None:
    ran = answered.ok("stats", "d")
    assert ran.err == ""
    for said in ("d: 5 tickets, 4 answered", "accept 2, reject 1, ignore 1", "accuracy: not yet"):
        assert said in ran.out
    table = [line.split() for line in ran.out.splitlines()]
    assert ["a", "1"] in table
    assert ["b", "1"] in table
    assert ["ann", "4"] in table


def test_stats_as_json(answered: Program) -> None:
    body = answered.quick.json("stats", "d", "--json")
    assert {
        "dataset": "d",
        "tickets": 5,
        "answers": {"accept": 2, "reject": 1, "ignore": 1},
        "labels": {"a": 1, "b": 1},
        "annotators": {"ann": 4},
        "revision": None,
        "audit": None,
    }.items() <= body.items()


def test_datasets(answered: Program) -> None:
    answered.quick.ok("load", "another", "-", stdin='{"text": "one"}\n')
    heads, *rows = [line.split() for line in answered.quick.ok("datasets").out.splitlines()]
    assert heads == ["dataset", "task", "labels", "tickets", "answered"]
    assert rows == [["d", "exclusive", "2", "5", "4"], ["another", "exclusive", "0", "1", "0"]]
    assert answered.quick.json("datasets", "--json")[0] == {
        "dataset": "d",
        "task": "exclusive",
        "labels": 2,
        "tickets": 5,
        "answered": 4,
    }


def test_datasets_of_an_empty_database(txtal: Program) -> None:
    assert txtal.quick.json("datasets", "--json") == []


def test_doctor(answered: Program) -> None:
    said = answered.ok("doctor").out
    for part in ("python: ", "spacy: ", "journal_mode: ", "state: ok", "answers: 4", "log: "):
        assert part in said
    assert "ticket 0" not in said
    body = answered.quick.json("doctor", "--json")
    assert {"python", "platform", "packages", "sqlite", "terminal", "log", "database"} <= set(body)
    assert body["sqlite"]["journal_mode"] in ("WAL", "DELETE")
    assert body["sqlite"]["wal_reset_bug"] == (body["sqlite"]["journal_mode"] == "DELETE")
    assert body["database"]["state"] == "ok"
    assert body["terminal"]["stdout"] is False


def test_doctor_without_a_database(fresh: Program) -> None:
    assert fresh.quick.json("doctor", "--json")["database"]["state"] == "missing"
    assert not (fresh.folder / fresh.db).exists()


@pytest.mark.parametrize("damage", ["garbage", "truncated", "foreign"])
def test_doctor_of_a_sick_database(answered: Program, damage: str) -> None:
    path = answered.folder / answered.db
    if damage == "garbage":
        path.write_bytes(b"not a database at all, " * 100)
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:9000])
    else:
        path.unlink()
        shutil.copyfile(_foreign(answered), path)
    ran = answered.quick("doctor")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert "state: ok" not in ran.out


def _foreign(program: Program) -> str:
    import sqlite3

    path = program.folder / "foreign.db"
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE theirs (x)")
    conn.commit()
    conn.close()
    return str(path)


def test_recipes(txtal: Program) -> None:
    said = txtal.quick.ok("recipes").out
    rows = txtal.quick.json("recipes", "--json")
    assert {"teach", "manual", "feedback"} <= {row["name"] for row in rows}
    for row in rows:
        assert row["name"] in said
        assert set(row) == {"name", "from", "does"}
        assert row["does"].endswith(".")


@pytest.mark.parametrize("command", ["stats", "export", "train", "manual", "teach"])
def test_every_command_has_help(txtal: Program, command: str) -> None:
    said = txtal.quick.ok(command, "--help").out
    assert said.startswith(f"Usage: txtal {command} [OPTIONS] DATASET")

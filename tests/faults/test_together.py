"""Several annotators on one file, and one who keeps it locked."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import TXTAL, Program
from tests.cli.test_share import GROUP, Login, as_root, logins, teach  # noqa: F401
from tests.faults.conftest import Tries, many, present

pytestmark = pytest.mark.slow

ANNOTATORS = ("ann", "bob", "cas", "dee")


@pytest.mark.timeout(3600)
def test_four_annotators_at_once(txtal: Program, tries: Tries) -> None:
    each = many(100, 1500)
    said = at_once(txtal, len(ANNOTATORS) * each, each)
    lines = txtal.exported()
    by_text = Counter(str(line["text"]) for line in lines)
    by_name = Counter(str(line["annotator"]) for line in lines)
    for name, (out, err) in zip(ANNOTATORS, said, strict=True):
        with tries.one(name):
            assert "Traceback" not in out + err
            assert "NOT saved" not in out
            told = out.count("saved ") - out.count("saved in")
            present(by_name[name] == told, (by_name[name], told))
            assert told == each
    with tries.one("none served twice"):
        assert set(by_text.values()) == {1}
        assert len(by_text) == len(ANNOTATORS) * each
    tries.tries = len(lines)


@pytest.mark.timeout(3600)
def test_four_annotators_with_an_overlap(txtal: Program, tries: Tries) -> None:
    tickets = many(300, 3000)
    said = at_once(txtal, tickets, tickets, "--overlap", "0.2")
    by_text: dict[str, set[str]] = {}
    lines = [json.loads(line) for line in txtal.ok("export", "d", "--all").out.splitlines()]
    for line in lines:
        by_text.setdefault(str(line["text"]), set()).add(str(line["annotator"]))
    everybody = [text for text, names in by_text.items() if len(names) > 1]
    for _, (out, err) in zip(ANNOTATORS, said, strict=True):
        with tries.one("no fault"):
            assert "Traceback" not in out + err
            assert "NOT saved" not in out
    with tries.one("every ticket is answered, and by one or by all"):
        assert len(by_text) == tickets
        assert {len(names) for names in by_text.values()} == {1, len(ANNOTATORS)}
    with tries.one("as many by all as asked for"):
        assert 0.13 * tickets < len(everybody) < 0.27 * tickets
    with tries.one("none served twice to the same"):
        assert len(lines) == tickets + (len(ANNOTATORS) - 1) * len(everybody)
    found = txtal.json("stats", "d", "--json")["reliability"]
    present(found["share"]["n"] == len(everybody), found)
    tries.tries = len(lines)


def at_once(txtal: Program, tickets: int, keys: int, *options: str) -> list[tuple[str, str]]:
    """What four sessions on one dataset write, each given so many keys at once."""
    txtal.file("t.jsonl", ({"text": f"ticket {n}"} for n in range(tickets)))
    txtal.ok("load", "d", "t.jsonl")
    sessions = [
        subprocess.Popen(
            [*TXTAL, "manual", "d", "--plain", "-l", "a,b", "--annotator", name, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=txtal.environ,
            cwd=txtal.folder,
            encoding="utf-8",
        )
        for name in ANNOTATORS
    ]
    for session in sessions:
        assert session.stdin
        session.stdin.write("1\n" * keys + "q\n")
        session.stdin.flush()
    return [session.communicate() for session in sessions]


@pytest.mark.timeout(300)
def test_a_lock_that_is_held(sample: Program, terminal: Open, tries: Tries) -> None:
    one = terminal(sample, "manual", "d")
    one.wait("1-9 label")
    one.answer("1", 1)
    with closing(sqlite3.connect(sample.folder / sample.db, isolation_level=None)) as other:
        with tries.one("kept waiting"):
            other.execute("BEGIN IMMEDIATE")
            one.send("2")
            one.wait("lock")
            until = time.monotonic() + many(1, 30)
            while time.monotonic() < until:
                one.send("?")  # the screen goes on answering keys
                one.wait("keys for:")
                one.send("q")
                one.wait("1-9 label")
            assert "#1" in one.text
        with tries.one("saved when it is free"):
            other.execute("COMMIT")
            one.wait("#2")
    one.send("q")
    assert one.end() == 0
    present(len(sample.exported()) == 2)


@as_root
def test_a_second_login_that_can_write_little(
    logins: tuple[Login, Login, Login],  # noqa: F811
    tries: Tries,
) -> None:
    ann, bea, _ = logins
    ann.ok("share", "--group", str(GROUP))
    teach(ann)
    teach(bea)
    folder = ann.database.parent
    beside = [path for path in folder.rglob("*") if not _is_database(path)]
    assert beside
    logs = bea.home / ".local"
    logs.mkdir(exist_ok=True)
    for what, paths in (("cache and index", beside), ("log", [logs])):
        for path in paths:
            os.chown(path, 0, 0)
            path.chmod(0o700 if path.is_dir() else 0o600)
        with tries.one(what):
            before = len(_answers(ann))
            ran = bea("teach", "shop", "--vectors", "lexical", "--plain", stdin="1\n2\nq\n")
            assert "Traceback" not in ran.err + ran.out
            told = ran.out.count("saved ") - ran.out.count("saved in")
            present(len(_answers(ann)) == before + told, ran)
            assert told == 2 or (ran.code and "write" in ran.err), ran
    with tries.one("settings"):
        os.chown(bea.home, 0, 0)
        assert "TXTAL_CONFIG names another" in bea("stats", "shop").complaint


def _is_database(path: Path) -> bool:
    return path.name in ("txtal.db", "txtal.db-wal", "txtal.db-shm")


def _answers(login: Login) -> list[str]:
    return login.ok("export", "shop", "--all").out.splitlines()


def test_a_session_whose_database_a_later_version_upgrades(
    sample: Program, terminal: Open, tries: Tries
) -> None:
    one = terminal(sample, "manual", "d")
    one.wait("1-9 label")
    one.answer("1", 1)
    with closing(sqlite3.connect(sample.folder / sample.db, isolation_level=None)) as other:
        version = other.execute("PRAGMA user_version").fetchone()[0]
        with tries.one("refused in words"):
            other.execute(f"PRAGMA user_version = {version + 1}")
            one.send("2")
            one.wait("NOT saved")
            one.wait("upgraded it meanwhile")
        one.send("q")
        one.end()
        with tries.one("and nothing written"):
            assert other.execute("SELECT count(*) FROM answer").fetchone()[0] == 1
        other.execute(f"PRAGMA user_version = {version}")
    with tries.one("whole"):
        present(len(sample.exported()) == 1)
        assert sample.ok("verify")

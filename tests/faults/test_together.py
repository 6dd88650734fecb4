"""Several annotators on one file, and one who keeps it locked."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import TXTAL, Program
from tests.faults.conftest import Tries, many, present

pytestmark = pytest.mark.slow

ANNOTATORS = ("ann", "bob", "cas", "dee")


@pytest.mark.timeout(3600)
def test_four_annotators_at_once(txtal: Program, tries: Tries) -> None:
    each = many(100, 1500)
    txtal.file("t.jsonl", ({"text": f"ticket {n}"} for n in range(len(ANNOTATORS) * each)))
    txtal.ok("load", "d", "t.jsonl")
    sessions = [
        subprocess.Popen(
            [*TXTAL, "manual", "d", "--plain", "-l", "a,b", "--annotator", name],
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
        session.stdin.write("1\n" * each + "q\n")
        session.stdin.flush()
    said = [session.communicate() for session in sessions]
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
                one.wait("On a ticket")
                one.send("q")
                one.wait("1-9 label")
            assert "#1" in one.text
        with tries.one("saved when it is free"):
            other.execute("COMMIT")
            one.wait("#2")
    one.send("q")
    assert one.end() == 0
    present(len(sample.exported()) == 2)

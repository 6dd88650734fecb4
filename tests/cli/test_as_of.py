"""Back in time: what stood after an answer, or at a time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.cli.driving import Program


@pytest.fixture
def txtal(tmp_path: Path) -> Program:
    """Six rows in the log: #1 refund, #2 praise, #3 undoes #2, #4 refund, then #5 and #6."""
    program = Program(tmp_path).quick
    program.file("t.jsonl", [{"text": f"text {n}"} for n in range(8)])
    program.ok("load", "d", "t.jsonl")
    typed = "1\n2\nu\n1\n2\n2\n"
    program.ok("manual", "d", "-l", "refund,praise", "--plain", stdin=typed)
    return program


def stood(program: Program, when: str) -> list[tuple[str, str]]:
    return [(row["text"], row["label"]) for row in program.exported("d", "--as-of", when)]


def test_after_each_answer(txtal: Program) -> None:
    first, second = ("text 0", "refund"), ("text 1", "praise")
    assert stood(txtal, "1") == [first]
    assert stood(txtal, "#2") == [first, second]
    assert stood(txtal, "3") == [first]  # undone
    assert stood(txtal, "4") == [first, ("text 1", "refund")]
    assert stood(txtal, "6") == stood(txtal, "600")
    now = [(row["text"], row["label"]) for row in txtal.exported("d")]
    assert stood(txtal, "6") == now
    assert len(now) == 4


def test_at_a_time(txtal: Program) -> None:
    with sqlite3.connect(txtal.folder / "t.db") as conn:
        conn.execute("UPDATE session SET started = 1000")
        conn.execute("UPDATE answer SET answered = 1000 + 60 * id")
    conn.close()
    assert stood(txtal, "1970-01-01T00:18:45+00:00") == stood(txtal, "2")  # 1125 s
    assert stood(txtal, "2100-01-01") == stood(txtal, "6")
    assert "no answer yet" in txtal("export", "d", "--as-of", "1970-01-01T00:00:30+00:00").complaint


def test_stats_of_then(txtal: Program) -> None:
    found = txtal.json("stats", "d", "--json", "--as-of", "2")
    assert found["answers"] == {"accept": 2, "reject": 0, "ignore": 0}
    assert found["labels"] == {"refund": 1, "praise": 1}
    assert txtal.json("stats", "d", "--json")["answers"]["accept"] == 4


@pytest.mark.parametrize("when", ["0", "yesterday", ""])
def test_what_is_no_time(txtal: Program, when: str) -> None:
    assert txtal("export", "d", "--as-of", when).code == 2


def test_nothing_is_written(txtal: Program) -> None:
    txtal.ok("export", "d", "--as-of", "2")
    assert txtal.ok("verify")
    assert len(txtal.exported("d")) == 4

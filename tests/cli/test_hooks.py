"""``txtal hooks``, and hooks of a session, run as their users run them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cli.driving import PATIENCE, Program


@pytest.fixture
def txtal(tmp_path: Path) -> Program:
    made = Program(tmp_path)
    made.file("t.jsonl", [{"text": f"ticket {n}"} for n in range(6)])
    made.file("told.sh", ["cat >> told.jsonl", "echo >> told.jsonl"])
    return made


def test_a_session_tells_a_command_of_its_answers(txtal: Program) -> None:
    ran = txtal.ok(
        *("manual", "d", "t.jsonl", "-l", "a,b", "--plain", "--on-answer", "sh told.sh"),
        stdin="1\n2\n",
    )
    assert "on answer: sh told.sh" in ran.err
    told = txtal.folder / "told.jsonl"
    deadline = time.monotonic() + PATIENCE
    while not told.exists() or len(told.read_text().splitlines()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    labels = [json.loads(line)["answer"]["labels"] for line in told.read_text().splitlines()]
    assert labels == [["a"], ["b"]]


def test_hooks_are_listed_retried_and_dropped(txtal: Program) -> None:
    quick = txtal.quick
    quick.ok("load", "d", "t.jsonl")
    quick.ok("label", "add", "d", "a")
    quick.ok("label", "add", "d", "b")
    assert quick("hooks", "set", "d").code == 2
    assert quick("hooks", "set", "d", "--on-answer", "ftp://x/").code == 2
    quick.ok("hooks", "set", "d", "--on-answer", "false", "--on-train", "http://127.0.0.1:9/")
    listed = quick.json("hooks", "list", "--json")["hooks"]
    assert [(one["event"], one["allowed"]) for one in listed] == [("answer", True), ("train", True)]
    assert "secret" not in listed[0]
    assert len(quick.json("hooks", "list", "--secrets", "--json")["hooks"][0]["secret"]) == 64
    (txtal.folder / "hooks.json").unlink()
    quick.ok("manual", "d", "--plain", stdin="1\n")
    assert quick.ok("hooks", "deliver").out == "0 delivered, 1 waiting, 0 given up\n"
    assert "not allowed by you" in quick.ok("hooks", "list").out
    quick.ok("hooks", "allow", "d")
    quick.ok("hooks", "deliver")
    (waiting,) = quick.json("hooks", "list", "--json")["deliveries"]
    assert (waiting["tries"], waiting["error"]) == (1, "it ended with exit code 1")
    assert "1 dropped" in quick.ok("hooks", "drop", f"{waiting['id']}").err
    quick.ok("hooks", "set", "d", "--on-answer", "")
    assert [one["event"] for one in quick.json("hooks", "list", "--json")["hooks"]] == ["train"]

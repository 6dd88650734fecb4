"""``teach`` with a file too large to wait for; here a small one counts as large."""

from __future__ import annotations

import json

import pytest

from tests.cli.driving import Program
from txtal.ingest import load

TEACH = ("teach", "d", "t.jsonl", "-l", "a,b", "--vectors", "lexical", "--plain")


@pytest.fixture
def large(quick: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setattr(load, "LARGE", 1000)
    monkeypatch.setattr(load, "LARGE_PACKED", 100)
    monkeypatch.setattr(load, "FIRST", 10)
    return quick


def lines(count: int) -> list[dict[str, str]]:
    return [{"text": f"ticket {n}"} for n in range(count)]


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz"])
def test_the_session_begins_with_the_first_and_all_of_it_is_loaded(
    large: Program, name: str
) -> None:
    large.file(name, lines(300))
    ran = large.ok("teach", "d", name, *TEACH[3:], stdin="1\nq\n")
    assert "(0 of 10 answered)" in ran.out
    assert ran.err.splitlines()[-1] == "loaded 300, 0 duplicates, 0 bad lines"
    assert large.json("stats", "d", "--json")["tickets"] == 300
    assert large.exported()[0]["text"] in [f"ticket {n}" for n in range(10)]


def test_the_same_command_again_asks_at_once_and_finds_what_is_new(large: Program) -> None:
    large.file("t.jsonl", lines(300))
    large.ok(*TEACH, stdin="1\n")
    large.file("t.jsonl", lines(320))
    ran = large.ok(*TEACH, stdin="q\n")
    assert "(1 of 300 answered)" in ran.out
    assert ran.err.splitlines()[-1] == "loaded 20, 300 duplicates, 0 bad lines"


def test_bad_lines_are_told_at_the_end(large: Program) -> None:
    large.file("t.jsonl", [*lines(150), "{", "{", *lines(200)])
    ran = large.ok(*TEACH, stdin="q\n")
    assert ran.err.splitlines()[-3].startswith("t.jsonl:151: invalid JSON")
    assert ran.err.splitlines()[-1] == "loaded 200, 150 duplicates, 2 bad lines"


def test_a_file_of_the_wrong_kind_leaves_nothing(large: Program) -> None:
    large.file("t.jsonl", ["%PDF-1.4", *map(json.dumps, lines(300))])
    ran = large(*TEACH, stdin="q\n")
    assert ran.code == 3
    assert "PDF" in ran.complaint
    assert large.json("datasets", "--json") == []


def test_a_file_that_goes_bad_later_ends_with_the_exit_code_of_bad_data(
    large: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = large.file("t.jsonl", lines(300))
    first = load.load_first

    def then_gone(*of: object) -> object:
        loaded = first(*of)  # type: ignore[arg-type]
        source.unlink()
        return loaded

    monkeypatch.setattr("txtal.launch.load_first", then_gone)
    ran = large(*TEACH, stdin="1\nq\n")
    assert ran.code == 3
    assert "no such file; 10 tickets of t.jsonl are loaded, the rest is not" in ran.err
    assert len(large.exported()) == 1


def test_a_small_file_is_loaded_before_the_first_question(quick: Program) -> None:
    quick.file("t.jsonl", lines(300))
    ran = quick.ok(*TEACH, stdin="q\n")
    assert "(0 of 300 answered)" in ran.out
    assert "loaded 300" in ran.err.splitlines()[0]


def test_load_itself_is_all_or_nothing_however_large(large: Program) -> None:
    large.file("t.jsonl", [*lines(300), "{"])
    assert large("load", "d", "t.jsonl", "--strict").code == 3
    assert large.json("datasets", "--json") == []

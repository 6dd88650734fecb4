"""``txtal label``: what it says, and what the export says then."""

from __future__ import annotations

import json

from tests.cli.driving import Program


def labels(program: Program) -> dict[str, tuple[int, str]]:
    rows = json.loads(program.ok("label", "list", "d", "--json").out)
    return {row["label"]: (row["accepted"], row["state"]) for row in rows}


def test_a_scheme_is_changed_and_changed_back(answered: Program) -> None:
    program = answered.quick
    assert labels(program) == {"a": (1, ""), "b": (1, "")}
    program.ok("label", "rename", "d", "a", "first")
    program.ok("label", "add", "d", "third", "-d", "what is left")
    program.ok("label", "describe", "d", "b", "the second")
    program.ok("label", "merge", "d", "b", "first")
    assert labels(program) == {"first": (2, ""), "third": (0, ""), "b": (0, "now first")}
    exported = [json.loads(line) for line in program.ok("export", "d").out.splitlines()]
    assert [row.get("label") for row in exported[:2]] == ["first", "first"]
    program.ok("label", "undo", "d")
    said = program.ok("label", "split", "d", "first", "x", "y")
    assert "1 answer undone" in said.err
    program.ok("label", "retire", "d", "third")
    listed = program.ok("label", "list", "d").out
    assert "the second" in listed
    assert "retired" in listed
    for _ in range(5):
        program.ok("label", "undo", "d")
    assert labels(program) == {"a": (1, ""), "b": (1, ""), "third": (0, "retired"),
                               "x": (0, "now a"), "y": (0, "now a")}  # fmt: skip
    log = program.ok("label", "log", "d").out
    for said_so in ("renamed a to first", "merged b into", "split", "added third", "(undone)"):
        assert said_so in log
    assert len(json.loads(program.ok("label", "log", "d", "--json").out)) == len(log.splitlines())


def test_a_label_that_is_not_there_is_told_with_those_that_are(answered: Program) -> None:
    said = answered.quick("label", "rename", "d", "c", "x")
    assert said.code == 2
    assert "no label 'c'; there are: a, b" in said.err


def test_an_old_command_line_brings_no_old_name_back(answered: Program) -> None:
    program = answered.quick
    program.ok("label", "rename", "d", "a", "first")
    said = program.ok("manual", "d", "--plain", "-l", "a,b", stdin="q\n")
    assert "a was renamed, merged or retired" in said.err
    assert "1 first" in said.out


def test_a_labels_file_fills_in_descriptions_and_overwrites_none(answered: Program) -> None:
    program = answered.quick
    labels_file = program.folder / "labels.txt"
    labels_file.write_text("a\tthe first kind\nb\n")
    said = program.ok("manual", "d", "--plain", "--labels-from", str(labels_file), stdin="q\n")
    assert "its own descriptions" not in said.err
    labels_file.write_text("a\tsomething else\nb\tthe second kind\n")
    said = program.ok("manual", "d", "--plain", "--labels-from", str(labels_file), stdin="q\n")
    assert "the dataset keeps its own descriptions of a; `txtal label describe d" in said.err
    found = json.loads(program.ok("label", "list", "d", "--json").out)
    assert [one["description"] for one in found] == ["the first kind", "the second kind"]
    assert "described a" in program.ok("label", "log", "d").out

"""``txtal export``: data on standard output and nothing else, or a file that is whole."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.driving import TXTAL, Program


def test_json_lines_hold_everything(answered: Program) -> None:
    ran = answered.ok("export", "d")
    assert ran.err == "4 lines from 4 answers\n"
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [(line["text"], line["answer"], line["label"]) for line in lines] == [
        ("ticket 0", "accept", "a"),
        ("ticket 1", "accept", "b"),
        ("ticket 2", "reject", "a"),
        ("ticket 3", "ignore", None),
    ]
    assert {"annotator", "timestamp", "seconds", "reason", "selection_probability", "revision",
            "suggestion", "flagged", "comment", "meta"} <= lines[0].keys()  # fmt: skip
    assert answered.ok("-q", "export", "d").err == ""


def test_prodigys_tasks(answered: Program) -> None:
    lines = answered.quick.exported("d", "-f", "prodigy")
    assert [line["_view_id"] for line in lines] == ["choice", "choice", "classification", "choice"]
    assert [line["answer"] for line in lines] == ["accept", "accept", "reject", "ignore"]
    assert lines[0]["accept"] == ["a"]
    assert [option["id"] for option in lines[0]["options"]] == ["a", "b"]
    assert lines[2]["label"] == "a"
    assert all(isinstance(line["_input_hash"], int) for line in lines)


def test_plain_is_text_and_label_and_says_what_it_leaves_out(answered: Program) -> None:
    ran = answered.quick.ok("export", "d", "-f", "plain")
    assert [json.loads(line) for line in ran.out.splitlines()] == [
        {"text": "ticket 0", "label": "a"},
        {"text": "ticket 1", "label": "b"},
    ]
    assert "1 reject left out" in ran.err
    assert "1 ignore left out" in ran.err


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_a_file_is_replaced_whole(answered: Program, name: str) -> None:
    path = answered.folder / name
    path.write_bytes(b"what was there")
    assert answered.ok("export", "d", "-o", name).out == ""
    data = path.read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
    assert text == answered.quick.ok("export", "d").out
    assert not [p for p in answered.folder.iterdir() if p.name.endswith(".tmp")]


def test_a_file_that_cant_be_written_is_left_as_it_was(answered: Program) -> None:
    assert "directory" in answered.quick("export", "d", "-o", ".").complaint
    assert "can't be written" in answered.quick("export", "d", "-o", "none/out.jsonl").complaint
    database = (answered.folder / answered.db).read_bytes()
    assert "is a database" in answered.quick("export", "d", "-o", answered.db).complaint
    assert (answered.folder / answered.db).read_bytes() == database
    (answered.folder / "out.jsonl").write_text("old")
    ran = answered.quick("export", "nosuch", "-o", "out.jsonl")
    assert (ran.code, (answered.folder / "out.jsonl").read_text()) == (2, "old")


def test_a_spreadsheets_file(answered: Program) -> None:
    said = answered.quick.ok("export", "d", "-f", "csv", "-o", "a.csv")
    with (answered.folder / "a.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["text", "label", "annotator", "timestamp", "comment"]
    assert f"{len(rows)} lines from 4 answers" in said.err
    assert {row[1] for row in rows} <= {"a", "b"}


def piped(program: Program, *words: str, takes: int) -> tuple[int, str]:
    """The exit code and the complaints when the reader goes away after so many bytes."""
    process = subprocess.Popen(
        [*TXTAL, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=program.environ,
        cwd=program.folder,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    if takes:
        assert process.stdout.read(takes)
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    return process.wait(), err


@pytest.mark.parametrize("takes", [0, 100])
def test_a_reader_that_goes_away_leaves_no_traceback(labelled: Program, takes: int) -> None:
    code, err = piped(labelled, "export", "d", takes=takes)
    assert code != 0
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert labelled.log == ""


@pytest.mark.parametrize("words", [["export", "d"], ["stats", "d"], ["stats", "d", "--json"]])
def test_a_pipe_closed_from_the_start(answered: Program, words: list[str]) -> None:
    # So little is written that it only fails when the process ends.
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = subprocess.run(
            [*TXTAL, *words],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=answered.environ,
            cwd=answered.folder,
            check=False,
        )
    finally:
        os.close(writer)
    assert ran.returncode == 1
    assert ran.stderr in (b"", b"4 lines from 4 answers\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("dataset", ["answered", "labelled"])
def test_a_full_disk_is_told_in_one_line(request: pytest.FixtureRequest, dataset: str) -> None:
    program: Program = request.getfixturevalue(dataset)
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*TXTAL, "-q", "export", "d"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=program.environ,
            cwd=program.folder,
            check=False,
        )
    assert ran.returncode == 1
    assert b"No space left" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    to_file = program.quick("export", "d", "-o", "/dev/full")
    assert "No space left" in to_file.complaint
    assert to_file.code == 1

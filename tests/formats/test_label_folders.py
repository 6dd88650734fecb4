"""A folder for each label, with a file for each text."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.datasets import load_files

from tests.cli.driving import Program
from txtal.errors import DataError
from txtal.formats.folders import shards
from txtal.formats.reading import Reading
from txtal.formats.source import BadLine, labelled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {
        "spam/1.txt": b"You have won",
        "spam/2": b"Win\r\nmore",
        "ham/1.txt": "Grüße".encode(),
        "ham/2.txt": "Grüße aus Köln".encode("cp1252"),
        "ham/.hidden": b"no text",
    }.items():
        file = tmp_path / "mail" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return tmp_path / "mail"


def found(folder: Path, **reading: str) -> tuple[list[tuple[str, ...]], list[BadLine]]:
    bad: list[BadLine] = []
    entries = labelled(folder, bad.append, Reading(**reading))
    said = [(record.text, *answers[0].labels) for _, record, answers in entries]
    return said, bad


def test_each_file_is_a_ticket_and_its_folder_the_label(folder: Path) -> None:
    said, bad = found(folder)
    assert said == [
        ("Grüße", "ham"), ("Grüße aus Köln", "ham"),
        ("You have won", "spam"), ("Win\r\nmore", "spam"),
    ]  # fmt: skip
    assert bad == []


def test_the_same_texts_and_labels_as_scikit_learn_reads(folder: Path) -> None:
    (folder / "ham" / ".hidden").unlink()
    theirs = load_files(folder, encoding="latin-1")
    names = [theirs.target_names[target] for target in theirs.target]
    said, _ = found(folder, encoding="latin-1")
    assert sorted(said) == sorted(zip(theirs.data, names, strict=True))


def test_what_holds_no_text_is_reported_by_its_name(folder: Path) -> None:
    (folder / "spam" / "3").write_bytes(b" \n")
    (folder / "spam" / "4").write_bytes(b"\x81\x8d\x8f")
    said, bad = found(folder)
    assert len(said) == 4
    assert [one.reason for one in bad] == [
        "spam/3: holds no text",
        "spam/4: isn't utf-8, at byte 1; --encoding names another",
    ]


def test_a_command_takes_it_as_one_source(folder: Path, tmp_path: Path) -> None:
    program = Program(tmp_path).quick
    ran = program.ok("load", "d", "mail", "--answers")
    assert "each file is a ticket, and its folder's name the label" in ran.err
    lines = program.exported()
    assert {(one["id"], one["label"]) for one in lines} == {
        ("ham/1.txt", "ham"), ("ham/2.txt", "ham"), ("spam/1.txt", "spam"), ("spam/2", "spam"),
    }  # fmt: skip


@pytest.mark.parametrize("odd", ["read.csv", "ham/more/1.txt", "ham/table.csv"])
def test_any_other_folder_is_none(folder: Path, odd: str) -> None:
    (folder / odd).parent.mkdir(exist_ok=True)
    (folder / odd).write_text("text\nhello\n", "utf-8")
    with pytest.raises(DataError, match="isn't a folder that has a folder for each label"):
        found(folder, format="folders")
    if "/" in odd:
        with pytest.raises(DataError, match="is a directory with no file of tickets in it"):
            shards(str(folder))
    else:
        assert shards(str(folder)) == [str(folder / odd)]

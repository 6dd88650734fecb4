"""Sources that aren't there yet: a pipe, and a file that grows, is cut, or is replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from txtal.errors import DataError, UsageError
from txtal.formats import growing
from txtal.formats.growing import Followed, Piped
from txtal.formats.lines import BadLine
from txtal.formats.source import arriving


class Writer(Event):
    """A stop that, each time a reader waits for more, writes what comes next, and then stops it."""

    def __init__(self, *steps: object) -> None:
        super().__init__()
        self.steps = list(steps)

    def wait(self, timeout: float | None = None) -> bool:
        if self.steps:
            self.steps.pop(0)()  # type: ignore[operator]
        else:
            self.set()
        return self.is_set()


def lines(stop: Writer, path: Path, bad: list[BadLine] | None = None) -> list[str]:
    found = [] if bad is None else bad
    records = arriving(path, found.append, stop, follow=True)
    return [record.text for record in records if not stop.is_set()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.txt"
    path.write_text("one\n")
    return path


def add(path: Path, text: str) -> object:
    def write() -> None:
        with path.open("a") as out:
            out.write(text)

    return write


def test_what_is_added_comes_and_a_part_of_a_line_waits_for_its_end(file: Path) -> None:
    stop = Writer(add(file, "two\nth"), add(file, "ree\nfou"))
    assert lines(stop, file) == ["one", "two", "three"]  # four was never ended


def test_a_file_that_is_cut_is_read_from_its_beginning(file: Path) -> None:
    stop = Writer(add(file, "two\n"), lambda: file.write_text("a\n"), add(file, "b\n"))
    assert lines(stop, file) == ["one", "two", "a", "b"]


def test_a_file_that_takes_the_name_is_read_once_the_old_one_is_at_its_end(file: Path) -> None:
    def rotate() -> None:
        add(file, "last\n")()  # type: ignore[operator]
        file.rename(file.with_suffix(".1"))
        file.write_text("first of the new\n")

    assert lines(Writer(rotate, lambda: None), file) == ["one", "last", "first of the new"]


def test_between_two_files_nothing_is_lost(file: Path) -> None:
    stop = Writer(lambda: file.rename(file.with_suffix(".1")), lambda: file.write_text("two\n"))
    assert lines(stop, file) == ["one", "two"]


def test_a_line_the_old_file_had_begun_is_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "tickets.jsonl"
    path.write_text('{"text": "one"}\n{"te')
    bad: list[BadLine] = []
    assert lines(Writer(lambda: path.write_text('{"text": "two"}\n')), path, bad) == ["one", "two"]
    assert [one.line for one in bad] == [2]


def test_what_can_not_be_followed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        Followed(tmp_path / "none.txt", Event())
    for name in ("t.csv", "t.jsonl.gz"):
        with pytest.raises(UsageError, match="can be followed"):
            arriving(tmp_path / name, print, Event(), follow=True)


def test_a_pipe_is_read_to_its_end_and_its_last_line_needs_no_newline() -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"text": "one"}\n{"text": "two"}')
    os.close(writing)
    records = arriving("-", print, Event(), follow=False, stdin=reading)
    assert [record.text for record in records] == ["one", "two"]
    os.close(reading)


def test_a_pipe_nobody_writes_to_can_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    stop = Event()

    def nothing(*_: object) -> Iterator[object]:
        stop.set()
        return iter([[], [], []])

    monkeypatch.setattr(growing.select, "select", lambda *_: list(nothing()))
    assert Piped(reading, stop).readinto(bytearray(8)) == 0
    os.close(reading)
    os.close(writing)

"""A database that is overwritten in place while a session has it open."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import Open
from tests.cli.driving import TICKETS, Program
from tests.faults.conftest import Tries, many, present


def empty(file: Path) -> None:
    os.truncate(file, 0)


def overwrite(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(os.urandom(file.stat().st_size))


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def another(file: Path) -> None:
    shutil.copyfile(file.with_name("other.db"), file)


@pytest.mark.parametrize("spoil", [empty, overwrite, cut, another])
def test_what_is_overwritten_is_told_with_the_next_answer(
    sample: Program, terminal: Open, spoil: Callable[[Path], None], tries: Tries
) -> None:
    other = Program(sample.folder, sample.env, db="other.db").quick
    other.ok("load", "d", TICKETS)
    other.ok("manual", "d", "--plain", "-l", "x,y", stdin="1\n2\n")
    for _ in range(many(1, 5)):
        file = sample.folder / "t.db"
        good = file.read_bytes()
        before = set(sample.folder.iterdir())
        with tries.one(spoil.__name__):
            screen = terminal(sample, "manual", "d")
            screen.wait("1-9 label")
            screen.answer("1", 1)
            screen.answer("2", 2)
            spoil(file)
            screen.send("1")
            screen.wait("NOT saved")
            screen.wait("while it was in use")
            screen.send("q")
            screen.end()
            kept = [p for p in set(sample.folder.iterdir()) - before if "rescued" in p.name]
            present(kept, "nothing was saved aside")
            assert all(p.stat().st_mode & 0o077 == 0 and p.stat().st_size for p in kept)
            assert sample.log == ""
        for beside in sample.folder.glob("t.db*"):
            if beside.is_file():
                beside.unlink()
        file.write_bytes(good)


def test_the_index_of_the_log_is_cut(sample: Program, terminal: Open, tries: Tries) -> None:
    """It is mapped into the memory of every session. It gets its size back before it is touched; a
    cut in the very moment between can still end the session, and then every answer is there.
    """
    acknowledged = 0
    for _ in range(many(3, 20)):
        screen = terminal(sample, "manual", "d")
        screen.wait("1-9 label")
        before = acknowledged
        with tries.one(acknowledged):
            os.truncate(sample.folder / "t.db-shm", 0)
            with suppress(AssertionError):
                screen.answer("1", before + 1)
                acknowledged += 1
            with suppress(ProcessLookupError):  # it may have ended by itself
                screen.kill()
            screen.end()
            found = len(sample.quick.exported())
            present(found in (acknowledged, acknowledged + 1))
            acknowledged = found

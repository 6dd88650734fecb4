"""How often each fault is tried, and what comes of it: lost, wrong, or as it should be.

``TXTAL_FAULTS=full`` asks for the full counts; ``python -m tests.faults`` sets it and prints the
table.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.conftest import (  # noqa: F401 - fixtures of the command line's tests
    answered,
    fresh,
    labelled,
    prepared,
    quick,
    sample,
    terminal,
    txtal,
)
from tests.cli.driving import LABELLED, Program

FULL = os.environ.get("TXTAL_FAULTS") == "full"


def many(few: int, full: int) -> int:
    """``few`` tries, or ``full`` of them when the full counts are asked for."""
    return full if FULL else few


class Lost(AssertionError):  # noqa: N818 - it counts what is lost
    """Something that was acknowledged isn't there."""


def present(ok: object, what: object = "") -> None:
    """Fail as *lost*, not only as wrong."""
    if not ok:
        raise Lost(what)


@dataclass
class Tries:
    """Tries of one fault; it goes on after one that fails, to count them all."""

    tries: int = 0
    lost: int = 0
    wrong: int = 0
    said: list[str] = field(default_factory=list)

    @contextmanager
    def one(self, what: object = "") -> Iterator[None]:
        """One try."""
        self.tries += 1
        try:
            yield
        except Exception as error:  # noqa: BLE001 - counted, and told at the end
            self.lost += isinstance(error, Lost)
            self.wrong += not isinstance(error, Lost)
            self.said.append(f"{what}: {type(error).__name__}: {error}"[:2000])


@pytest.fixture
def tries(record_property: Callable[[str, object], None]) -> Iterator[Tries]:
    """Counts for the table; the test fails at its end if any try did."""
    counted = Tries()
    yield counted
    record_property("fault", (counted.tries, counted.lost, counted.wrong))
    assert counted.tries, "nothing was tried"
    assert not counted.said, "\n".join(counted.said[:5])


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """txtal with 80 answered tickets in ``d``, their file ``some.jsonl``, and a ``model``."""
    program = Program(tmp_path_factory.mktemp("trained"))
    program.file("some.jsonl", LABELLED.read_text("utf-8").splitlines()[:80])
    program.ok("load", "d", "--answers", "some.jsonl")
    program.ok("train", "d", "-o", "model", "--vectors", "lexical")
    return program


@dataclass
class Disk:
    """A file system of its own, small enough to fill."""

    folder: Path

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        ballast.write(b"x" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """Make room again."""
        (self.folder / "ballast").unlink(missing_ok=True)

    def remount(self, mode: str) -> None:
        """``ro`` or ``rw``."""
        subprocess.run(["mount", "-o", f"remount,{mode}", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs the command mount")
    if done.returncode:
        pytest.skip("needs the right to mount a small file system")
    yield Disk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.fixture
def on_disk(disk: Disk, sample: Program) -> Program:  # noqa: F811
    """The sample tickets, in a database on the small disk."""
    target = disk.folder / "t.db"
    target.write_bytes((sample.folder / sample.db).read_bytes())
    return Program(sample.folder, sample.env, db=str(target))

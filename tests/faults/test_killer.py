"""A sample of the cases of :mod:`tests.faults.killer`, and that it finds what it looks for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import MEMORY, killer
from tests.faults.conftest import FULL, Tries, present

QUICK = ("export", "backup", "restore", "label")

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


def _run(command: killer.Command, killed: killer.Killer, sample: int | None, tries: Tries) -> None:
    for case in killer.drawn(killed.cases(command), sample, seed=4929):
        with tries.one(case):
            wrong = killed.fault(case)
            present("damaged" not in wrong and "neither" not in wrong, wrong)
            assert not wrong, wrong


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", QUICK)
def test_a_sample_of_system_calls(name: str, killed: killer.Killer, tries: Tries) -> None:
    command = next(one for one in killer.COMMANDS if one.name == name)
    _run(command, killed, 2, tries)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> killer.Killer:
    made = killer.Killer(tmp_path_factory.mktemp("killer"))
    made.prepare(train=False)
    return made


@pytest.fixture(scope="module")
def killed_of_all() -> Iterator[killer.Killer]:
    """The killer with classifiers, on a disk that need not outlast the machine."""
    with tempfile.TemporaryDirectory(prefix="killer-", dir=MEMORY) as folder:
        made = killer.Killer(Path(folder))
        made.prepare()
        yield made


@pytest.mark.slow
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("command", killer.COMMANDS, ids=[one.name for one in killer.COMMANDS])
def test_every_system_call(
    command: killer.Command, killed_of_all: killer.Killer, tries: Tries
) -> None:
    """In full counts all of them; else some of each command."""
    _run(command, killed_of_all, None if FULL else 4, tries)


def test_what_is_killed_half_way_is_found(killed: killer.Killer, tries: Tries) -> None:
    """A program that writes its output in place is caught."""
    careless = killer.Command(
        "careless", ("export", "d", "-o", "out.jsonl"), "out.jsonl", killer.content
    )
    with tries.one():
        cases = killed.cases(careless)
        kill = next(case for case in cases if case.fault == "kill" and case.call == "write")
        (killed.folder / "master" / "out.jsonl").write_bytes(b"another\n")
        assert "neither old nor new" in killed.fault(kill)
        (killed.folder / "master" / "out.jsonl").write_bytes(b"old\n")


def test_of_many_writes_to_one_file_some_are_tried(tries: Tries) -> None:
    """Two files are two places, and so is one file before and after it is synced."""
    write = '7 pwrite64(5</d/{}>, ""..., 9, 0) = 9'
    log = [write.format("a")] * 9 + ["7 fsync(5</d/a>) = 0"] + [write.format("a")] * 2
    log += [write.format("b"), *[write.format("b-shm")] * 4, '7 write(1</out>, ""..., 2) = 2']
    with tries.one():
        tried = killer._changing("\n".join(log), "/d")
        written = [number for name, number in tried if name == "pwrite64"]
        assert written == [1, 2, 4, 5, 9, 10, 11, 12, 13]
        assert ("fsync", 1) in tried
        assert ("write", 1) not in tried

"""A sample of the cases of :mod:`tests.faults.killer`, and that it finds what it looks for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults import killer
from tests.faults.conftest import FULL, Tries, present
from tests.faults.forked import Forks

QUICK = ("export", "backup", "restore", "label")

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


def _run(folder: Path, forks: Forks, sample: int | None, tries: Tries) -> None:
    for case, wrong in killer.outcomes(folder, forks, sample=sample, seed=4929):
        with tries.one(case):
            present("damaged" not in wrong and "neither" not in wrong, wrong)
            assert not wrong, wrong


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", QUICK)
def test_a_sample_of_system_calls(name: str, killed: killer.Killer, tries: Tries) -> None:
    command = next(one for one in killer.COMMANDS if one.name == name)
    for case in killer.drawn(killed.cases(command), 2, seed=4929):
        with tries.one(case):
            wrong = killed.fault(case)
            present("damaged" not in wrong and "neither" not in wrong, wrong)
            assert not wrong, wrong


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> killer.Killer:
    made = killer.Killer(tmp_path_factory.mktemp("killer"), forks)
    made.prepare(train=False)
    return made


@pytest.mark.slow
@pytest.mark.timeout(14_400)
def test_every_system_call(tmp_path: Path, forks: Forks, tries: Tries) -> None:
    """In full counts all of them; else some of each command."""
    _run(tmp_path, forks, None if FULL else 4, tries)


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

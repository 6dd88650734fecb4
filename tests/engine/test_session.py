"""Sessions whose other machines are lost: not an answer is, and the rankings keep coming."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Open, fresh, terminal
from tests.cli.driving import TXTAL, Program, until
from tests.cli.terminal import version
from tests.engine.machines import Machines, running
from txtal.store import schema

__all__ = ["fresh", "terminal"]

pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

TICKETS = 31_000
"""Enough to be swept."""

ANSWERS = 30


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with running(tmp_path, 2) as started:
        yield started


@pytest.fixture
def pool(fresh: Program) -> Program:
    words = ("red", "blue", "green", "late", "early", "broken", "fine")
    lines = [{"text": " ".join(words[n // 7**i % 7] for i in range(6))} for n in range(TICKETS)]
    fresh.ok("load", "d", fresh.file("pool.jsonl", lines))
    return fresh


def teach(machines: Machines) -> list[str]:
    """The words of a session whose pool is vectorised and swept elsewhere."""
    how = ["-l", "good,bad", "-s", "margin", "--vectors", "lexical", "--audit", "0"]
    return ["teach", "d", *how, *machines.options]


def ranked(program: Program) -> int:
    """How many answers the newest stored ranking knows of."""
    with closing(schema.open_readonly(program.folder / program.db)) as conn:
        (most,) = conn.execute("SELECT coalesce(max(answers), 0) FROM revision").fetchone()
        return int(most)


def test_the_screen_goes_on_without_its_scheduler(
    machines: Machines, pool: Program, terminal: Open
) -> None:
    one = terminal(pool, *teach(machines))
    one.wait(version)
    for number in range(1, 11):
        one.answer(str(1 + number % 2), number)
    until(lambda: ranked(pool) == 10, "a ranking from elsewhere")
    machines.scheduler.kill()
    one.answer("1", 11)  # which takes the notice off the screen, if a sweep was under way
    one.wait(lambda text: "is gone; the work is done here now" in text or b"scheduler" in one.raw)
    for number in range(12, ANSWERS + 1):
        one.answer(str(1 + number % 2), number)
    until(lambda: ranked(pool) == ANSWERS, "a ranking of all answers")
    one.send("q")
    assert one.end() == 0
    assert len(pool.exported()) == ANSWERS
    assert pool.log == ""


def test_line_by_line_without_its_workers(machines: Machines, pool: Program) -> None:
    said = pool.folder / "said"
    with (
        said.open("w") as out,
        subprocess.Popen(
            [*TXTAL, *teach(machines), "--plain"],
            cwd=pool.folder,
            env=pool.environ,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        ) as talk,
    ):

        def write(line: str) -> bool:
            print(line, file=talk.stdin, flush=True)
            return True

        for number in range(1, ANSWERS + 1):
            if number == 11:
                until(lambda: write("s") and ranked(pool) == 10, "a ranking from elsewhere")
                machines.kill(0)
                machines.kill(1)
            write(str(1 + number % 2))
        until(lambda: write("s") and ranked(pool) == ANSWERS, "a ranking of all answers")
        until(lambda: write("s") and "note: the scheduler at" in said.read_text(), "a notice")
        write("q")
        assert talk.wait() == 0
    assert "Traceback" not in said.read_text() + pool.log
    assert len(pool.exported()) == ANSWERS


@pytest.mark.parametrize("mode", [[], ["--plain"]], ids=["screen", "plain"])
def test_a_scheduler_that_isnt_there_is_told_before_the_screen(
    machines: Machines, pool: Program, terminal: Open, mode: list[str]
) -> None:
    machines.scheduler.kill()
    machines.scheduler.wait()
    one = terminal(pool, *teach(machines), *mode)
    assert one.end() == 1
    assert f"no Dask scheduler answers at {machines.address}: check that" in one.raw.decode()
    assert "Traceback" not in one.raw.decode()
    assert b"\x1b[?1049h" not in one.raw

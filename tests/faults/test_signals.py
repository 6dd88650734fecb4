"""Signals that no system call of the main thread is interrupted by.

One that comes between the last look at a flag and a blocking read is such a one, for an instant.
Here every signal is: the main thread has them blocked, and another takes them.
"""

from __future__ import annotations

import array
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import closing

import psutil
import pytest

from tests.cli.conftest import Open
from tests.cli.driving import PATIENCE, TXTAL, Program, until
from tests.faults.conftest import Tries
from txtal.store import schema

MISSED = """
import signal, sys, threading
HEARD = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
from txtal.cli import main
sys.argv[0] = "txtal"
main()
"""

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)]


class Running:
    """The program, with pipes that stay open, and deaf to signals but for Python's note of them."""

    def __init__(self, program: Program, *words: str) -> None:
        self.said = program.folder / "said"
        with self.said.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", MISSED, *words],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=program.folder,
                env=program.environ,
                preexec_fn=_as_a_shell_starts_it,
            )

    def wait(self, words: str) -> None:
        """Until it has said these."""
        until(lambda: words in self.said.read_text("utf-8"), words)

    def type(self, text: str) -> None:
        """Type, and wait until it is read."""
        pipe = self.process.stdin
        assert pipe is not None
        pipe.write(text.encode())
        pipe.flush()
        left = array.array("i", [0])

        def is_read() -> bool:
            fcntl.ioctl(pipe.fileno(), termios.FIONREAD, left)
            return left[0] == 0

        until(is_read, "what was typed is read")

    def end(self, number: int) -> int:
        """Send the signal once it waits for something, and return the exit code."""
        main = psutil.Process(self.process.pid)
        until(lambda: main.status() == psutil.STATUS_SLEEPING, "the program waits")
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def _as_a_shell_starts_it() -> None:
    for number, _ in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the program."""
    running: list[Running] = []

    def begin(program: Program, *words: str) -> Running:
        running.append(Running(program, *words))
        return running[-1]

    yield begin
    for one in running:
        one.process.kill()
        one.process.wait()
        assert one.process.stdin is not None
        one.process.stdin.close()


def leases(program: Program) -> int:
    """Tickets that are held for somebody."""
    with closing(schema.open_readonly(program.folder / program.db)) as conn:
        return int(conn.execute("SELECT count(*) FROM lease").fetchone()[0])


@pytest.mark.parametrize(
    ("number", "code"),
    [*SIGNALS[:2], *(pytest.param(*one, marks=pytest.mark.slow) for one in SIGNALS[2:])],
)
def test_at_the_prompt(sample: Program, start: Start, tries: Tries, number: int, code: int) -> None:
    with tries.one(number):
        one = start(sample, "manual", "d", "--plain")
        one.wait("answer [")
        one.type("1\n")
        until(lambda: one.said.read_text("utf-8").count("answer [") == 2, "the next prompt")
        assert "#1, accept" in one.said.read_text("utf-8")
        assert one.end(number) == code
        assert len(sample.exported()) == 1
        assert "1 answer in this session" in one.said.read_text("utf-8")
        assert leases(sample) == 0


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("pause\n", "paused; enter goes on"), ("billing\n", "May one ticket have several labels")],
)
def test_where_a_command_waits_for_a_line(
    txtal: Program, start: Start, tries: Tries, typed: str, shown: str
) -> None:
    txtal.file("t.jsonl", ['{"text": "one"}'])
    txtal.ok("load", "d", "t.jsonl")
    with tries.one(typed):
        one = start(txtal, "manual", "d", "--plain")
        one.wait("Type ? for help")
        one.type(typed)
        one.wait(shown)
        assert one.end(signal.SIGINT) == 130


def test_while_the_next_ticket_of_a_stream_is_waited_for(
    txtal: Program, start: Start, tries: Tries
) -> None:
    txtal.file("t.jsonl", ['{"text": "one"}'])
    with tries.one():
        one = start(txtal, "teach", "d", "t.jsonl", "--follow", "--plain", "-l", "a,b")
        one.wait("answer [")
        one.type("1\n")
        one.wait("waiting for the next ticket")
        assert one.end(signal.SIGTERM) == 143
        assert len(txtal.exported()) == 1


def test_while_the_database_is_locked(sample: Program, start: Start, tries: Tries) -> None:
    with tries.one():
        one = start(sample, "manual", "d", "--plain")
        one.wait("answer [")
        with closing(schema.open_database(sample.folder / sample.db)) as conn:
            conn.execute("BEGIN IMMEDIATE")
            one.type("1\n")
            one.wait("waiting for the database lock")
            one.process.send_signal(signal.SIGINT)
            until(lambda: "#1" not in one.said.read_text("utf-8"), "nothing is called saved")
        assert one.process.wait(PATIENCE) == 130
        assert sample.exported() == []


@pytest.mark.parametrize("words", [("load", "d", "-"), ("load", "d", "-", "--answers")])
def test_while_standard_input_is_read(
    sample: Program, start: Start, tries: Tries, words: tuple[str, ...]
) -> None:
    before = sample.ok("stats", "d", "--json").out
    with tries.one(words):
        one = start(sample, *words)
        one.type(json.dumps({"text": "a new one", "label": "billing"}) + "\n")
        assert one.end(signal.SIGINT) == 130
        assert "interrupted" in one.said.read_text("utf-8")
        assert sample.ok("stats", "d", "--json").out == before


def test_a_terminal_that_goes_away_from_a_program_that_ignores_it(
    sample: Program, terminal: Open, tries: Tries
) -> None:
    with tries.one():
        shell = f"trap '' HUP; exec {TXTAL[0]} manual d --plain"
        one = terminal(sample, command=["sh", "-c", shell])
        one.wait("answer [")
        one.send("1\r")
        one.wait("#1, accept")
        assert one.hang_up() == 129
        assert len(sample.exported()) == 1
        assert sample.log == ""


def test_lines_that_came_with_others_are_seen_while_a_stream_is_waited_for(
    txtal: Program, tries: Tries
) -> None:
    txtal.file("t.jsonl", ['{"text": "one"}'])
    reading, writing = os.pipe()
    os.write(writing, b"1\nq\n")
    with tries.one():
        ended = subprocess.run(
            [*TXTAL, "teach", "d", "t.jsonl", "--follow", "--plain", "-l", "a,b"],
            stdin=reading,
            cwd=txtal.folder,
            env=txtal.environ,
            timeout=PATIENCE,
            check=False,
        )
        assert ended.returncode == 0
        assert len(txtal.exported()) == 1
    for end in (reading, writing):
        os.close(end)

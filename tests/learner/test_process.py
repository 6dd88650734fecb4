"""The learner as it runs: ``python -P -m txtal.learner`` with pipes to it."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import MakeDataset
from txtal import logs
from txtal.learner import protocol
from txtal.learner.client import PROGRAM
from txtal.store import answers
from txtal.store.sqlite import Connection
from txtal.types import Advised, Answer, Explanation, LearnerSettings, LearnerStatus, Ranking

SECRET = "my card number is 4929"
TEXTS = [f"{text} {n}" for n in range(20) for text in ("please refund me", "lovely shop", SECRET)]

RECIPE = """
import os, sys
import numpy as np
from txtal import strategy

print("a banner")
print('{"state": "ready", "detail": "forged", "progress": null}')
os.write(1, b"straight to the descriptor\\n")

@strategy("chatty")
def chatty(pool):
    print("scoring", file=sys.stdout, flush=True)
    os.system("echo from a child")
    return np.zeros(len(pool))

@strategy("raises")
def raises(pool):
    raise ValueError(pool.texts[0])
"""


class Running:
    """A learner's process, its pipes, and what it wrote to the log."""

    def __init__(self, path: Path, settings: LearnerSettings) -> None:
        self.log_file = logs.path()
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, protocol.dump_job(path, "d", settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
            )

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8")

    def poke(self, newest: int = 0) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(protocol.dump_poke(newest) + "\n")
        self.process.stdin.flush()

    def hear(self) -> protocol.Message:
        """The next line, which must be a message and nothing else."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended with {self.process.wait()}; its log:\n{self.log}"
        return protocol.load_message(line)

    def hear_of(self, *states: str) -> list[protocol.Message]:
        """Everything up to the first status of these states."""
        heard = []
        while True:
            heard.append(self.hear())
            if isinstance(heard[-1], LearnerStatus) and heard[-1].state in states:
                return heard

    def ranking(self) -> Ranking:
        """The ranking of one poke."""
        (found,) = [m for m in self.hear_of("ready", "failed") if isinstance(m, Ranking)]
        return found

    def hang_up(self) -> int:
        """Close its standard input, and wait for its end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=60)


Start = Callable[..., Running]


@pytest.fixture
def start(path: Path, make_dataset: MakeDataset) -> Iterator[Start]:
    started: list[Running] = []
    make_dataset(TEXTS)
    recipe = path.with_name("mine.py")
    recipe.write_text(RECIPE)

    def begin(strategy: str = "margin", vectoriser: str = "lexical@en") -> Running:
        code = None if strategy == "margin" else str(recipe)
        started.append(Running(path, LearnerSettings(vectoriser, strategy, code=code)))
        return started[-1]

    yield begin
    for one in started:
        one.process.kill()
        one.process.wait()
        for pipe in (one.process.stdin, one.process.stdout):
            if pipe:
                pipe.close()


def answer(conn: Connection, count: int) -> int:
    """Answer the first tickets, with two labels in turn; the newest answer's id."""
    session = answers.open_session(conn, 1, "ann", "test")
    for n in range(count):
        answers.append(conn, 1, session, Answer(n + 1, "accept", (n % 2 + 1,), answered=1.0))
    return answers.newest(conn, 1)


def test_a_poke_brings_a_ranking_and_the_next_one_another(start: Start, conn: Connection) -> None:
    one = start("chatty")
    assert one.hear() == LearnerStatus("starting")
    one.poke()
    heard = one.hear_of("ready")
    states = [message.state for message in heard if isinstance(message, LearnerStatus)]
    assert list(dict.fromkeys(states)) == ["vectorising", "training", "ready"]
    (first,) = [message for message in heard if isinstance(message, Ranking)]
    assert first.revision.newest == 0
    newest = answer(conn, 30)
    one.poke(newest)
    second = one.ranking()
    assert second.revision.newest == newest
    assert second.items[0].reason == "chatty"
    assert one.process.poll() is None
    assert one.process.stdin is not None
    one.process.stdin.write(protocol.dump_advise() + "\n")
    one.process.stdin.flush()
    advised = one.hear()
    assert isinstance(advised, Advised)
    assert advised.answers == 30
    # A signal for the group of the terminal, such as ctrl-c's, is not for it.
    one.process.send_signal(signal.SIGINT)
    one.poke(newest)
    assert one.ranking().items == second.items
    assert one.hang_up() == 0
    # Whatever the recipe printed is in the log, and was no message.
    for printed in ("a banner", "forged", "straight to", "scoring", "from a child"):
        assert printed in one.log
    assert not any(isinstance(m, LearnerStatus) and m.detail == "forged" for m in heard)


def test_a_foreseen_error_is_told_and_it_stays(start: Start) -> None:
    one = start(vectoriser="lexical@zz")
    for _ in range(2):
        one.poke()
        failed = one.hear_of("failed")[-1]
        assert isinstance(failed, LearnerStatus)
        assert "'zz'" in failed.detail
        assert one.process.poll() is None
    assert "Traceback" not in one.log


def test_an_unforeseen_error_ends_it_and_the_log_holds_no_ticket(
    start: Start, conn: Connection
) -> None:
    newest = answer(conn, 30)
    one = start("raises")
    one.poke(newest)
    assert one.process.stdout is not None
    for line in one.process.stdout:
        assert "failed" not in line
    assert one.process.wait(timeout=60) not in (0, None)
    assert "ValueError" in one.log
    assert "mine.py" in one.log
    assert not any(text in one.log for text in TEXTS)


def test_it_leaves_when_its_pipe_closes_even_in_the_middle_of_work(start: Start) -> None:
    one = start()
    assert one.hear() == LearnerStatus("starting")
    one.poke()
    assert one.hang_up() == 0
    assert one.log == ""


def test_nonsense_on_its_pipe_ends_it(start: Start) -> None:
    one = start()
    assert one.process.stdin is not None
    one.process.stdin.write(json.dumps({"nonsense": 1}) + "\n")
    one.process.stdin.flush()
    one.process.wait(timeout=60)
    assert "Traceback" not in one.log


@pytest.mark.slow
def test_it_says_why_between_two_rankings(start: Start, conn: Connection) -> None:
    newest = answer(conn, 30)
    one = start()
    one.poke(newest)
    one.hear_of("ready")
    assert one.process.stdin is not None
    one.process.stdin.write(protocol.dump_explain(1, 1) + "\n")
    one.process.stdin.flush()
    told = one.hear()
    assert isinstance(told, Explanation)
    assert (told.ticket_id, told.label) == (1, 1)
    assert {word for word, _ in told.words} == {"please", "refund", "me", "0"}

"""What is shown as saved is saved, whatever ends the program and whenever."""

from __future__ import annotations

import random
import re
import signal

import psutil
import pytest

from tests.cli.conftest import Open
from tests.cli.driving import LABELS, TXTAL, Program, until
from tests.cli.terminal import Terminal, in_step, version

TEACH = ("teach", "d", "--vectors", "lexical")
MANUAL = ("manual", "d")


def kill_at_random(
    program: Program, one: Terminal, rng: random.Random, typed: str, *, learns: bool
) -> str:
    """One sitting that ends with kill -9. The keys of every answer that is there afterwards."""
    one.wait("1-9 label")
    for _ in range(rng.randint(1, 5)):
        key = str(rng.randint(1, 8))
        one.answer(key)
        typed += key
    # Another key, and the end at the same moment: its answer may be there or not.
    last = rng.choice(["", str(rng.randint(1, 8))])
    learner = one.learner() if learns else None
    one.send(last)
    one.kill()
    assert one.end() == -signal.SIGKILL
    until(lambda: learner is None or not learner.is_running(), "the end of the learner")

    labels = "".join(str(LABELS.index(line["label"]) + 1) for line in program.quick.exported())
    assert labels in (typed, typed + last)
    assert program.quick.json("doctor", "--json")["database"]["state"] == "ok"  # integrity_check
    return labels


def kill_again_and_again(
    program: Program, open_terminal: Open, sittings: list[tuple[str, ...]]
) -> None:
    rng = random.Random(4929)
    typed = ""
    for words in sittings:
        one = open_terminal(program, *words)
        typed = kill_at_random(program, one, rng, typed, learns=words is TEACH)
    # And the program that was killed so often still knows what to undo.
    program.ok("manual", "d", "--plain", stdin="u\n" * len(typed) + "q\n")
    assert program.exported() == []


def test_kill_9_of_the_screen(sample: Program, terminal: Open) -> None:
    kill_again_and_again(sample, terminal, [TEACH, MANUAL, TEACH, MANUAL, MANUAL])


@pytest.mark.slow
def test_kill_9_of_the_learner(sample: Program, terminal: Open) -> None:
    one = terminal(sample, *TEACH)
    one.wait("1-9 label")
    one.answer("1", 1)
    one.wait(lambda text: version(text) > 0)
    before = version(one.text)
    killed = one.learner()
    killed.kill()
    one.wait("training stopped")
    one.answer("2", 2)  # the session goes on meanwhile
    one.wait(lambda text: version(text) > before and in_step(text))
    assert one.learner().pid != killed.pid
    assert "training stopped" not in one.text
    one.answer("3", 3)
    one.send("q")
    assert one.end() == 0
    assert [line["label"] for line in sample.exported()] == LABELS[:3]


@pytest.mark.slow
def test_kill_9_of_the_learner_before_it_has_said_a_word(sample: Program, terminal: Open) -> None:
    one = terminal(sample, *TEACH)
    one.learner().kill()
    one.wait("training stopped")
    one.answer("1", 1)
    one.wait(lambda text: version(text) > 0)
    one.send("q")
    assert one.end() == 0


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (signal.SIGTERM, 143, TEACH),
        pytest.param(signal.SIGHUP, 129, MANUAL, marks=pytest.mark.slow),
        (signal.SIGINT, 130, MANUAL),
        pytest.param(signal.SIGQUIT, 131, MANUAL, marks=pytest.mark.slow),
    ],
)
def test_signals(
    sample: Program, terminal: Open, number: int, code: int, words: tuple[str, ...]
) -> None:
    shell = f"{TXTAL[0]} {' '.join(words)} & echo pid $!; fg >/dev/null; echo code $?; read _"
    one = terminal(sample, command=["bash", "-mc", shell])
    pid = int(one.wait(lambda text: re.search(r"pid (\d+)", text))[1])
    one.wait("1-9 label")
    assert not one.is_cooked
    one.answer("1", 1)
    learner = one.learner() if words is TEACH else None
    psutil.Process(pid).send_signal(number)
    assert int(one.wait(lambda text: re.search(r"code (\d+)", text))[1]) == code
    assert one.is_cooked
    assert b"\x1b[?1049l" in one.raw
    assert b"\x1b[?25h" in one.raw
    until(lambda: learner is None or not learner.is_running(), "the end of the learner")
    assert len(sample.exported()) == 1
    assert sample.log == ""


def test_ctrl_c_in_plain_mode(sample: Program, terminal: Open) -> None:
    one = terminal(sample, "manual", "d", "--plain")
    one.wait("answer [")
    one.send("1\r")
    one.wait("#1, accept")
    # At the next prompt, as a person would: not while the answer is still being told.
    one.wait(lambda text: text.rstrip().splitlines()[-1].startswith("answer ["))
    one.send("\x03")
    assert one.end() == 130
    assert len(sample.exported()) == 1


def test_the_terminal_goes_away(sample: Program, terminal: Open) -> None:
    one: Terminal = terminal(sample, *TEACH)
    one.wait("1-9 label")
    one.answer("1", 1)
    learner = one.learner()
    assert one.hang_up() == 129
    until(lambda: not learner.is_running(), "the end of the learner")
    assert len(sample.exported()) == 1

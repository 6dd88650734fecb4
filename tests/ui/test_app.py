"""The application on a terminal: bursts, pastes, escapes, signals, faults, and its restoration."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from tests.conftest import StillLearner
from tests.ui.fakes import MANY, Played, Sitting, Sized, given, ledger, make_session
from txtal.errors import LockedError
from txtal.session.session import Session
from txtal.types import Ranked, Ranking, Revision, Task
from txtal.ui import app as full_screen
from txtal.ui import attendance, remembered
from txtal.ui.app import run
from txtal.ui.display import Display
from txtal.ui.screen import Screen
from txtal.ui.themes import THEMES, Theme, styles

SIXTY = [f"ticket {n}" for n in range(1, 61)]


def run_with(session: Session, keys: str, **options: object) -> int:
    """The whole of run(), with every key typed ahead."""
    with create_pipe_input() as keyboard:
        keyboard.send_text(keys)
        return run(session, Display("d"), input=keyboard, output=Sized(), **options)  # type: ignore[arg-type]


def test_a_key_held_down_answers_each_ticket_once_and_none_unseen() -> None:
    session = make_session(SIXTY)
    played = Played(session, ("ticket 1\n", "1" * 75 + "q"))
    assert played.code == 0
    answered = [answer.ticket_id for answer in ledger(session).answers]
    assert answered == list(range(1, 61))
    seen = "\n".join(played.frames)
    assert all(f"  {text}\n" in seen for text in SIXTY)


def test_keys_typed_ahead_of_the_start_answer_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "SEEN_SECONDS", 60.0)  # however busy the machine is
    session = make_session(["a", "b", "c"])
    assert run_with(session, "12 q1") == 0
    assert given(session) == []


def test_a_burst_answers_nothing_that_was_not_seen() -> None:
    """Without bracketed paste a terminal sends pasted text as so many keys."""
    session = make_session(SIXTY)
    now = [0.0]
    screen = Screen(session, Display("d"), pytest.fail, clock=lambda: now[0])
    screen.draw(80, 24)
    for _ in range(1000):
        now[0] += 0.003
        screen.press("label", "1")
        drawn = "".join(part for line in screen.draw(80, 24).lines for _, part in line)
    assert given(session) == []
    assert "too fast" in drawn
    now[0] += 0.02
    screen.press("label", "1")
    assert given(session) == [("accept", (1,))]
    screen.draw(80, 24)
    for step in (0.03, 0.029, 0.001):  # the next ticket is seen 60 ms after it was drawn
        assert len(given(session)) == 1
        now[0] += step
        screen.press("label", "1")
    assert len(given(session)) == 1
    now[0] += 0.03
    screen.press("label", "1")
    assert len(given(session)) == 2


def test_a_ticket_is_seen_from_when_it_has_reached_the_terminal() -> None:
    session = make_session(SIXTY)
    now = [0.0]
    screen = Screen(session, Display("d"), pytest.fail, clock=lambda: now[0])
    screen.draw(80, 24)
    now[0] += 1.0  # a terminal that is slow to take it
    screen.painted()
    now[0] += 0.05
    screen.press("label", "1")
    assert given(session) == []
    screen.painted()  # again, with nothing new
    now[0] += 0.03
    screen.press("label", "1")
    assert len(given(session)) == 1


def test_every_kind_of_key_reaches_its_action() -> None:
    session = make_session(labels=MANY)
    Played(
        session,
        ("1 order a", "f/card b\rc"),
        ("comment:", "x\x15hello\r\x1b[A\x1b[B\x1b[5~\x1b[6~v?"),
        ("keys for:", "qv"),
        ("1 order a", "1u\x7f "),
        ("1 of 3", "q"),
    )
    assert given(session) == [("ignore", ())]
    assert session.count == 1


@pytest.mark.parametrize(
    ("task", "labels", "key", "said"),
    [
        ("exclusive", ["refund", "praise"], "7", "no label has the key 7"),
        ("exclusive", ["refund", "praise"], "d", "d does nothing here"),
        ("rating", ["1", "2", "3"], "7", "no grade has the key 7"),
        ("rating", ["1", "2", "3"], "d", "d does nothing here"),
        ("binary", ["refund"], "1", "1 does nothing here"),
    ],
)
def test_a_key_without_a_meaning_says_so(
    task: Task, labels: list[str], key: str, said: str
) -> None:
    session = make_session(labels=labels, task=task)
    Played(session, ("one", key), (said, "q"))
    assert given(session) == []


def test_a_yes_or_no_says_what_it_waits_for() -> None:
    session = make_session(task="multilabel")
    Played(
        session,
        ("one", "/parking\r"),
        ("Add the label parking, and choose it? y/n", "a"),
        ("press y for yes, or n for no", "n"),
        ("1 [ ] refund", "q"),
    )
    assert given(session) == []


def test_the_mouse_is_off_until_it_is_asked_for() -> None:
    session = make_session()
    rows = Sitting(session).read().split("\n")
    row = 1 + next(y for y, line in enumerate(rows) if "1 refund" in line)
    click = f"\x1b[<0;5;{row}M\x1b[<0;5;{row}m"
    Played(session, ("one", f"{click}f"), ("flagged", "q"))
    assert given(session) == []
    played = Played(
        session,
        ("one", "\x1bOQ"),
        ("the mouse is on: wheel and clicks; F2", click),
        ("two", "\x1bOQ"),
        ("the mouse is off", "q"),
    )
    assert played.code == 0
    assert given(session) == [("accept", (1,))]


def test_what_stands_beside_the_ticket_is_remembered() -> None:
    first = make_session()
    with create_pipe_input() as keyboard:
        keyboard.send_text("\tq")
        assert run(first, Display("d"), input=keyboard, output=Sized(140, 40)) == 0
    assert remembered.side() == "why"
    remembered.keep_side("progress")
    remembered.keep_side("progress")
    assert remembered.side() == "progress"


def test_a_paste_never_labels() -> None:
    session = make_session()
    played = Played(session, ("1 refund", "\x1b[200~1\n2\nax \x1b[201~"), ("paste ignored", "q"))
    assert given(session) == []
    assert played.errors == []


@pytest.mark.parametrize(
    "sequence", ["\x1b[27;5;49~", "\x1b1", "\x1b[57414u", "\x1bO1", "\x1b[99;31z"]
)
def test_an_unknown_escape_sequence_never_labels(sequence: str) -> None:
    session = make_session()
    Played(session, ("1 refund", f"f{sequence}"), ("flagged", "q"))
    assert given(session) == []


@pytest.mark.parametrize("escape", ["\x1b", "\x1b1"])
def test_escape_closes_the_picker_and_what_comes_with_it_is_dropped(escape: str) -> None:
    session = make_session()
    played = Played(session, ("1 refund", "/"), ("find:", escape), ("1 refund", "q"))
    assert played.code == 0
    assert given(session) == []


def test_resizing_keeps_the_state() -> None:
    session = make_session()

    def resize(columns: int, rows: int) -> Callable[[], None]:
        def do() -> None:
            played_output[0].size = Size(rows=rows, columns=columns)
            asyncio.get_running_loop().call_soon(resized[0])

        return do

    played_output: list[Sized] = []
    resized: list[Callable[[], None]] = []

    class Watched(Played):
        def _seen(self, keyboard):  # type: ignore[no-untyped-def]
            played_output[:] = [self.output]
            resized[:] = [self.app._on_resize]
            super()._seen(keyboard)

    played = Watched(
        session,
        ("1 refund", "f"),
        ("flagged", resize(20, 5)),
        ("too small", resize(1, 1)),
        ("", resize(40, 12)),
        ("flagged", "1q"),
    )
    assert played.code == 0
    assert ledger(session).answers[0].flagged


def test_a_locked_database_is_retried_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_screen, "RETRY_SECONDS", 0.001)
    session = make_session()
    ledger(session).faults = [LockedError("locked")] * 5
    played = Played(session, ("one", "122"), ("two", "q"))
    assert given(session) == [("accept", (1,))]
    assert any("waiting for the database lock" in frame for frame in played.frames)


def test_quitting_while_the_database_is_locked() -> None:
    session = make_session()
    ledger(session).faults = [LockedError("locked")] * 1000
    assert Played(session, ("one", "1"), ("waiting", "q")).code == 0
    assert given(session) == []


def test_a_handlers_exception_is_told_and_the_session_goes_on() -> None:
    session = make_session()
    ledger(session).faults = [ZeroDivisionError()]
    played = Played(session, ("one", "1"), ("details in the log", "1"), ("two", "q"))
    assert played.code == 0
    assert [type(error) for error in played.errors] == [ZeroDivisionError]
    assert given(session) == [("accept", (1,))]


def test_an_exception_in_the_background_is_told_and_the_session_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(full_screen, "RETRY_SECONDS", 0.001)

    def fail() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)

    played = Played(make_session(), ("one", fail), ("ZeroDivisionError", "q"))
    assert played.code == 0
    assert [type(error) for error in played.errors] == [ZeroDivisionError]


def test_news_from_the_learners_thread_is_drawn() -> None:
    learner = StillLearner()
    session = make_session(learner=learner)
    registered: list[Callable[[], None]] = []

    def tell() -> None:
        learner.rankings.append(
            Ranking(Revision(1, 0, 0.1, "v", "m"), (Ranked(2, (2,), ((2, 0.6),), "m"),))
        )
        registered[0]()

    def wake(function: Callable[[], None]) -> None:
        registered.append(function)
        threading.Thread(target=tell).start()

    with create_pipe_input() as keyboard:

        class Watching(Sized):
            def flush(self) -> None:
                if session.updates.revision == 12:
                    keyboard.send_text("q")

        assert run(session, Display("d"), wake=wake, input=keyboard, output=Watching()) == 0
    assert session.updates.revision == 12
    registered[0]()  # the loop is closed: nothing happens


@pytest.mark.parametrize(
    ("number", "code"),
    [("SIGTERM", 143), ("SIGHUP", 129), ("SIGQUIT", 131), ("SIGINT", 130)],
)
def test_signals_end_it_in_good_order(number: str, code: int) -> None:
    if not hasattr(signal, number):
        pytest.skip("no such signal here")
    session = make_session()
    kill = partial(os.kill, os.getpid(), getattr(signal, number))
    played = Played(session, ("one", "1"), ("two", kill))
    assert played.code == code
    assert given(session) == [("accept", (1,))]


def test_nothing_but_known_escapes_leaves_for_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "SEEN_SECONDS", 0.0)
    monkeypatch.setattr(attendance, "BURST_SECONDS", 0.0)
    hostile = (
        "\x1b]52;c;aGk=\x07 \x1b]0;t\x07 \x1b]8;;http://x\x1b\\ \x1bP+q\x1b\\ \x1b_x\x1b\\ "
        "\x1b[2J\x1b[9;9H\x1b[6n \x1bc \x9b31m \x9d0;t\x9c \u202e \u2028 \u200b \x07\x08\x00\x7f"
    )
    session = make_session([hostile] * 2, [hostile, "ok"], meta={hostile: hostile})
    written = io.StringIO()
    with create_pipe_input() as keyboard:
        keyboard.send_text("fcx\r/ok\r?qwqiqh\r2uq")
        output = Vt100_Output(written, lambda: Size(rows=24, columns=80), term="xterm")
        run(session, Display(hostile), input=keyboard, output=output)
    known = r"\x1b\[[0-9;]*[mABCDHJK]|\x1b\[\?(1049|2004|12|25|7|1)[hl]|\x1b\[0? ?q|\r|\n|\x08"
    rest = re.sub(known, "", written.getvalue())
    assert re.search("[\x00-\x1f\x7f-\x9f\u200b\u2028\u202e]", rest) is None
    assert "^[]52;c;aGk=^G" in re.sub("\x1b\\[C", " ", rest)


# --- in a process of its own, on a pseudo-terminal --------------------------------------------

pexpect = pytest.importorskip("pexpect")
REPOSITORY = Path(__file__).parents[2]


def spawn(*words: str) -> Any:
    environ = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(REPOSITORY)}
    return pexpect.spawn(
        words[0], list(words[1:]), dimensions=(24, 80), env=environ, cwd=str(REPOSITORY), timeout=60
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    "how",
    [
        "SIGTERM",
        "q",
        "\x03",
        *(pytest.param(how, marks=pytest.mark.slow) for how in ("SIGHUP", "SIGQUIT", "SIGINT")),
    ],
)
def test_the_terminal_is_restored_whatever_ends_it(how: str) -> None:
    import termios

    codes = {"SIGTERM": 143, "SIGHUP": 129, "SIGQUIT": 131, "SIGINT": 130, "q": 0, "\x03": 130}
    shell = (
        f'{sys.executable} -m tests.ui.child & echo "pid $!"; fg >/dev/null; echo "code $?"; read _'
    )
    child = spawn("bash", "-mc", shell)
    child.expect(r"pid (\d+)")
    pid = int(child.match[1])
    child.expect("refund")
    local = termios.tcgetattr(child.fileno())[3]
    assert not local & (termios.ECHO | termios.ICANON)
    if how.startswith("SIG"):
        os.kill(pid, getattr(signal, how))
    else:
        child.send(how)
    child.expect(r"code (\d+)")
    assert int(child.match[1]) == codes[how]
    local = termios.tcgetattr(child.fileno())[3]
    assert local & termios.ECHO
    assert local & termios.ICANON
    for restored in (b"\x1b[?1049l", b"\x1b[?2004l"):
        assert restored in child.before
    assert child.before.rfind(b"\x1b[?25h") > child.before.rfind(b"\x1b[?25l")
    child.close(force=True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_closing_the_terminal_ends_the_process() -> None:
    child = spawn(sys.executable, "-m", "tests.ui.child")
    child.expect("refund")
    os.close(child.child_fd)
    _, status = os.waitpid(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_styles_every_class_there_is(theme: Theme) -> None:
    folder = Path(full_screen.__file__).parent
    source = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    used = set(re.findall(r'"class:(\w+)"', source)) - {"label", "hint", "status", "ticket"}
    assert used <= styles(theme).keys()
    full_screen.build(Sitting(make_session()).screen, None, Sized(), theme)


def test_the_mono_theme_has_no_colours() -> None:
    assert "ansi" not in "".join(styles("mono").values())


def test_a_signal_once_it_is_over_does_nothing() -> None:
    sitting = Sitting(make_session())
    app = full_screen.build(sitting.screen, output=Sized())
    full_screen._leave(app, 129)
    assert app.future is None

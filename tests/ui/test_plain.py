"""The same session line by line."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.ui.fakes import MANY, given, ledger, make_session, ranked_session
from txtal.errors import DatabaseError, LockedError
from txtal.recipes.extensions import Extras
from txtal.session.session import Session
from txtal.types import Ticket
from txtal.ui.display import Display
from txtal.ui.keymaps import mapped
from txtal.ui.plain import is_dumb, run


def talk(session: Session, *lines: str, **options: Any) -> str:
    """What is said when these lines are typed and the input ends."""
    said = io.StringIO()
    typed = io.StringIO("".join(f"{line}\n" for line in lines))
    keys, extras = options.pop("keys", "auto"), options.pop("extras", Extras())
    display = Display("feedback", keys, mapped({}, extras=extras), extras=extras)
    assert run(session, display, stdin=typed, stdout=said, **options) == 0
    return said.getvalue()


def test_a_question_is_read_out_with_everything_on_it() -> None:
    said = talk(ranked_session())
    for part in (
        "one\n",
        "suggested: billing 62% (the model is uncertain)",
        "2 billing 62%",
        "answer [",
    ):
        assert part in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("a", ("accept", (2,))),
        ("accept", ("accept", (2,))),
        ("x", ("reject", (2,))),
        (" ", ("ignore", ())),
        ("ignore", ("ignore", ())),
        ("3", ("accept", (3,))),
        ("REFUND", ("accept", (1,))),
        ("pr", ("accept", (3,))),
        ("=praise", ("accept", (3,))),
    ],
)
def test_a_line_answers_and_is_acknowledged(typed: str, answer: tuple[str, object]) -> None:
    session = ranked_session()
    said = talk(session, typed)
    assert given(session)[-1] == answer
    assert f"#2, {answer[0]}" in said


def test_pages_are_read_out() -> None:
    session = ranked_session()
    session.guidelines = "# What is what"
    said = talk(session, "guidelines", "info", "why")
    for part in (
        "What is what\n",
        "Where you stand",
        "the model is uncertain",
        "finding the words",
    ):
        assert part in said


def test_a_labels_own_letter_answers() -> None:
    session = make_session()
    said = talk(session, "r", "p", keys="mnemonic")
    assert "r refund\nb billing\np praise" in said
    assert given(session) == [("accept", (1,)), ("accept", (3,))]


@pytest.mark.parametrize("typed", ["", "7", "0", "nonsense", "r e f", "/ref", "²"])
def test_other_lines_answer_nothing(typed: str) -> None:
    session = make_session()
    talk(session, typed)
    assert given(session) == []


def test_a_name_that_is_not_clear_is_asked_back() -> None:
    session = make_session(labels=MANY)
    said = talk(session, "refund", "refnd a", "/card", "refund b")
    assert "refund can mean: refund a, refund b" in said
    assert "no label refnd a; the nearest: refund a" in said
    assert "card a, card b" in said
    assert "and 15 more" in said
    assert given(session) == [("accept", (18,))]


def test_a_name_that_is_like_none_gets_help() -> None:
    said = talk(ranked_session(), "qqqq", "/qqqq")
    assert "no label qqqq; ? lists what can be typed" in said
    assert "no label is like this" in said


def test_multilabel_chooses_then_submits() -> None:
    session = make_session(task="multilabel")
    said = talk(session, "1, 3", "1 2", "praise, zzz", "a", "a")
    assert "chosen: refund, praise." in said
    assert given(session) == [("accept", (2, 3)), ("accept", ())]


def test_the_last_of_the_chosen_labels_is_taken_off() -> None:
    session = make_session(task="multilabel")
    assert "chosen: refund. answer" in talk(session, "1", "3", "-")


def test_binary_asks_yes_or_no() -> None:
    session = ranked_session("binary", ("refund",))
    said = talk(session, "x", "refund")
    assert "is this refund? suggested: 62% yes" in said
    assert given(session)[1:] == [("reject", (1,)), ("accept", (1,))]


def test_a_grade_is_typed_as_it_is() -> None:
    session = make_session(labels=[str(n) for n in range(1, 11)], task="rating")
    said = talk(session, "10", "0", "3", "11")
    assert "answer [a/x/space/grade/" in said
    assert given(session) == [("accept", (10,)), ("accept", (10,)), ("accept", (3,))]


def test_undo_flag_comment_and_the_rest() -> None:
    session = make_session(["long " * 2000, "b"])
    said = talk(session, "1", "u", "f", "c odd one", "v", "status", "?", "2", "q", "1")
    assert "was: accept refund" in said
    assert "6,000 more characters" in said
    assert "1 this session" in said or "0 this session" in said
    assert "accept the suggestion" in said
    (answer,) = ledger(session).answers
    assert (answer.labels, answer.flagged, answer.comment) == ((2,), True, "odd one")


def test_the_end_is_told_and_can_be_undone() -> None:
    session = make_session(["only"])
    said = talk(session, "1", "", "1", "u", "q")
    assert "All 1 tickets of feedback are answered." in said
    assert said.count("only\n") == 2
    assert given(session) == []


def test_a_label_is_told_about_with_what_it_has() -> None:
    session = make_session()
    said = talk(session, "1", "about ref", "about nothing")
    assert "refund: \nfor example: one" in said
    assert "no label nothing" in said


def test_time_without_a_line_is_not_counted() -> None:
    now = [1000.0]
    session = make_session(clock=lambda: now[0])

    class Slow(io.StringIO):
        """Each line takes as long as it says, in seconds."""

        def readline(self, size: int = -1, /) -> str:
            line = super().readline(size)
            seconds, _, typed = line.partition(":")
            now[0] += float(seconds or 0)
            return typed

    typed = Slow("4:1\n1000:1\n2:pause\n500:\n3:1\n")
    assert run(session, Display("feedback"), stdin=typed, stdout=io.StringIO()) == 0
    assert [answer.answered - answer.shown for answer in ledger(session).answers] == [4, 0, 5]


def test_hostile_text_is_harmless_and_an_ascii_locale_enough() -> None:
    session = make_session(["\x1b]52;c;x\x07 ü \u202e"], ["\x9b31m", "ok"], meta={"ä": "\x1bc"})
    out = io.BytesIO()
    stdout = io.TextIOWrapper(out, encoding="ascii")
    stdin = io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n1\n"), encoding="ascii")
    assert run(session, Display("d"), stdin=stdin, stdout=stdout) == 0
    said = out.getvalue().decode("ascii")
    assert "^[]52;c;x^G ? <U+202E>" in said
    assert "\x1b" not in said
    assert len(given(session)) == 1


def test_a_locked_database_is_waited_for() -> None:
    session = make_session()
    ledger(session).faults = [LockedError("locked")] * 3
    slept: list[float] = []
    said = talk(session, "1", sleep=slept.append)
    assert len(slept) == 3
    assert said.count("waiting for the database lock") == 1
    assert given(session) == [("accept", (1,))]


def test_a_lock_that_keeps_the_next_question_away_is_waited_for() -> None:
    session = make_session()
    real, faults = session.ledger.ticket, [LockedError("locked")] * 3

    def ticket(ticket_id: int) -> Ticket:
        if faults and session.saved:
            raise faults.pop()
        return real(ticket_id)

    session.ledger.ticket = ticket  # type: ignore[method-assign]
    slept: list[float] = []
    said = talk(session, "1", "2", sleep=slept.append)
    assert len(slept) == 2
    assert "No ticket is free" not in said
    assert [labels for _, labels in given(session)] == [(1,), (2,)]


def test_other_faults_are_told_and_the_conversation_goes_on() -> None:
    session = make_session()
    ledger(session).faults = [DatabaseError("t.db: disk full"), ZeroDivisionError()]
    errors: list[BaseException] = []
    said = talk(session, "1", "1", "1", on_error=errors.append)
    assert "NOT saved: t.db: disk full" in said
    assert "failed: ZeroDivisionError; details in the log" in said
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert given(session) == [("accept", (1,))]


def test_an_interrupt_ends_it() -> None:
    class Interrupted(io.StringIO):
        def readline(self, size: int | None = -1, /) -> str:
            raise KeyboardInterrupt

    assert run(make_session(), Display("d"), stdin=Interrupted(), stdout=io.StringIO()) == 130


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_a_signal_that_was_swallowed_ends_it_at_the_next_line() -> None:
    class Last:
        """Python ignores what is raised while something is thrown away."""

        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

    class Throwing(io.StringIO):
        def readline(self, size: int | None = -1, /) -> str:
            Last()
            return super().readline()

    session, said = make_session(), io.StringIO()
    assert run(session, Display("d"), stdin=Throwing("1\n" * 3), stdout=said) == 143
    assert len(given(session)) == 1
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize(
    ("environ", "dumb"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm", "ACCESSIBLE": "0"}, False),
        ({"TERM": "xterm", "ACCESSIBLE": "1"}, True),
        ({"TERM": "xterm", "TXTAL_PLAIN": "yes"}, True),
        ({"TERM": "dumb"}, True),
        ({}, True),
    ],
)
def test_when_the_terminal_is_dumb(environ: Mapping[str, str], dumb: bool) -> None:
    assert is_dumb(environ) is dumb

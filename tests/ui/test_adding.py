"""A key and a reason added from outside, through the tables that the built-in ones are in."""

from __future__ import annotations

import io

import pytest

from tests.ui.fakes import make_session, unhurried
from tests.worked_examples import worked_code
from txtal import Reason, reason
from txtal.types import REASONS, Ranked
from txtal.types.reasons import _table
from txtal.ui.actions import ACTIONS
from txtal.ui.display import Display
from txtal.ui.keys import Action
from txtal.ui.plain import run
from txtal.ui.screen import Screen
from txtal.ui.shell import Shell


def measure(shell: Shell, typed: str) -> None:
    question = shell.session.question
    if question is not None:
        shell.tell(f"{len(question.ticket.text.split())} words {typed}")


DISPLAY = Display(
    "d",
    actions=(
        *ACTIONS,
        Action("length", ("n",), "count the words", "words", keep=9, line="length FOR", do=measure),
    ),
)


def drawn(screen: Screen) -> str:
    lines = screen.draw(100, 50).lines
    return "\n".join("".join(text for _, text in line) for line in lines)


def test_a_key_is_on_the_screen_and_in_the_line_mode() -> None:
    screen = Screen(make_session(["one two three"]), DISPLAY, pytest.fail, clock=unhurried())
    assert "n words" in drawn(screen)
    screen.press("length")
    assert "3 words" in drawn(screen)
    screen.press("help")
    for letter in "count":
        screen.press("type", letter)
    assert "count the words" in drawn(screen)
    said = io.StringIO()
    typed = io.StringIO("length me\nn it\n?\n")
    assert run(make_session(["one two three"]), DISPLAY, stdin=typed, stdout=said) == 0
    assert "3 words me" in said.getvalue()
    assert "3 words it" in said.getvalue()
    assert "n, length FOR" in said.getvalue()


def test_the_lines_in_the_documentation_add_a_key() -> None:
    added = Display("d", actions=worked_code("### A key").actions)
    screen = Screen(make_session(["one two three"]), added, pytest.fail, clock=unhurried())
    screen.press("length")
    assert "3 words" in drawn(screen)


def test_the_lines_in_the_documentation_add_a_reason() -> None:
    try:
        worked_code("### A reason why a ticket is shown")
        assert "longest" in REASONS
    finally:
        _table.pop("longest", None)


def test_a_reason_is_said_in_its_words_and_kept_with_the_answer() -> None:
    added = Reason("longest", "the longest of those that are left")
    try:
        reason(added)
        assert REASONS["longest"] == added
        session = make_session()
        assert session.question is not None
        session.current.show(
            type(session.question)(session.question.ticket, Ranked(1, reason="longest"))
        )
        screen = Screen(session, DISPLAY, pytest.fail, clock=unhurried())
        assert "the longest of those that are left" in drawn(screen)
        session.choose(1)
        assert session.saved is not None
        assert session.saved.ranked is not None
        assert session.saved.ranked.reason == "longest"
        with pytest.raises(ValueError, match="there is a reason 'longest' already"):
            reason(added)
    finally:
        _table.pop("longest", None)

"""The help: by what one wants to do, narrowed down by typing, done on enter; why a key is off."""

from __future__ import annotations

from dataclasses import replace

from tests.ui.fakes import Sitting, given, make_session
from tests.ui.test_screen import ranked_session
from txtal.types import AUDIT


def test_it_is_narrowed_down_by_typing() -> None:
    sitting = Sitting(make_session(), rows=40)
    assert "such as: label" in sitting.press("help")
    text = sitting.type("merge")
    assert "keys for: merge" in text
    assert "merge the selected label into another" in text
    assert "off: in the list of labels, /" in text
    assert "Change the labels" in text
    assert "Answer\n" not in text
    assert "1 of " in text
    assert "no key is for this" in sitting.type("zz")
    sitting.press("clear")
    assert "Answer\n" in sitting.read()
    # A title finds its keys, and q is a letter once something is typed.
    assert "list tickets nearly the same" in sitting.type("many at once")
    sitting.press("clear")
    sitting.type("uit")
    sitting.press("home")
    sitting.press("close_help", "q")
    assert "quit; every answer" in sitting.read()
    assert "one" in sitting.press("close_help", "\x1b")


def test_enter_does_it_or_says_why_not() -> None:
    session = ranked_session()
    sitting, before = Sitting(session), given(session)
    sitting.press("help")
    sitting.type("comment")
    assert "comment:" in sitting.press("run")
    sitting.press("cancel")
    sitting.press("help")
    sitting.type("accept")
    # The ticket was not in sight, so nothing is answered yet.
    assert "press a now that the ticket is in sight" in sitting.press("run")
    assert given(session) == before
    sitting.press("help")
    sitting.type("messages before")
    assert "no messages before this ticket" in sitting.press("run")
    assert "keys for" in sitting.read()


def test_beside_the_ticket_it_answers_at_once() -> None:
    session = ranked_session()
    sitting = Sitting(session, columns=140, rows=40)
    text = sitting.press("help")
    assert "keys for" in text
    assert "1 refund" in text
    sitting.type("accept the sugg")
    sitting.press("run")
    assert given(session)[-1][0] == "accept"


def test_a_random_check_says_which_keys_are_off() -> None:
    session = ranked_session()
    question = session.question
    assert question is not None
    checked = replace(question.ranked, reason=AUDIT, suggestion=(), probabilities=())
    session.current.show(replace(question, ranked=checked))
    sitting = Sitting(session, columns=100)
    assert "a x off: random check" in sitting.read()
    text = sitting.press("help")
    assert "off: a random check has none" in text
    assert "off: a random check needs a label" in text

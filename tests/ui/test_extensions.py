"""What a recipe adds to a session: keys, panels, its own look of tickets, a check of answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ui.fakes import Played, Sitting, given, make_session, ranked_session, unhurried
from tests.ui.test_plain import talk
from txtal.errors import LockedError, UsageError
from txtal.recipes.extensions import STYLES, Desk, Extras, Key, Panel, flat
from txtal.recipes.patterns import Part, Pattern, Patterns
from txtal.types import Draft, Ticket
from txtal.ui.display import Display
from txtal.ui.keymaps import mapped
from txtal.ui.screen import Screen
from txtal.ui.themes import THEMES, styles

HOSTILE = "\x1b]52;c;ZXZpbA==\x07\u202eevil\x9b2J"


def _render(ticket: Ticket) -> Iterator[tuple[str, str]]:
    yield "dim", "from nobody\n"
    yield "bold title", ticket.text.upper()


def _later(desk: Desk) -> str:
    desk.flagged, desk.comment = True, "later"
    desk.ignore()
    return "put off"


EXTRAS = Extras(
    _render,
    keys=[Key("o", "put it off", _later, hint="put off")],
    panels=[
        Panel("Terms", lambda desk: f"of {', '.join(desk.labels)}", key="t"),
        Panel("Length", lambda desk: [("warn", str(len(desk.ticket.text)))], rows=1),
    ],
)


def test_all_of_it_on_the_screen() -> None:
    session = ranked_session()
    sitting = Sitting(session, extras=EXTRAS)
    seen = sitting.read()
    assert "ONE" in seen
    assert "from nobody" in seen
    assert "Length\n  3" in seen
    assert "o put off" in seen
    styled = [fragment for line in sitting.screen.draw(80, 24).lines for fragment in line]
    assert ("bold class:title", "ONE") in styled
    assert "of refund, billing, praise" in sitting.press("recipe:t")
    assert "ONE" in sitting.press("close")
    assert "put off" in sitting.press("recipe:o")
    assert given(session)[-1] == ("ignore", ())
    assert session.saved is not None
    assert (session.saved.flagged, session.saved.comment) == (True, "later")
    assert "Of this recipe\n  ▸ o                 put it off\n    t                 Terms" in (
        sitting.press("help")
    )


def test_its_keys_are_pressed_in_a_terminal() -> None:
    session = make_session()
    display = Display("feedback", actions=mapped({}, extras=EXTRAS), extras=EXTRAS)
    screen = Screen(session, display, [].append, clock=unhurried())
    played = Played(
        session, ("ONE", "t"), ("of refund", "\x1b"), ("ONE", "o"), ("TWO", "q"), screen=screen
    )
    assert played.code == 0
    assert given(session) == [("ignore", ())]


def test_all_of_it_line_by_line() -> None:
    session = make_session()
    said = talk(session, "t", "o", "?", extras=EXTRAS)
    for part in (
        "from nobody\nONE",
        "Length: 3",
        "Terms: of refund",
        "put off",
        "put it",
    ):
        assert part in said
    assert given(session) == [("ignore", ())]


def test_nothing_of_it_reaches_the_terminal_as_it_is() -> None:
    extras = Extras(
        lambda ticket: [("bold", HOSTILE)],
        keys=[Key("o", HOSTILE, lambda desk: HOSTILE, hint=HOSTILE)],
        panels=[
            Panel(HOSTILE, lambda desk: HOSTILE, key="t"),
            Panel(HOSTILE, lambda desk: HOSTILE),
        ],
    )
    sitting = Sitting(make_session(), extras=extras)
    seen = sitting.read() + sitting.press("recipe:o") + sitting.press("recipe:t")
    seen += sitting.press("close") + sitting.press("help")
    seen += talk(make_session(), "o", "t", "?", extras=extras)
    assert "evil" in seen
    assert not set("\x1b\x07\x9b\u202e") & set(seen)


def _raise(*_: object) -> str:
    raise ValueError("of a ticket's text")


def test_what_fails_is_told_and_the_session_goes_on() -> None:
    panels = [Panel("Terms", _raise, key="t"), Panel("Length", _raise)]
    extras = Extras(_raise, [Key("o", "put it off", _raise)], panels)
    session = make_session()
    sitting = Sitting(session, extras=extras)
    assert "one" in sitting.read()  # as txtal shows it
    assert "the recipe's key o failed: ValueError" in sitting.press("recipe:o")
    assert "the recipe's panel Terms failed: ValueError" in sitting.press("recipe:t")
    assert "two" in sitting.press("label", "1")
    assert "the recipe's render failed: ValueError" in sitting.read()
    assert len(sitting.errors) == 6
    assert "of a ticket" not in sitting.read()
    assert given(session) == [("accept", (1,))]
    assert "the recipe's key o failed" in talk(make_session(), "o", extras=extras)


@pytest.mark.parametrize(
    ("made", "says"),
    [([("purple", "x")], "ValueError"), ([("", 3)], "TypeError"), (None, "TypeError")],
)
def test_what_is_no_styled_text_is_a_fault(made: object, says: str) -> None:
    sitting = Sitting(make_session(), extras=Extras(lambda ticket: made))  # type: ignore[arg-type,return-value]
    assert f"render failed: {says}" in sitting.read()


@pytest.mark.parametrize("theme", THEMES)
def test_every_style_is_one_of_the_theme(theme: str) -> None:
    for style in STYLES:
        (_, _, made), *_ = flat([(style, "x")]).spans
        assert made == style or made.removeprefix("class:") in styles(theme)  # type: ignore[arg-type]


def test_an_answer_that_will_not_do_is_told_and_asked_again() -> None:
    drafts: list[Draft] = []

    def validate(ticket: Ticket, draft: Draft) -> str | None:
        drafts.append(draft)
        return "say why in a comment" if "praise" in draft.labels and not draft.comment else None

    session = make_session(validate=validate)
    sitting = Sitting(session)
    seen = sitting.press("label", "3")
    assert "say why in a comment" in seen
    assert "one" in seen
    assert given(session) == []
    sitting.press("comment")
    sitting.type("kind")
    sitting.press("keep")
    assert "two" in sitting.press("label", "3")
    assert given(session) == [("accept", (3,))]
    assert drafts[-1] == Draft("accept", ("praise",), False, "kind", label_ids=(3,))


def test_a_check_that_fails_costs_no_answer() -> None:
    session = make_session(validate=_raise)
    sitting = Sitting(session)
    seen = sitting.press("label", "1")
    assert "saved, but the recipe's validate failed: ValueError" in seen
    assert "two" in seen
    assert given(session) == [("accept", (1,))]
    assert [type(error) for error in sitting.errors] == [ValueError]


def test_a_key_of_the_recipes_waits_for_the_lock_as_any_answer() -> None:
    session = make_session()
    sitting = Sitting(session, extras=EXTRAS)
    session.ledger.faults.append(LockedError("busy"))  # type: ignore[attr-defined]
    assert "waiting for the database" in sitting.press("recipe:o")
    sitting.press("recipe:o")
    sitting.screen.retry()
    assert given(session) == [("ignore", ())]


@pytest.mark.parametrize(
    ("extras", "says"),
    [
        (Extras(keys=[Key("f", "", _later)]), "the key f would be flag and recipe:f"),
        (Extras(keys=[Key("o", "", _later), Key("o", "", _later)]), "the key o would be"),
        (Extras(keys=[Key("1", "", _later)]), "'1' is none"),
        (Extras(panels=[Panel("p", lambda desk: "", key="ctrl-x")]), "'ctrl-x' is none"),
    ],
)
def test_keys_that_cannot_be(extras: Extras, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        mapped({}, extras=extras)


def test_a_desk_knows_what_is_there() -> None:
    session = ranked_session()
    desk = Desk(session, lambda record: record())
    assert (desk.labels, desk.suggestion, desk.count) == (
        ("refund", "billing", "praise"),
        ("billing",),
        1,
    )
    with pytest.raises(LookupError):
        desk.choose("nothing")
    desk.choose("praise")
    desk.accept()
    assert given(session)[-2:] == [("accept", (3,)), ("accept", (2,))]
    with pytest.raises(LookupError):
        desk.ticket  # noqa: B018


def test_patterns_are_highlighted_and_named() -> None:
    money_back = (Part(frozenset(["money"])), Part(frozenset(["back"])))
    extras = Extras(patterns=Patterns([Pattern("refund", money_back)]))
    sitting = Sitting(make_session(["I want my Money  back, now"]), extras=extras)
    styled = [fragment for line in sitting.screen.draw(80, 24).lines for fragment in line]
    assert ("class:match", "Money  back") in styled
    assert "“Money back” is a pattern of refund" in sitting.press("why")
    said = talk(make_session(["I want my Money  back, now"]), "why", extras=extras)
    assert "“Money back” is a pattern of refund" in said

"""Keys of the annotator's own."""

from __future__ import annotations

import pytest

from tests.ui.fakes import MANY, Played, Sitting, given, make_session, unhurried
from txtal.errors import UsageError
from txtal.ui.display import Display
from txtal.ui.keyboard import Keyboard
from txtal.ui.keymaps import PRESETS, mapped
from txtal.ui.screen import Screen


@pytest.mark.parametrize("preset", PRESETS)
def test_no_key_of_a_preset_does_two_things_and_all_can_quit(preset: str) -> None:
    actions = mapped({}, preset)
    assert "c-c" in next(action for action in actions if action.name == "interrupt").keys


def test_an_own_key_is_bound_and_shown_and_the_old_one_does_nothing() -> None:
    session = make_session(["a", "b", "c"], MANY)
    actions = mapped({"ignore": ["f9", "space"], "undo": "z", "pause": ["f8"]})
    screen = Screen(session, Display("d", actions=actions), pytest.fail, clock=unhurried())
    played = Played(session, ("1 order a", "\x1b[20~"), ("1 of 3", "uzq"), screen=screen)
    assert "z undo" in played.frames[0]
    assert given(session) == []


@pytest.mark.parametrize(
    ("keymap", "says"),
    [
        ({"dance": ["d"]}, "no action dance"),
        ({"label": ["d"]}, "no action label"),
        ({"interrupt": ["d"]}, "no action interrupt"),
        ({"undo": ["c-c"]}, "undo can't be c-c"),
        ({"undo": ["1"]}, "undo can't be 1"),
        ({"undo": ["hyper-x"]}, "such as enter"),
        ({"undo": []}, "without a key"),
        ({"undo": ["a"]}, "the key a would be accept and undo"),
    ],
)
def test_what_cannot_be_mapped_is_told(keymap: dict[str, list[str]], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        mapped(keymap)


def test_an_unknown_preset_is_told() -> None:
    with pytest.raises(UsageError, match="there are: prodigy, vi, emacs"):
        mapped({}, "nano")


def test_letters_of_labels_keep_clear_of_own_keys() -> None:
    keyboard = Keyboard("mnemonic", actions=mapped({"undo": ["r"]}))
    sitting = Sitting(make_session())
    assert "r" not in keyboard.offered(sitting.session)

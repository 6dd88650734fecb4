"""What a recipe adds to the screen: its keys, its panels, its look of a ticket."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from txtal.recipes.extensions import Extension, Extras, Key, Panel
from txtal.types import Question
from txtal.ui.view_state import Sheet

if TYPE_CHECKING:
    from txtal.ui.screen import Screen


class Adding:
    """What the screen does with a recipe's extras."""

    def __init__(self, screen: Screen, extras: Extras) -> None:
        self._screen = screen
        self._extension = Extension(extras, screen.session, screen.save)

    @property
    def actions(self) -> dict[str, Callable[[str], None]]:
        """What each of the recipe's keys does."""
        pressed = self._extension.extras.pressed
        return {name: partial(self._press, one) for name, one in pressed}

    def _press(self, one: Key | Panel, _: str) -> None:
        if self._screen.waiting or not self._screen.is_drawn:
            return
        if isinstance(one, Panel):
            shown = self._extension.opened(one)
            if shown is not None:
                self._screen.see(mode="page", page="panel", page_top=0, panel=(one, shown))
        else:
            said = self._extension.press(one)
            # What it says doesn't count where its answer waits, failed or was refused.
            if said and not self._screen.look.urgent and not self._screen.session.notice:
                self._screen.see(notice=said)

    def matched(self, question: Question) -> tuple[tuple[str, str], ...]:
        """What the patterns find, each with its label."""
        return self._extension.matched(question.ticket)

    def sheet(self, question: Question) -> Sheet:
        """The question as it is drawn."""
        standing = self._extension.standing()
        return Sheet(question, self._extension.rendered(question.ticket), standing)

"""What the screen shows of a session besides the session itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from txtal.recipes.extensions import Panel, Shown
from txtal.types import Found, Overview, Question
from txtal.ui import words
from txtal.ui.field import Field
from txtal.ui.keys import Mode, Page, Purpose
from txtal.ui.wrap import Folded

_EMPTY = Field()


@dataclass(frozen=True, slots=True)
class Look:
    """Where the annotator is on the screen; every key makes a new one."""

    mode: Mode = "ticket"
    whole: bool = False
    """The ticket has the whole screen."""
    top: int = 0
    """The ticket's first line in sight."""
    page: Page = "help"
    """What is read, in mode ``page``."""
    page_top: int = 0
    matched: tuple[tuple[str, str], ...] = ()
    """What the patterns find in the ticket, each with its label, in page ``why``."""
    panel: tuple[Panel, Shown] | None = None
    """The recipe's panel that is read, in page ``panel``."""
    overview: Overview | None = None
    """Where one stood when that page was opened."""
    field: Field = _EMPTY
    cursor: int = 0
    """The marked row of the picker."""
    about: bool = False
    """The picker shows what a label is for, instead of the ticket."""
    examples: tuple[str, ...] = ()
    """The texts of tickets that have it."""
    purpose: Purpose = "answer"
    """What the line being typed, or the label being picked, is for."""
    subject: int = 0
    """The label that it is for."""
    found: tuple[Found, ...] = ()
    """The list of answers or tickets."""
    asked: str = ""
    """The question to be answered with yes or no."""
    notice: str = ""
    """What the screen itself has to tell; goes before the session's notice."""
    urgent: bool = False
    """The notice is of an answer that is not on disk."""
    mouse: bool = False
    """The mouse is the screen's, and not the terminal's to select text with."""
    seconds: int = 0
    """How long the learner has been at what it does."""


class Sheet:
    """A question's text and meta, made ready once and not at every key."""

    def __init__(
        self, question: Question, shown: Shown, beneath: Sequence[tuple[Panel, Shown]] = ()
    ) -> None:
        self.question = question
        self.meta = "" if shown.alone else words.meta(question.ticket.meta)
        self.beneath = beneath
        """The recipe's panels under the text."""
        self._shown = shown
        self._folded: Folded | None = None

    def folded(self, width: int) -> Folded:
        """The text, folded to ``width``."""
        if self._folded is None or self._folded.width != width:
            self._folded = Folded(self._shown.text, width, self._shown.spans)
        return self._folded

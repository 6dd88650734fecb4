"""What the screen shows of a session besides the session itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from txtal.recipes.extensions import Panel, Shown
from txtal.session.session import Session
from txtal.types import Found, Overview, Question
from txtal.types.conversation import messages
from txtal.ui import words
from txtal.ui.field import Field
from txtal.ui.modes import Mode, Order, Page, Purpose, Side
from txtal.ui.wrap import Folded, is_right_to_left

AT_START = -1
"""The first line in sight is where reading starts, with the end of its thread above."""
_THREAD = 8_000
"""Characters of a thread that are shown, the newest."""
_LOOKED_AT = 4_000
"""Characters of a text in which a script is looked for that is written from right to left."""


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page that is read."""

    page: Page = "why"
    top: int = 0
    """The first line in sight."""
    matched: tuple[tuple[str, str], ...] = ()
    """What the patterns find in the ticket, each with its label, in page ``why``."""
    panel: tuple[Panel, Shown] | None = None
    """The recipe's panel, in page ``panel``."""
    overview: Overview | None = None
    """The dataset's figures as of when the page ``standing`` was opened."""


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What is shown of the labels in their list besides their names."""

    used: Mapping[int, int] | None = None
    """How many answers accept each, as of when the list opened; None where that isn't known."""
    described: int = 0
    """The one whose description is shown instead of the ticket; 0 for none."""
    examples: tuple[str, ...] = ()
    """The texts of tickets that have it."""


@dataclass(frozen=True, slots=True)
class Typing:
    """A line that is typed, with the list that it narrows down."""

    purpose: Purpose = "answer"
    """What the line being typed, or the label being picked, is for."""
    subject: int = 0
    """The label that it is for."""
    field: Field = Field()  # noqa: RUF009 - it is frozen
    cursor: int = 0
    """The selected row of the list."""
    found: tuple[Found, ...] = ()
    """The list of answers or tickets."""
    stale: bool = False
    """More was typed since it was listed."""
    waiting: bool = False
    """It is being looked for; what is in sight is the list before."""
    marking: bool = False
    """All rows are marked when it is there."""
    listed: tuple[Purpose, str] = ("search", "")
    """What the list was opened for, and what was typed to narrow it down."""
    marked: tuple[Found, ...] = ()
    """Rows to be answered at once, in sight or not."""
    order: Order = ""
    """Of the list; empty for as it was found."""
    labels: LabelFacts = LabelFacts()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A question to be answered with yes or no."""

    question: str = ""
    about: Found | None = None
    """The ticket that it is about, where that isn't the one at hand."""


@dataclass(frozen=True, slots=True)
class Look:
    """Where the annotator is on the screen; every key makes a new one."""

    mode: Mode = "ticket"
    whole: bool = False
    """The ticket has the whole screen."""
    top: int = AT_START
    """The ticket's first line in sight."""
    threaded: bool = True
    """The messages before the ticket stand above it."""
    reading: OpenPage = OpenPage()
    typing: Typing = Typing()
    asked: Confirmation = Confirmation()
    notice: str = ""
    """What the screen itself has to tell; goes before the session's notice."""
    urgent: bool = False
    """The notice is of an answer that is not on disk."""
    mouse: bool = False
    """The mouse is the screen's, and not the terminal's to select text with."""
    side: Side = "labels"
    seconds: int = 0
    """How long the learner has been at what it does."""

    def read(self, **changes: Any) -> Look:
        """Return the look with these changes of what is read."""
        return replace(self, reading=replace(self.reading, **changes))

    def typed(self, **changes: Any) -> Look:
        """Return the look with these changes of what is typed and listed."""
        return replace(self, typing=replace(self.typing, **changes))

    def of_labels(self, **changes: Any) -> Look:
        """Return the look with these changes of what is shown of the labels."""
        return self.typed(labels=replace(self.typing.labels, **changes))


class Sheet:
    """A question's text and meta, made ready once and not at every key."""

    def __init__(
        self,
        session: Session,
        question: Question,
        shown: Shown,
        beneath: Sequence[tuple[Panel, Shown]] = (),
    ) -> None:
        self.question = question
        values = {} if shown.alone else question.ticket.meta
        self.meta = words.meta(session, values)
        self.whole_meta = words.meta(session, values, whole=True)
        """The same with what is empty or alike in all tickets."""
        self.beneath = beneath
        """The recipe's panels under the text."""
        self.thread = "" if shown.alone else _thread(question.ticket.meta)
        """The messages before the ticket."""
        self.messages = len(messages(question.ticket.meta))
        self._shown = shown
        self._alone: bool | None = None
        self._folded: dict[bool, Folded] = {}

    @property
    def alone(self) -> bool:
        """Whether nothing may stand beside it: a terminal's own reordering would mix the two."""
        if self._alone is None:
            text = self._shown.text[:_LOOKED_AT] + "".join(self.meta)
            self._alone = is_right_to_left(text)
        return self._alone

    def folded(self, width: int, *, threaded: bool = False) -> Folded:
        """The text, folded to ``width``; below its thread if it is to be ``threaded``."""
        threaded = threaded and bool(self.thread)
        kept = self._folded.get(threaded)
        if kept is None or kept.width != width:
            kept = self._folded[threaded] = self._fold(width, threaded=threaded)
        return kept

    def _fold(self, width: int, *, threaded: bool) -> Folded:
        if not threaded:
            return Folded(self._shown.text, width, self._shown.spans)
        at = len(self.thread)
        moved = [(start + at, end + at, style) for start, end, style in self._shown.spans]
        spans = [(0, at, "class:thread"), *moved]
        return Folded(self.thread + self._shown.text, width, spans)

    def thread_lines(self, width: int) -> int:
        """How many lines the thread takes above the text."""
        if not self.thread:
            return 0
        above = Folded(self.thread, width)
        above.reach(len(self.thread))
        return len(above.lines) - 1


def _thread(meta: Mapping[str, Any]) -> str:
    """The messages, each a paragraph, with a blank line below; empty where there are none."""
    found = messages(meta)
    if not found:
        return ""
    whole = "\n".join(found)
    if len(whole) > _THREAD:
        whole = "… " + whole[-_THREAD:].partition(" ")[2]
    return f"{whole}\n\n"

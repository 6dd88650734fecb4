"""What is drawn: the newest frame, and the ticket that is made ready for it."""

from __future__ import annotations

from collections.abc import Callable

from txtal.recipes.extensions import Extension
from txtal.session.session import Session
from txtal.types import Question
from txtal.ui.display import Display
from txtal.ui.keyboard import Keyboard
from txtal.ui.side import SideColumn
from txtal.ui.view import Frame, frame
from txtal.ui.view_state import Look, Sheet


class Picture:
    """Draws a session; a fault of drawing becomes a frame that says so."""

    def __init__(self, display: Display, keyboard: Keyboard, extension: Extension) -> None:
        self.frame = Frame(())
        """As it was drawn last."""
        self._display = display
        self._keyboard = keyboard
        self._extension = extension
        self._sheet: Sheet | None = None
        self._failed = ""
        self._side = SideColumn(keyboard)

    def prepare(self, session: Session) -> bool:
        """Make the question ready to be drawn; whether it is another than before."""
        question = session.question
        before = self._sheet.question if self._sheet else None
        if question is before:
            return False
        if self._sheet and question and question.completes(before):
            self._sheet.question = question  # with a suggestion that came late: nothing else moves
            return False
        self._sheet = self._made_ready(session, question) if question else None
        return True

    def _made_ready(self, session: Session, question: Question) -> Sheet:
        beneath = self._extension.standing()
        return Sheet(session, question, self._extension.rendered(question.ticket), beneath)

    def shows(self, question: Question | None) -> bool:
        """Whether this is the question that was drawn last."""
        return self.frame.question is question

    def draw(
        self,
        session: Session,
        look: Look,
        size: tuple[int, int],
        on_error: Callable[[BaseException], object],
    ) -> Frame:
        """Draw the session for so many columns and rows."""
        try:
            self.frame = frame(
                session, look, self._keyboard, self._sheet, self._display.dataset, size, self._side
            )
            self._failed = ""
        except Exception as error:  # noqa: BLE001 - a picture of the fault beats none at all
            if repr(error) != self._failed:
                self._failed = repr(error)
                on_error(error)
            self.frame = _fault(error)
        return self.frame


def _fault(error: Exception) -> Frame:
    """A frame without a question, so that no key answers what isn't seen."""
    said = f"This ticket can't be drawn ({type(error).__name__}); details in the log. q quits."
    return Frame(([("class:bad", said)],))

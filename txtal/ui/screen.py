"""The state of the screen between keys: what is looked at, and what was last drawn.

Knows no terminal. An action never raises: what goes wrong is shown and reported, and the session
goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from txtal.session.session import Session
from txtal.ui import navigation
from txtal.ui.attendance import TOO_SOON, Attendance
from txtal.ui.display import Display
from txtal.ui.offers import Offers
from txtal.ui.screen_shell import ScreenShell
from txtal.ui.view import Frame
from txtal.ui.view_state import AT_START

LONGEST_PASTE = 10_000

_ON_ROWS = {"open", "mark", "mark_all", "next", "previous", "next_page", "previous_page"}
"""Actions for the rows of a list: they wait for it, a moment."""

_OF_TICKET = {"accept", "reject", "ignore", "undo", "redo", "flag", "take_off"}
"""Actions that only apply to what is on the screen."""

OnError = Callable[[BaseException], object]


class Screen(ScreenShell):
    """A session on a screen. Call :meth:`press` for each key and :meth:`draw` after it."""

    def __init__(
        self,
        session: Session,
        display: Display,
        on_error: OnError,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(session, display)
        self._on_error = on_error
        self._attendance = Attendance(session, clock)
        self._offers = Offers(session)

    @property
    def is_ahead_of_drawing(self) -> bool:
        """Whether the next key may be taken before this one's doing is drawn."""
        return self._attendance.refused or self.look.mode in ("list", "line")

    # --- keys -------------------------------------------------------------------------------

    def press(self, action: str, key: str = "") -> None:
        """Do what an action does."""
        self._attendance.touch()
        if self.look.mode == "list" and not self._has_list_for(action):
            return
        if not self.recorder.waiting:
            self.see(notice="", urgent=False)
            self.session.notice = ""
        try:
            own = navigation.OWN.get(action)
            if own is not None:
                own(self, key)
            else:
                self._do(action)
        except Exception as error:  # noqa: BLE001 - whatever it is, the session goes on
            self.failed(f"“{action}”", error)
        self._settle()

    def press_from_help(self, action: str) -> None:
        """Do what a key does; an answer only where its ticket is in sight."""
        unseen = not self.picture.shows(self.session.question)
        if unseen and (action in _OF_TICKET or self.keyboard.action(action).added):
            self.tell(f"press {self.keyboard.key_of(action)} now that the ticket is in sight")
        else:
            self.press(action)

    def _has_list_for(self, action: str) -> bool:
        """Whether an action that is for rows has those of what is typed; says so if not."""
        if self.look.typing.stale and action != "type":
            navigation.list_again(self)
        if not self.look.typing.waiting or action not in _ON_ROWS:
            return True
        navigation.take_list(self, wait=True)
        if self.look.typing.waiting:
            self.tell("still looking; press it again")
        return not self.look.typing.waiting

    def _do(self, name: str) -> None:
        """Do what the table says; a recipe's key only for a ticket that was drawn."""
        action, question = self.keyboard.action(name), self.session.question
        at_hand = question is not None and self.picture.shows(question)
        if action.do is not None and (not action.added or (at_hand and not self.recorder.waiting)):
            action.do(self, "")

    def paste(self, text: str) -> None:
        """Insert pasted text if a line is being typed; it never counts as keys."""
        if self.look.mode in ("picker", "list", "line"):
            self.press("type", text[:LONGEST_PASTE])
            if len(text) > LONGEST_PASTE:
                self.tell(f"only the first {LONGEST_PASTE:,} characters of the paste were taken")
        else:
            self.tell("paste ignored: press keys one by one")

    def wheel(self, by: int) -> None:
        """A turn of the mouse's wheel."""
        self._attendance.touch()
        navigation.wheel(self, by)

    def click(self, x: int, y: int) -> None:
        """A click on a cell."""
        navigation.click(self, x, y)

    def answer(self, record: Callable[[], None], *, suggested: bool = False) -> None:
        """Record an answer to the question that was drawn, if it can have been seen."""
        if self._was_seen(suggested=suggested):
            super().answer(record, suggested=suggested)

    def reply(self, key: str) -> None:
        """The annotator has said yes or no, or neither, to what they can have seen."""
        if self._was_seen():
            super().reply(key)

    def _was_seen(self, *, suggested: bool = False) -> bool:
        """Whether what is answered was on the screen for long enough; tells when it wasn't."""
        hasty = self._attendance.is_hasty(suggested=suggested)
        if hasty:
            self.tell(TOO_SOON)
        return not hasty

    # --- what happens by itself -------------------------------------------------------------

    def retry(self) -> None:
        """Try again to record what waits for the database."""
        if self.recorder.waiting:
            try:
                self.see(notice="", urgent=False)
                self.recorder.attempt(self.recorder.waiting)
            except Exception as error:  # noqa: BLE001 - as in press
                self.failed("saving", error)
            self._settle()

    def news(self) -> None:
        """Take in what the learner has sent."""
        try:
            self.session.update()
        except Exception as error:  # noqa: BLE001 - as in press
            self.failed("taking in the ranking", error)
        try:
            self.session.finding.take_near()
            if self.look.typing.stale:
                navigation.list_again(self)
            navigation.take_list(self)
        except Exception as error:  # noqa: BLE001 - as in press
            self.failed("looking it up", error)
        self.see(seconds=self._attendance.learner_seconds())
        if self.look.mode != "paused" and self._attendance.is_idle:
            self.pause_since(self._attendance.touched)
        self._settle()

    def _settle(self) -> None:
        """Report the recipe's faults, and start a new question from its top."""
        while self.session.notices.errors:
            self._on_error(self.session.notices.errors.pop(0))
        if self.picture.prepare(self.session):
            mode = self.look.mode if self.look.mode in ("page", "help", "paused") else "ticket"
            self.see(mode=mode, whole=False, top=AT_START)
            navigation.ask_why_beside(self)
            self.session.finding.look_near(self.session)
            self.session.finding.take_near()
            if mode == "ticket" and not self.session.scheme.labels:
                self.pick("answer")  # the first label is typed
        self._offers.make(self)

    def failed(self, what: str, error: BaseException) -> None:
        """Something went wrong that nobody foresaw: tell, report, and go on."""
        self._tell_unsaved(f"{what} failed: {type(error).__name__}; details in the log")
        self._on_error(error)

    def painted(self) -> None:
        """Note that what was drawn last has reached the terminal."""
        self._attendance.painted()

    def draw(self, columns: int, rows: int) -> Frame:
        """The picture to show now; from here on its question may be answered."""
        self._settle()
        if self.look.typing.stale:
            navigation.list_again(self)
        drawn = self.picture.draw(self.session, self.look, (columns, rows), self._on_error)
        asked = self.look.asked.question if self.look.mode == "confirm" else ""
        self._attendance.see(self.picture.frame.question, asked)
        if self.look.mode == "page":
            self.look = self.look.read(top=drawn.top)
        else:
            self.see(top=drawn.top)
        return drawn

"""The state of the screen between keys: which action does what, and what was last drawn.

Knows no terminal. An action never raises: what goes wrong is shown and reported, and the session
goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from txtal.errors import DatabaseError, LockedError
from txtal.session import Session
from txtal.ui.field import Field
from txtal.ui.keyboard import Keyboard
from txtal.ui.keys import Mode
from txtal.ui.labels import picked
from txtal.ui.look import Look, Sheet
from txtal.ui.view import Frame, frame

OnError = Callable[[BaseException], object]

INTERRUPTED = 130
WAITING = "waiting for the database lock… (q quits without this answer)"


class Screen:
    """A session on a screen. Call :meth:`press` for each key and :meth:`draw` after it."""

    def __init__(
        self,
        session: Session,
        dataset: str,
        on_error: OnError,
        *,
        keyboard: Keyboard | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session = session
        self.dataset = dataset
        self.look = Look()
        self.keyboard = keyboard or Keyboard()
        self.exit_code: int | None = None
        """Set when it is time to leave."""
        self.waiting: Callable[[], None] | None = None
        """What is to be recorded as soon as the database is free."""
        self._on_error = on_error
        self._clock = clock
        self._sheet: Sheet | None = None
        self._frame = Frame(())
        self._learner_state = ""
        self._learner_since = 0.0
        self._drawing_failed = ""
        self._actions = self._table()

    def _table(self) -> dict[str, Callable[[str], None]]:
        """What each action of :data:`txtal.ui.keys.ACTIONS` does; it is given the key."""
        session = self.session
        return {
            "accept": lambda _: self._answer(session.accept),
            "reject": lambda _: self._answer(session.reject),
            "ignore": lambda _: self._answer(session.ignore),
            "label": self._label,
            "pick": lambda _: self._open("picker", Field()),
            "jump": self._jump,
            "undo": lambda _: self._undo(),
            "flag": lambda _: self._mark(session.toggle_flag),
            "comment": lambda _: self._open("comment", Field.of(session.comment)),
            "whole": lambda _: self._see(whole=not self.look.whole, top=0),
            "back": lambda _: self._see(whole=False),
            "down": lambda _: self._scroll(1),
            "up": lambda _: self._scroll(-1),
            "page_down": lambda _: self._scroll(self._frame.page),
            "page_up": lambda _: self._scroll(-self._frame.page),
            "help": lambda _: self._see(mode="help", help_top=0),
            "close": lambda _: self._see(mode="ticket"),
            "quit": lambda _: self._leave(0),
            "interrupt": lambda _: self._leave(INTERRUPTED),
            "type": lambda text: self._type(self.look.field.typed(text)),
            "erase": lambda _: self._type(self.look.field.erased()),
            "delete": lambda _: self._type(self.look.field.deleted()),
            "clear": lambda _: self._type(Field()),
            "left": lambda _: self._move(-1),
            "right": lambda _: self._move(1),
            "home": lambda _: self._move(-len(self.look.field.text)),
            "end": lambda _: self._move(len(self.look.field.text)),
            "next": lambda _: self._step(1),
            "previous": lambda _: self._step(-1),
            "choose": lambda _: self._choose_picked(),
            "keep": lambda _: self._keep_comment(),
            "cancel": lambda _: self._see(mode="ticket"),
        }

    @property
    def offered(self) -> Mapping[str, int]:
        """The label behind each key, as it was drawn."""
        return self._frame.offered

    # --- keys -------------------------------------------------------------------------------

    def press(self, action: str, key: str = "") -> None:
        """Do what an action does."""
        if not self.waiting:
            self._see(notice="", urgent=False)
            self.session.notice = ""
        try:
            self._actions[action](key)
        except Exception as error:  # noqa: BLE001 - whatever it is, the session goes on
            self.failed(f"“{action}”", error)
        self._settle()

    def paste(self, text: str) -> None:
        """Pasted text is typed where something is being typed, and never taken for keys."""
        if self.look.mode in ("picker", "comment"):
            self.press("type", text)
        else:
            self._see(notice="pasted text is not taken for keys")

    def _answer(self, record: Callable[[], None]) -> None:
        """Record an answer to the question that was drawn, and to no other."""
        if self.session.question is not None and self._is_drawn():
            self._save(record)

    def _is_drawn(self) -> bool:
        return self._frame.question is self.session.question

    def _label(self, key: str) -> None:
        """Take the label that was drawn with this key; where none was, a digit is typed."""
        if key in self.offered:
            self._see(mode="ticket")
            self._answer(partial(self.session.choose, self.offered[key]))
        elif self.look.mode == "picker":
            self._type(self.look.field.typed(key))

    def _jump(self, key: str) -> None:
        """A label's own letter answers; a capital, and what has none, begins a name."""
        if key in self.offered:
            self._label(key)
        elif key.isalpha() and not key.islower():
            self._open("picker", Field.of(key.lower()))

    def _undo(self) -> None:
        if self._is_drawn():
            self._save(self.session.undo)

    def _save(self, record: Callable[[], None]) -> None:
        """Record, or wait for the lock. One thing at a time: keys pressed meanwhile do nothing."""
        if not self.waiting:
            self._try(record)

    def _try(self, record: Callable[[], None]) -> None:
        self.waiting = None
        try:
            record()
        except LockedError:
            self.waiting = record
            self._see(notice=WAITING, urgent=True)
        except DatabaseError as error:
            self._see(notice=f"NOT saved: {error}", urgent=True)

    def _mark(self, change: Callable[[], None]) -> None:
        if self.session.question is not None and not self.waiting:
            change()

    def _open(self, mode: Mode, field: Field) -> None:
        if self.session.question is not None and not self.waiting:
            self._see(mode=mode, field=field, cursor=0)

    def _type(self, field: Field) -> None:
        self._see(field=field, cursor=0)

    def _move(self, by: int) -> None:
        self._see(field=self.look.field.moved(by))

    def _step(self, by: int) -> None:
        last = len(picked(self.session, self.keyboard, self.look)) - 1
        self._see(cursor=max(0, min(last, self.look.cursor + by)))

    def _choose_picked(self) -> None:
        found = picked(self.session, self.keyboard, self.look)
        if found:
            self._see(mode="ticket")
            self._answer(partial(self.session.choose, found[self.look.cursor]))

    def _keep_comment(self) -> None:
        self.session.comment = self.look.field.text.strip()
        self._see(mode="ticket")

    def _scroll(self, by: int) -> None:
        top = max(0, self._frame.top + by)
        self._see(**{"help_top" if self.look.mode == "help" else "top": top})

    def _leave(self, code: int) -> None:
        self.exit_code = code

    # --- what happens by itself -------------------------------------------------------------

    def retry(self) -> None:
        """Try again to record what waits for the database."""
        if self.waiting:
            try:
                self._see(notice="", urgent=False)
                self._try(self.waiting)
            except Exception as error:  # noqa: BLE001 - as in press
                self.failed("saving", error)
            self._settle()

    def news(self) -> None:
        """Take in what the learner has sent."""
        try:
            self.session.update()
        except Exception as error:  # noqa: BLE001 - as in press
            self.failed("taking in the ranking", error)
        self._watch_learner()
        self._settle()

    def _watch_learner(self) -> None:
        state = self.session.learner.status.state if self.session.learner else "off"
        if state != self._learner_state:
            self._learner_state, self._learner_since = state, self._clock()
        self._see(seconds=int(self._clock() - self._learner_since))

    def _settle(self) -> None:
        """Report the recipe's faults, and start a new question from its top."""
        while self.session.errors:
            self._on_error(self.session.errors.pop(0))
        question = self.session.question
        if question is not (self._sheet.question if self._sheet else None):
            mode = "help" if self.look.mode == "help" else "ticket"
            self._sheet = Sheet(question) if question else None
            self._see(mode=mode, whole=False, top=0)

    def failed(self, what: str, error: BaseException) -> None:
        """Something went wrong that nobody foresaw: tell, report, and go on."""
        self._see(notice=f"{what} failed: {type(error).__name__}; details in the log", urgent=True)
        self._on_error(error)

    # --- drawing ----------------------------------------------------------------------------

    def draw(self, columns: int, rows: int) -> Frame:
        """The picture to show now; from here on its question may be answered."""
        self._settle()
        try:
            self._frame = frame(
                self.session,
                self.look,
                self.keyboard,
                self._sheet,
                self.dataset,
                columns,
                rows,
            )
            self._drawing_failed = ""
        except Exception as error:  # noqa: BLE001 - a picture of the fault beats none at all
            self._frame = self._picture_of(error)
        if self.look.mode == "help":
            self._see(help_top=self._frame.top)
        else:
            self._see(top=self._frame.top)
        return self._frame

    def _picture_of(self, error: Exception) -> Frame:
        """A frame without a question, so that no key answers what isn't seen."""
        if repr(error) != self._drawing_failed:
            self._drawing_failed = repr(error)
            self._on_error(error)
        said = f"This ticket can't be drawn ({type(error).__name__}); details in the log. q quits."
        return Frame(([("class:bad", said)],))

    def _see(self, **changes: object) -> None:
        self.look = replace(self.look, **changes)  # type: ignore[arg-type]

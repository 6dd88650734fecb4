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
from txtal.recipes.extensions import Extras
from txtal.session.session import IDLE_SECONDS, Session
from txtal.text import clean
from txtal.types import Overview
from txtal.ui.extensions import Adding
from txtal.ui.field import Field
from txtal.ui.finding import Finding
from txtal.ui.keyboard import Keyboard
from txtal.ui.keys import Mode, Page, Purpose
from txtal.ui.label_editing import Editing
from txtal.ui.labels import picked
from txtal.ui.layout import target_at
from txtal.ui.picker import Choice
from txtal.ui.view import Frame, frame
from txtal.ui.view_state import Look, Sheet

OnError = Callable[[BaseException], object]

INTERRUPTED = 130
_WHEEL_LINES = 3
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
        extras: Extras | None = None,
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
        self._touched = session.clock()
        self._sheet: Sheet | None = None
        self._frame = Frame(())
        self._learner_state = ""
        self._learner_since = 0.0
        self._drawing_failed = ""
        self._confirmed: Callable[[], None] = lambda: None
        self._adding = Adding(self, extras or Extras())
        self._editing = Editing(self)
        self._finding = Finding(self)
        self._offered_alike = session.saved
        self._actions = self._table()

    def _table(self) -> dict[str, Callable[[str], None]]:
        """What each action of :data:`txtal.ui.keys.ACTIONS` does; it is given the key."""
        session = self.session
        return {
            "accept": lambda _: self._answer(session.accept),
            "reject": lambda _: self._answer(session.reject),
            "ignore": lambda _: self._answer(session.ignore),
            "label": self._label,
            "pick": lambda _: self.pick("answer"),
            "jump": self._jump,
            "undo": lambda _: self._undo(),
            "flag": lambda _: self._mark(session.toggle_flag),
            "comment": lambda _: self.type_line("comment", session.comment),
            "whole": lambda _: self.see(whole=not self.look.whole, top=0),
            "back": lambda _: self._back(),
            "down": lambda _: self._scroll(1),
            "up": lambda _: self._scroll(-1),
            "page_down": lambda _: self._scroll(self._frame.page),
            "page_up": lambda _: self._scroll(-self._frame.page),
            "help": lambda _: self._read("help"),
            "why": lambda _: self._read_why(),
            "guidelines": lambda _: self._read_guidelines(),
            "standing": lambda _: self._read("standing", self.session.ledger.overview()),
            "pause": lambda _: self._pause(),
            "resume": lambda _: self._resume(),
            "close": lambda _: self.see(mode="ticket"),
            "mouse": lambda _: self._toggle_mouse(),
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
            "next_page": lambda _: self._step(self._frame.page),
            "previous_page": lambda _: self._step(-self._frame.page),
            "choose": lambda _: self._choose_marked(),
            "keep": lambda _: self._keep(),
            "yes": lambda _: self._confirmed(),
            "no": lambda _: self.see(mode="ticket"),
            "cancel": lambda _: self.see(mode="ticket"),
            **self._adding.actions,
            **self._editing.actions,
            **self._finding.actions,
        }

    @property
    def offered(self) -> Mapping[str, Choice]:
        """What is behind each key that a label may have, as it was drawn."""
        return self._frame.offered

    # --- keys -------------------------------------------------------------------------------

    def press(self, action: str, key: str = "") -> None:
        """Do what an action does."""
        self._touched = self.session.clock()
        if not self.waiting:
            self.see(notice="", urgent=False)
            self.session.notice = ""
        try:
            self._actions[action](key)
        except Exception as error:  # noqa: BLE001 - whatever it is, the session goes on
            self.failed(f"“{action}”", error)
        self._settle()

    def paste(self, text: str) -> None:
        """Pasted text is typed where something is being typed, and never taken for keys."""
        if self.look.mode in ("picker", "list", "line"):
            self.press("type", text)
        else:
            self.see(notice="pasted text is not taken for keys")

    def wheel(self, by: int) -> None:
        """A turn of the mouse's wheel: a few lines, or a row of a list."""
        self._touched = self.session.clock()
        if self.look.mode in ("picker", "list"):
            self._step(by)
        elif self.look.mode in ("ticket", "page"):
            self._scroll(_WHEEL_LINES * by)

    def click(self, x: int, y: int) -> None:
        """A click: on a label it is its key, on a row of a list it marks the row, then takes it."""
        lines = self._frame.lines
        kind, _, target = (target_at(lines[y], x) if y < len(lines) else "").partition(":")
        if kind == "key":
            self.press("pick" if target == "/" else "label", target)
        elif kind == "row" and self.look.mode == "list" and int(target) != self.look.cursor:
            self.see(cursor=int(target))
        elif kind == "row":
            self.see(cursor=int(target))
            self.press("open" if self.look.mode == "list" else "choose")

    def _toggle_mouse(self) -> None:
        on = not self.look.mouse
        key = next(action.first for action in self.keyboard.actions if action.name == "mouse")
        said = f"the mouse is on: wheel and clicks; {key} gives it back to the terminal"
        self.see(mouse=on, notice=said if on else "the mouse is off")

    def _answer(self, record: Callable[[], None]) -> None:
        """Record an answer to the question that was drawn, and to no other."""
        if self.is_drawn:
            self.save(record)

    @property
    def is_drawn(self) -> bool:
        """There is a ticket, and it is what was drawn last."""
        return self.session.question is not None and self._frame.question is self.session.question

    def _label(self, key: str) -> None:
        """Take the label that was drawn with this key; where none was, a digit is typed."""
        if key in self.offered:
            self._take(self.offered[key])
        elif self.look.mode == "picker":
            self._type(self.look.field.typed(key))

    def _jump(self, key: str) -> None:
        """A label's own letter answers; a capital, and what has none, begins a name."""
        if key in self.offered:
            self._label(key)
        elif key.isalpha() and not key.islower():
            self.pick("answer", key.lower())
        elif key:
            helps = next(action.first for action in self.keyboard.actions if action.name == "help")
            self.see(notice=f"{clean(key)} does nothing here; {helps} lists the keys")

    def _undo(self) -> None:
        if self._frame.question is self.session.question:
            self.save(self.session.undo)

    def save(self, record: Callable[[], None]) -> None:
        """Record, or wait for the lock. One thing at a time: keys pressed meanwhile do nothing."""
        if not self.waiting:
            self._try(record)

    def _try(self, record: Callable[[], None]) -> None:
        self.waiting = None
        try:
            record()
        except LockedError:
            self.waiting = record
            self.see(notice=WAITING, urgent=True)
        except DatabaseError as error:
            self.see(notice=f"NOT saved: {error}", urgent=True)

    def _back(self) -> None:
        if self.look.whole:
            self.see(whole=False)
        elif not self.waiting:
            self.session.leave()

    def _mark(self, change: Callable[[], None]) -> None:
        if self.session.question is not None and not self.waiting:
            change()

    def pick(self, purpose: Purpose, typed: str = "", subject: int = 0) -> None:
        """Open the list of labels."""
        self._open("picker", purpose, typed, subject)

    def type_line(self, purpose: Purpose, text: str = "", subject: int = 0) -> None:
        """Open a line to type."""
        self._open("line", purpose, text, subject)

    def _open(self, mode: Mode, purpose: Purpose, text: str, subject: int) -> None:
        if self.session.question is not None and not self.waiting:
            self.see(
                mode=mode,
                field=Field.of(text),
                cursor=0,
                purpose=purpose,
                subject=subject,
                about=False,
            )

    def confirm(self, question: str, do: Callable[[], None]) -> None:
        """Do something once the annotator has said yes."""
        self._confirmed = partial(self._do_confirmed, do)
        self.see(mode="confirm", asked=f"{question} y/n")

    def _do_confirmed(self, do: Callable[[], None]) -> None:
        self.see(mode="ticket")
        do()

    def _type(self, field: Field) -> None:
        self.see(field=field, cursor=0)
        if self.look.mode == "list":
            self._finding.look_up()

    def _move(self, by: int) -> None:
        self.see(field=self.look.field.moved(by))

    def _step(self, by: int) -> None:
        rows = (
            self.look.found
            if self.look.mode == "list"
            else picked(self.session, self.keyboard, self.look)
        )
        last = len(rows) - 1
        self.see(cursor=max(0, min(last, self.look.cursor + by)))

    @property
    def marked(self) -> Choice | None:
        """The marked row of the list of labels."""
        found = picked(self.session, self.keyboard, self.look)
        return found[self.look.cursor] if found else None

    def _choose_marked(self) -> None:
        if self.marked:
            self._take(self.marked)

    def _take(self, choice: Choice) -> None:
        """A label is the answer, or what another is merged into; a level is gone into."""
        if choice.level:
            self._type(Field.of(choice.level))
        elif self.look.mode == "picker" and (choice.new or self.look.purpose != "answer"):
            self._editing.take(choice)
        else:
            self.see(mode="ticket")
            self._answer(partial(self.session.choose, choice.label))

    def _keep(self) -> None:
        text = self.look.field.text.strip()
        self.see(mode="ticket")
        if self.look.purpose == "comment":
            self.session.comment = text
        elif text:
            self._editing.keep(text)

    def _scroll(self, by: int) -> None:
        top = max(0, self._frame.top + by)
        self.see(**{"page_top" if self.look.mode == "page" else "top": top})

    def _read(self, page: Page, overview: Overview | None = None) -> None:
        self.see(mode="page", page=page, page_top=0, overview=overview)

    def _read_why(self) -> None:
        if self.session.question is not None:
            self.session.ask_why()
            self._read("why")
            self.see(matched=self._adding.matched(self.session.question))

    def _read_guidelines(self) -> None:
        if self.session.guidelines:
            self._read("guidelines")
        else:
            self.see(notice="there are no guidelines; --guidelines FILE.md shows some here")

    def _pause(self, since: float | None = None) -> None:
        if not self.waiting:
            self.session.pause(since)
            self.see(mode="paused")

    def _resume(self) -> None:
        self.session.resume()
        self.see(mode="ticket")

    def _leave(self, code: int) -> None:
        self.exit_code = code

    # --- what happens by itself -------------------------------------------------------------

    def retry(self) -> None:
        """Try again to record what waits for the database."""
        if self.waiting:
            try:
                self.see(notice="", urgent=False)
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
        if self.look.mode != "paused" and self.session.clock() - self._touched > IDLE_SECONDS:
            self._pause(self._touched)
        self._settle()

    def _watch_learner(self) -> None:
        state = self.session.learner.status.state if self.session.learner else "off"
        if state != self._learner_state:
            self._learner_state, self._learner_since = state, self._clock()
        self.see(seconds=int(self._clock() - self._learner_since))

    def _settle(self) -> None:
        """Report the recipe's faults, and start a new question from its top."""
        while self.session.errors:
            self._on_error(self.session.errors.pop(0))
        question = self.session.question
        if question is not (self._sheet.question if self._sheet else None):
            mode = self.look.mode if self.look.mode in ("page", "paused") else "ticket"
            self._sheet = self._adding.sheet(question) if question else None
            self.see(mode=mode, whole=False, top=0)
        if self.session.saved is not self._offered_alike:
            self._offered_alike = self.session.saved
            self._finding.offer_alike()

    def failed(self, what: str, error: BaseException) -> None:
        """Something went wrong that nobody foresaw: tell, report, and go on."""
        self.see(notice=f"{what} failed: {type(error).__name__}; details in the log", urgent=True)
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
        if self.look.mode == "page":
            self.see(page_top=self._frame.top)
        else:
            self.see(top=self._frame.top)
        return self._frame

    def _picture_of(self, error: Exception) -> Frame:
        """A frame without a question, so that no key answers what isn't seen."""
        if repr(error) != self._drawing_failed:
            self._drawing_failed = repr(error)
            self._on_error(error)
        said = f"This ticket can't be drawn ({type(error).__name__}); details in the log. q quits."
        return Frame(([("class:bad", said)],))

    def see(self, **changes: object) -> None:
        """Change what is looked at."""
        self.look = replace(self.look, **changes)  # type: ignore[arg-type]

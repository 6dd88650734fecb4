"""What an action does on the full screen: it changes what is looked at, or records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from txtal.recipes.extensions import Extension, Panel, Shown
from txtal.session.session import Session
from txtal.types import Found, Label
from txtal.ui import navigation
from txtal.ui.attendance import TOO_SOON
from txtal.ui.display import Display
from txtal.ui.field import Field
from txtal.ui.keyboard import Keyboard
from txtal.ui.label_editing import keep
from txtal.ui.modes import MARKED, Mode, Page, Purpose
from txtal.ui.picture import Picture
from txtal.ui.recorder import Recorder
from txtal.ui.view_state import AT_START, Confirmation, LabelFacts, Look


class ScreenShell:
    """The :class:`~txtal.ui.shell.Shell` of the full screen."""

    def __init__(self, session: Session, display: Display) -> None:
        self.session = session
        self.keyboard = Keyboard(display.label_keys, actions=display.actions)
        self.look = Look()
        self.exit_code: int | None = None
        """Set when it is time to leave."""
        self.recorder = Recorder(self._tell_unsaved)
        self.extension = Extension(display.extras, session, self.save)
        self.picture: Picture = Picture(display, self.keyboard, self.extension)
        self._replies: dict[str, Callable[[], None]] = {}

    def see(self, **changes: Any) -> None:
        """Change what is looked at."""
        self.look = replace(self.look, **changes)

    def answer(self, record: Callable[[], None], *, suggested: bool = False) -> None:
        """Record an answer to the question that was drawn, and to no other.

        A suggestion may have come a moment ago that is still to be drawn.
        """
        if self.picture.shows(self.session.question):
            self.save(record)
        else:
            self.tell(TOO_SOON)

    def save(self, record: Callable[[], None]) -> None:
        """Record, or wait for the lock."""
        self.recorder.save(record)

    def tell(self, text: str) -> None:
        """Tell the annotator this; not in the place of what is not on disk."""
        if not self.look.urgent:
            self.see(notice=text)

    def echo(self, text: str) -> None:
        """Do nothing: the screen shows it."""

    def _tell_unsaved(self, text: str) -> None:
        self.see(notice=text, urgent=True)

    def read(self, page: Page) -> None:
        """Show a page to read, or the help."""
        if page == "help":
            self.see(mode="help")
            self.look = self.look.typed(field=Field(), cursor=0)
            return
        overview = self.session.ledger.overview() if page == "standing" else None
        question = self.session.question
        matched = self.extension.matched(question.ticket) if page == "why" and question else ()
        self._read(page=page, overview=overview, matched=matched)

    def read_panel(self, panel: Panel, shown: Shown) -> None:
        """Show a recipe's panel."""
        self._read(page="panel", panel=(panel, shown))

    def _read(self, **changes: Any) -> None:
        self.look = self.look.read(top=0, **changes)
        self.see(mode="page")

    def view(self) -> None:
        """Give the ticket the whole screen, or no longer."""
        self.see(whole=not self.look.whole, top=AT_START)

    def fold_thread(self) -> None:
        """Show the messages before the ticket, or no longer."""
        self.see(threaded=not self.look.threaded, top=AT_START)

    def open_list(self, purpose: Purpose, typed: str) -> None:
        """List answers or tickets."""
        if not self.recorder.waiting:
            self.see(mode="list")
            self.look = self.look.typed(
                purpose=purpose,
                field=Field.of(typed),
                found=(),
                marked=(),
                marking=purpose in MARKED,
                order="",
            )
            navigation.list_again(self)

    def found_at(self, typed: str) -> Found | None:
        """Return the selected answer or ticket of the list, which closes."""
        typing = self.look.typing
        if not typing.found:
            return None
        self.see(mode="ticket")
        return typing.found[typing.cursor]

    def numbered(self, typed: str) -> Sequence[Found]:
        """Return nothing: rows are marked here."""
        return ()

    def pick(self, purpose: Purpose, typed: str = "", subject: int = 0) -> None:
        """Open the list of labels; of scores at the one that is suggested."""
        self._open("picker", purpose, typed, subject)
        if self.session.scheme.scored and self.look.mode == "picker" and not typed:
            navigation.select_suggestion(self)

    def type_line(self, purpose: Purpose, text: str, subject: int, typed: str) -> None:
        """Open a line to type."""
        if typed:
            keep(self, purpose, subject, typed)
        else:
            self._open("line", purpose, text, subject)

    def _open(self, mode: Mode, purpose: Purpose, text: str, subject: int) -> None:
        if self.session.question is not None and not self.recorder.waiting:
            self.see(mode=mode)
            used = self.session.ledger.used() if mode == "picker" else None
            self.look = self.look.typed(
                field=Field.of(text),
                cursor=0,
                purpose=purpose,
                subject=subject,
                labels=LabelFacts(used),
            )

    def label_at(self, typed: str) -> Label | None:
        """Return the selected label."""
        return navigation.selected_label(self)

    def describe_label(self, label: Label) -> None:
        """Show a label's description in the ticket's place, or the ticket again."""
        shown = self.look.typing.labels.described == label.id
        examples = () if shown else tuple(self.session.ledger.examples(label.id))
        self.look = self.look.of_labels(described=0 if shown else label.id, examples=examples)

    def labels_changed(self, said: str, *, undoable: bool) -> None:
        """Go back to the ticket, and tell what was done."""
        self.see(mode="ticket")
        key = self.keyboard.key_of("restore")
        self.tell(f"{said}; {key} in the list of labels undoes it" if undoable else said)

    def confirm(self, question: str, do: Callable[[], None]) -> None:
        """Do something once the annotator has said yes."""
        self.choose(question, do, lambda: None)

    def choose(
        self,
        question: str,
        yes: Callable[[], None],
        no: Callable[[], None],
        about: Found | None = None,
    ) -> None:
        """Do the one or the other, once the annotator has said which, of a ticket of a list."""
        self._replies = {"y": yes, "n": no}
        self.see(mode="confirm", asked=Confirmation(f"{question} y/n", about))

    def marked(self) -> Sequence[Found]:
        """Return what is marked in the list."""
        return self.look.typing.marked if self.look.mode == "list" else ()

    def unmark(self, found: Sequence[Found]) -> None:
        """Take the marks off these; back to the list if others are left."""
        ids = {one.ticket.id for one in found}
        left = tuple(one for one in self.look.typing.marked if one.ticket.id not in ids)
        purpose, typed = self.look.typing.listed
        self.look = self.look.typed(marked=left, field=Field.of(typed), purpose=purpose)
        if left:
            self.see(mode="list")
            navigation.list_again(self)

    def reply(self, key: str) -> None:
        """The annotator has said yes or no, or neither."""
        self.see(mode="ticket")
        self._replies.get(key, lambda: None)()

    def pause(self) -> None:
        """Stop the clock until a key is pressed."""
        self.pause_since(None)

    def pause_since(self, since: float | None) -> None:
        """Stop the clock as of then, if nobody has been there from then on."""
        if not self.recorder.waiting:
            self.session.current.pause(since)
            self.see(mode="paused")

    def back(self) -> None:
        """Go back from the whole screen, or to the ticket before."""
        if self.look.whole:
            self.see(whole=False)
        elif not self.recorder.waiting:
            self.session.leave()

    def leave(self, code: int) -> None:
        """End the session."""
        self.exit_code = code

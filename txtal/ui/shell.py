"""What an action needs of the shell it runs in: the full screen or the line mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from txtal.recipes.extensions import Extension, Panel, Shown
from txtal.session.session import Session
from txtal.types import Found, Label
from txtal.ui.modes import Page, Purpose


class Shell(Protocol):
    """A session's screen, or its line mode."""

    @property
    def session(self) -> Session: ...

    @property
    def extension(self) -> Extension: ...

    def answer(self, record: Callable[[], None], *, suggested: bool = False) -> None:
        """Record an answer to the question that was shown, and to no other.

        ``suggested`` if it answers to the suggestion, which may have come after the ticket.
        """

    def save(self, record: Callable[[], None]) -> None:
        """Record, waiting for the database if it must."""

    def tell(self, text: str) -> None:
        """Tell the annotator this."""

    def echo(self, text: str) -> None:
        """Say what the full screen shows anyway."""

    def read(self, page: Page) -> None:
        """Show a page to read."""

    def read_panel(self, panel: Panel, shown: Shown) -> None:
        """Show a recipe's panel."""

    def view(self) -> None:
        """Show the whole ticket."""

    def fold_thread(self) -> None:
        """Show the messages before the ticket, or no longer."""

    def open_list(self, purpose: Purpose, typed: str) -> None:
        """List answers or tickets."""

    def found_at(self, typed: str) -> Found | None:
        """The answer or ticket that is marked in the list, or that the typed number means."""

    def numbered(self, typed: str) -> Sequence[Found]:
        """The answers or tickets that typed numbers mean."""

    def pick(self, purpose: Purpose, typed: str = "", subject: int = 0) -> None:
        """Have a label picked."""

    def label_at(self, typed: str) -> Label | None:
        """The label that is marked, or that the typed name means."""

    def describe_label(self, label: Label) -> None:
        """Show a label's description, and a few tickets that have it."""

    def labels_changed(self, said: str, *, undoable: bool) -> None:
        """The labels were changed, or why they weren't; show the question with those there are."""

    def type_line(self, purpose: Purpose, text: str, subject: int, typed: str) -> None:
        """Have a line typed, beginning with ``text``; what was ``typed`` already is that line."""

    def confirm(self, question: str, do: Callable[[], None]) -> None:
        """Do something once the annotator has said yes; a typed command says so already."""

    def choose(
        self,
        question: str,
        yes: Callable[[], None],
        no: Callable[[], None],
        about: Found | None = None,
    ) -> None:
        """Do the one or the other, once the annotator has said which, of a ticket of a list."""

    def marked(self) -> Sequence[Found]:
        """The marked answers or tickets of a list."""

    def unmark(self, found: Sequence[Found]) -> None:
        """Take the marks off these; back to the list if others are left."""

    def pause(self) -> None:
        """Stop the clock until the annotator is back."""

    def back(self) -> None:
        """Go back to the ticket before."""

    def leave(self, code: int) -> None:
        """End the session."""

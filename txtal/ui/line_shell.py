"""What an action does in the line mode: it is said, and what is needed is typed with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TextIO, cast

from txtal.errors import DatabaseError, LockedError
from txtal.recipes.extensions import Extension, Panel, Shown
from txtal.session import bulk
from txtal.session.lookup import Kind, Listed
from txtal.session.session import Session
from txtal.text import clean, count
from txtal.types import Found, Label, Question
from txtal.types.conversation import messages
from txtal.ui import label_editing, read_out, typed, words
from txtal.ui.display import Display
from txtal.ui.input_lines import InputLines
from txtal.ui.keyboard import Keyboard
from txtal.ui.modes import Page, Purpose
from txtal.ui.pages import page_lines
from txtal.ui.view_state import Look, OpenPage

RETRY_SECONDS = 0.25
_WIDTH = 78
_READ_OUT = 20
_WAITS = 40
"""Moments that the learner is waited for."""


class Pipe:
    """Where lines come from and go to, and how one waits between two looks."""

    def __init__(
        self,
        stdin: TextIO,
        stdout: TextIO,
        sleep: Callable[[float], object],
        check: Callable[[], object] = lambda: None,
    ) -> None:
        """``check`` is called before each wait, and may raise to end it all."""
        self._lines = InputLines(stdin)
        self._stdout = stdout
        self._sleep = sleep
        self._check = check

    def line(self) -> str:
        """The next line, waited for; an empty one is the end of all."""
        self._check()
        return self._lines.next()

    def line_ahead(self) -> str | None:
        """The line that comes next, if it is there already."""
        return self._lines.peek()

    def say(self, text: str = "", end: str = "\n") -> None:
        """Write a line, at once."""
        self._stdout.write(text + end)
        self._stdout.flush()

    def wait(self) -> None:
        """Let a moment pass."""
        self._check()
        self._sleep(RETRY_SECONDS)


class LineShell:
    """The :class:`~txtal.ui.shell.Shell` of the line mode."""

    def __init__(self, session: Session, display: Display, pipe: Pipe) -> None:
        self.session = session
        self.display = display
        self.pipe = pipe
        self.asked: Question | None = None
        """The question that was read out."""
        self.found: list[Found] = []
        """The list that was read out last."""
        self.over = False
        """Set when it is time to end."""
        self.commands = typed.commands(display.actions, session)
        self.keyboard = Keyboard(display.label_keys, self.commands, display.actions)
        self.labels = typed.Labels(session, self.keyboard, pipe.say)
        self.extension = Extension(display.extras, session, self.save)

    def answer(self, record: Callable[[], None], *, suggested: bool = False) -> None:
        """Record an answer to the question that was read out."""
        self.save(record)

    def save(self, record: Callable[[], None]) -> None:
        """Record, waiting for the database's lock as long as it takes; ctrl-c gives up."""
        before = self.session.saved
        try:
            self.record_when_free(record)
        except DatabaseError as error:
            self.pipe.say(f"NOT saved: {read_out.safe(str(error))}")
        if self.session.saved is not before:
            self.pipe.say(read_out.receipt(self.session))
            self.tell_alike()

    def record_when_free(self, record: Callable[[], None]) -> None:
        """Try until no other program is writing."""
        told = False
        while True:
            try:
                return record()
            except LockedError:
                if not told:
                    self.tell("waiting for the database lock; ctrl-c quits without this answer")
                told = True
                self.pipe.wait()

    def tell_alike(self) -> None:
        """Say that other tickets could have the same answer."""
        with suppress(DatabaseError):  # busy: nothing is lost by not telling
            alike = len(bulk.alike(self.session))
            if alike:
                self.tell(f"`same` gives it to {count(alike, 'ticket')} more that are like it")

    def tell_near(self) -> None:
        """Say that open tickets are nearly the same as the one that was read out."""
        finding = self.session.finding
        finding.look_near(self.session)
        if finding.take_near():
            found = len(finding.near(self.session.question))
            self.tell(f"{count(found, 'ticket')} nearly the same; `near` lists them")

    def tell(self, text: str) -> None:
        """Say this."""
        self.pipe.say(read_out.safe(text))

    def echo(self, text: str) -> None:
        """Say what the full screen shows anyway."""
        self.tell(text)

    def read(self, page: Page) -> None:
        """Read out a page."""
        if page == "help":
            for line in read_out.help_lines(self.session, self.display.actions):
                self.pipe.say(line)
            return
        overview = self.session.ledger.overview() if page == "standing" else None
        question = self.session.question
        matched = self.extension.matched(question.ticket) if question else ()
        look = Look(reading=OpenPage(page, overview=overview, matched=matched))
        for fragments in page_lines(self.session, look, _WIDTH, self.display.actions):
            self.pipe.say("".join(text for _, text in fragments))

    def read_panel(self, panel: Panel, shown: Shown) -> None:
        """Read out a recipe's panel."""
        self.pipe.say(f"{clean(panel.title)}: {read_out.panel(shown)}")

    def view(self) -> None:
        """Read out the whole text."""
        if self.session.question is not None:
            shown = self.extension.rendered(self.session.question.ticket)
            self.pipe.say(clean(shown.text, newlines=True))

    def fold_thread(self) -> None:
        """Read out the messages before the ticket, all of each."""
        question = self.session.question
        said = messages(question.ticket.meta) if question else []
        for one in said:
            self.pipe.say(clean(one, newlines=True))
        if not said:
            self.tell("no messages come before this ticket")

    def open_list(self, purpose: Purpose, typed: str) -> None:
        """Read out the first answers or tickets that fit, with numbers to go to them."""
        listed = self._listed(cast(Kind, purpose), typed)
        if listed is None:
            self.tell("the model is busy; try again")
            return
        found = listed.found
        self.found = list(found[:_READ_OUT])
        for number, one in enumerate(self.found, start=1):
            said = words.said_of(self.session, one)
            self.pipe.say(f"{number}. {said}: {words.excerpt(one.ticket.text)}")
        more = len(found) - len(self.found)
        none = "" if listed.said else "nothing is like this"
        goes = "`go NUMBER` goes to one" if found else none
        rest = f"and {more} more" if more else ""
        self.pipe.say("; ".join(filter(None, [rest, goes, listed.said])))

    def _listed(self, kind: Kind, typed: str) -> Listed | None:
        """Look for it, and wait for the learner where it has to say what is in the list."""
        for _ in range(_WAITS):
            if self.session.finding.begin(self.session, kind, typed):
                return self.session.finding.listed(wait=True)
            self.pipe.wait()
            self.session.update()
        return None

    def numbered(self, typed: str) -> list[Found]:
        """Return those of the list that numbers and ranges mean, ``1-3, 7``; none if unclear."""
        chosen: dict[int, Found] = {}
        for part in typed.replace(",", " ").split():
            first, dash, last = part.partition("-")
            if not first.isdecimal() or (dash and not last.isdecimal()):
                self.tell(f"{part} is no number of the last list")
                return []
            for number in range(int(first), int(last or first) + 1):
                found = self.found_at(str(number))
                if found is None:
                    return []
                chosen[number] = found
        return list(chosen.values())

    def found_at(self, typed: str) -> Found | None:
        """Return the answer or ticket with this number in the list that was read out."""
        if typed.isdecimal() and 1 <= int(typed) <= len(self.found):
            return self.found[int(typed) - 1]
        self.tell("there is no such number in the last list")
        return None

    def pick(self, purpose: Purpose, typed: str = "", subject: int = 0) -> None:
        """Name the labels that are like what is typed; or merge into the one that it means."""
        if purpose == "merge":
            into = self.label_at(typed)
            if into is not None:
                label_editing.merge_into(self, subject, into.id)
        elif typed:
            self.labels.name_like(typed)
        else:
            self.labels.name_all()

    def label_at(self, typed: str) -> Label | None:
        """Return the label that the name means."""
        label_id = self.labels.one(typed)
        return None if label_id is None else self.session.scheme.label(label_id)

    def describe_label(self, label: Label) -> None:
        """Say what a label is for, and a few tickets that have it."""
        self.pipe.say(f"{words.label_name(label.name)}: {words.label_name(label.description)}")
        for text in self.session.ledger.examples(label.id):
            self.pipe.say(f"for example: {words.excerpt(text)}")

    def labels_changed(self, said: str, *, undoable: bool) -> None:
        """Say what was done; the question is read out again, with the labels there are."""
        self.tell(f"{said}; `label undo` undoes it" if undoable else said)
        self.asked = None

    def type_line(self, purpose: Purpose, text: str, subject: int, typed: str) -> None:
        """Take what was typed after the command."""
        if self.session.question is not None:
            label_editing.keep(self, purpose, subject, typed)

    def confirm(self, question: str, do: Callable[[], None]) -> None:
        """Do it: who types a whole command has said yes."""
        do()

    def marked(self) -> Sequence[Found]:
        """Return nothing: the numbers of a list are typed with the answer."""
        return ()

    def unmark(self, found: Sequence[Found]) -> None:
        """There is nothing to take off."""

    def choose(
        self,
        question: str,
        yes: Callable[[], None],
        no: Callable[[], None],
        about: Found | None = None,
    ) -> None:
        """Do the one or the other, by the line that is typed next; neither if it is another."""
        if about is not None:
            self.pipe.say(words.excerpt(about.ticket.text))
        self.pipe.say(f"{question} [y/n]: ", end="")
        reply = self.pipe.line().strip().casefold()
        {"y": yes, "yes": yes, "n": no, "no": no}.get(reply, lambda: None)()

    def pause(self) -> None:
        """Stop the clock until the next line."""
        self.session.current.pause()
        self.tell("paused; enter goes on")
        self.pipe.line()
        self.session.current.resume()

    def back(self) -> None:
        """Go back to the ticket before."""
        self.session.leave()

    def leave(self, code: int) -> None:
        """End the conversation."""
        self.over = True

"""The same session line by line, for screen readers and dumb terminals: no escapes at all."""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TextIO

from txtal.errors import DatabaseError, LockedError, UsageError
from txtal.recipes.extensions import Extension, Extras, Key, Panel, Shown
from txtal.session.session import IDLE_SECONDS, Session
from txtal.text import clean, count, shorten
from txtal.types import Found, Label, LabelKeys, Question, query
from txtal.ui import keys, label_commands, picker, words
from txtal.ui.input_lines import Lines
from txtal.ui.keyboard import Keyboard
from txtal.ui.keys import Page
from txtal.ui.pages import page_lines
from txtal.ui.view_state import Look

OnError = Callable[[BaseException], object]

RETRY_SECONDS = 0.25
INTERRUPTED = 130
_TEXT = 4_000
"""Characters of a ticket read out at first."""

_TYPED = {
    "accept": "a",
    "reject": "x",
    "ignore": "space, i",
    "label": "NUMBER",
    "undo": "u",
    "flag": "f",
    "comment": "c TEXT",
    "help": "?",
    "quit": "q",
}
"""What is typed for each action of the key table."""

_NAMES = """\
NAME      the same, by a label's name or the start of it
=NAME     the same, for a label that is called like a command
/TEXT     name the labels that are like TEXT
"""


_FINDS = f"""\
history, search or similar, and perhaps {words.QUERY_HELP}
go NUMBER to one of them; back to the ticket before; same: the last answer for all like it
"""
_READS = """\
why       why this ticket and this label; again a moment later for the words
info      where you stand
guidelines
pause     stop the clock; it stops by itself when nobody types for five minutes
"""
_WIDTH = 78
_LOOKS_UP = ("history", "search", "similar")
_READ_OUT = 20


def is_dumb(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for line-by-line mode, or has no terminal for another."""
    if any(environ.get(name, "") not in ("", "0") for name in ("ACCESSIBLE", "TXTAL_PLAIN")):
        return True
    # Windows consoles have no TERM.
    return sys.platform != "win32" and environ.get("TERM", "") in ("", "dumb", "unknown")


def run(
    session: Session,
    *,
    dataset: str,
    keys: LabelKeys = "auto",
    extras: Extras | None = None,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    on_error: OnError = lambda error: None,
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """Ask and read answers until ``q`` or the end of the input. Returns the exit code."""
    stdin, stdout = stdin or sys.stdin, stdout or sys.stdout
    for stream in (stdin, stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a locale that can't say it all must not end it
    talk = _Talk(session, dataset, keys, extras or Extras(), stdin, stdout, on_error, sleep)
    try:
        talk.run()
    except KeyboardInterrupt:
        talk.say("")
        return INTERRUPTED
    return 0


def _short(shown: Shown) -> str:
    """A panel's text, safe to read out."""
    return clean(shorten(shown.text, _TEXT), newlines=True)


class _Talk:
    """One conversation."""

    def __init__(
        self,
        session: Session,
        dataset: str,
        label_keys: LabelKeys,
        extras: Extras,
        stdin: TextIO,
        stdout: TextIO,
        on_error: OnError,
        sleep: Callable[[float], object],
    ) -> None:
        self.session = session
        self.dataset = dataset
        self.lines = Lines(stdin)
        self.stdout = stdout
        self.on_error = on_error
        self.sleep = sleep
        self.asked: Question | None = None
        self.told = ""
        self.found: list[Found] = []
        self.over = False
        self.commands: dict[str, Callable[[], None]] = {
            **dict.fromkeys(("a", "accept"), lambda: self.save(session.accept)),
            **dict.fromkeys(("x", "reject"), lambda: self.save(session.reject)),
            **dict.fromkeys(("i", "ignore", "space", " "), lambda: self.save(session.ignore)),
            **dict.fromkeys(("u", "undo"), lambda: self.save(session.undo)),
            **dict.fromkeys(("f", "flag"), self.flag),
            **dict.fromkeys(("v", "view"), self.view),
            **dict.fromkeys(("s", "status"), self.status),
            **dict.fromkeys(("?", "h", "help"), self.help),
            **dict.fromkeys(("q", "quit"), self.quit),
            "labels": self.list_labels,
            "info": partial(self.read_page, "standing"),
            "guidelines": partial(self.read_page, "guidelines"),
            "why": self.read_why,
            "same": self.answer_alike,
            "back": session.leave,
            "pause": self.pause,
        }
        self.extension = Extension(extras, session, self.save)
        self.commands |= {one.key: partial(self.press, one) for _, one in extras.pressed}
        self.keyboard = Keyboard(label_keys, reserved=self.commands)

    def say(self, text: str = "", end: str = "\n") -> None:
        """Write a line, at once."""
        self.stdout.write(text + end)
        self.stdout.flush()

    def run(self) -> None:
        """Ask, read, do; until it is over."""
        self.say(f"{words.label_name(self.dataset)}. Type ? for help, q to quit.")
        while not self.over:
            self.guard(self.look)
            self.take_turns()

    def take_turns(self) -> None:
        """Ask once and do what is typed; nothing if it is over meanwhile."""
        if self.over:
            return
        self.ask()
        asked = self.session.clock()
        line = self.lines.next()
        if self.session.clock() - asked > IDLE_SECONDS:
            self.session.pause(asked)
        self.session.resume()
        if line:
            self.guard(partial(self.do, line.rstrip("\r\n")))
        else:
            self.say()
            self.over = True

    def guard(self, action: Callable[[], object]) -> None:
        """Whatever goes wrong is told and reported, and the conversation goes on."""
        try:
            action()
        except Exception as error:  # noqa: BLE001
            self.say(f"failed: {type(error).__name__}; details in the log")
            self.on_error(error)
        while self.session.errors:
            self.on_error(self.session.errors.pop(0))

    # --- asking -----------------------------------------------------------------------------

    def look(self) -> None:
        """Take in what is new; a question that a lock or a stream keeps away is waited for.

        Until the answers have ended, or the next is to quit: those of a pipe are there beforehand.
        """
        self.session.update()
        told = False
        while self.session.locked or self.is_to_come():
            if not self.session.locked:
                if self.is_to_end():
                    self.over = True
                    return
                if not told:
                    self.say("\n(waiting for the next ticket; q quits)")
                told = True
            self.sleep(RETRY_SECONDS)
            self.session.update()

    def is_to_end(self) -> bool:
        """Whether the line that comes next is none or to quit; says which."""
        line = self.lines.peek()
        if line == "":
            self.say("\n(the answers have ended)")
        elif line is None or self.commands.get(line.strip().casefold()) != self.quit:
            return False
        return True

    def is_to_come(self) -> bool:
        """Whether a stream may yet bring a ticket where there is none to ask."""
        inflow = self.session.inflow
        if inflow is None or self.session.question is not None:
            return False
        standing = inflow.standing
        return not standing.over or standing.unsettled > 0

    def ask(self) -> None:
        """Read out the question if it is a new one, then prompt."""
        question = self.session.question
        if question is None:
            self.say("\n" + "\n".join(words.the_end(self.session, self.dataset)))
        elif question is not self.asked:
            self.read_out(question)
        self.asked = question
        notice = words.notice(self.session)
        if notice and notice != self.told:
            self.say(f"note: {notice}")
        self.told, self.session.notice = notice, ""
        self.say(self.prompt(), end="")

    def prompt(self) -> str:
        """What may be typed, in short."""
        task = self.session.scheme.task
        if self.session.question is None:
            return "[u/q, enter looks again]: "
        if task == "binary":
            return "answer [a yes/x no/space/u/f/?/q]: "
        if task == "rating":
            return "answer [a/x/space/grade/u/f/?/q]: "
        chosen = f"chosen: {words.labels(self.session.scheme, self.session.chosen)}. "
        return f"{chosen if task == 'multilabel' else ''}answer [a/x/space/number/name/u/f/?/q]: "

    def read_out(self, question: Question) -> None:
        """The ticket, its meta, the suggestion and the labels."""
        shown = self.extension.rendered(question.ticket)
        said = words.progress(self.session)
        self.say(f"\n({said})" if self.session.inflow else f"\n({said} answered)")
        self.say(clean(shown.text[:_TEXT], newlines=True))
        if len(shown.text) > _TEXT:
            self.say(f"({len(shown.text) - _TEXT:,} more characters; v reads them all)")
        parts = [
            "" if shown.alone else words.meta(question.ticket.meta),
            *(f"{clean(panel.title)}: {_short(more)}" for panel, more in self.extension.standing()),
            self.suggested(question),
            words.previous(self.session, question),
            "synthetic: nobody sent this, it is composed of two tickets"
            if question.ticket.synthetic
            else "",
        ]
        self.say("\n" + "\n".join(part for part in parts if part))
        if self.session.scheme.task != "binary":
            self.say("\n".join(self.label_lines(question)))

    def suggested(self, question: Question) -> str:
        """The question, or the suggestion, and why it is asked."""
        said = words.suggestion(self.session, question)
        if self.session.scheme.task == "binary":
            name = words.labels(self.session.scheme, self.session.scheme.ids)
            said = f"is this {name}?" + (f" suggested: {said}" if said else "")
        elif said:
            said = f"suggested: {said}"
        else:
            said = words.no_suggestion(self.session, question)
        return f"{said} ({words.why(question)})".lstrip()

    def label_lines(self, question: Question) -> list[str]:
        """``1 refund 62 %``, and how many labels have no number."""
        scheme, offered = self.session.scheme, self.keyboard.offered(self.session)
        likely = dict(question.ranked.probabilities)
        lines = [
            self.label_line(key, scheme.label(i))
            + (f" {words.percent(likely[i])}" if i in likely else "")
            for key, i in offered.items()
        ]
        more = len(scheme.ids) - len(offered)
        return [*lines, f"and {more} more: type a name, or / and a part of it"] if more else lines

    def label_line(self, key: str, label: Label) -> str:
        """``1 refund``; a grade is its own number, and may have a description: ``5 excellent``."""
        if self.session.scheme.task == "rating":
            return " ".join(filter(None, (label.name, words.label_name(label.description))))
        return f"{key} {words.label_name(label.name)}"

    # --- doing ------------------------------------------------------------------------------

    def do(self, line: str) -> None:
        """What a typed line asks for."""
        word = line if line.isspace() else line.strip()
        command = self.commands.get(word[:1] if word.isspace() else word.casefold())
        if command:
            command()
        elif word.partition(" ")[0] in _LOOKS_UP:
            self.look_up(*word.partition(" ")[::2])
        elif word.startswith("go "):
            self.go_to(word.partition(" ")[2].strip())
        elif self.session.question is None:
            return
        elif word.startswith("label "):
            self.change_labels(word.partition(" ")[2])
        elif word.startswith("about "):
            self.tell_about(word.partition(" ")[2].strip())
        elif word.startswith(("c ", "comment ")):
            self.session.comment = word.partition(" ")[2].strip()
            self.say("noted")
        elif not word:
            self.say("nothing typed; ? helps")
        elif word.startswith("/"):
            self.search(word[1:])
        elif self.session.scheme.task == "multilabel":
            self.choose_several(word)
        else:
            self.choose_one(word)

    def choose_one(self, word: str) -> None:
        """Answer with a label's number or name."""
        label_id = self.meant(word)
        if label_id is not None:
            self.save(partial(self.session.choose, label_id))

    def choose_several(self, word: str) -> None:
        """Toggle labels by numbers, or by names between commas; all of them or none."""
        digits = re.fullmatch(r"[\d\s,]+", word)
        parts = re.split(r"[\s,]+" if digits else r"\s*,\s*", word.strip(" ,"))
        meant = [label_id for part in parts if (label_id := self.meant(part)) is not None]
        if len(meant) == len(parts):
            for label_id in meant:
                self.session.choose(label_id)

    def meant(self, word: str) -> int | None:
        """The label a number or a name means; None, having said why, when it isn't clear."""
        offered, scheme = self.keyboard.offered(self.session), self.session.scheme
        if word in offered and scheme.task != "binary":
            return offered[word]
        name = word.removeprefix("=")
        found = picker.starting_with(name, scheme.labels)
        if len(found) == 1:
            return found[0]
        if found:
            self.say(f"{clean(shorten(name, 80))} can mean: {words.labels(scheme, found[:9])}")
        else:
            self.search(name, f"no label {clean(shorten(name, 80))}; the nearest: ")
        return None

    def search(self, text: str, intro: str = "") -> None:
        """Name the labels that are like the text."""
        found = picker.rank(text, self.session.scheme.labels, self.keyboard.order(self.session))
        self.say(intro + words.labels(self.session.scheme, found[:9]))

    def look_up(self, kind: str, typed: str) -> None:
        """Read out the first answers or tickets that fit, with numbers to go to them."""
        session, wanted = self.session, query.parse(typed)
        found = {
            "history": session.history,
            "search": session.search,
            "similar": session.similar,
        }[kind](wanted)
        self.found = found[:_READ_OUT]
        for number, one in enumerate(self.found, start=1):
            self.say(f"{number}. {words.said_of(session, one)}: {words.excerpt(one.ticket.text)}")
        more = len(found) - len(self.found)
        self.say(f"and {more} more; `go NUMBER` goes to one" if more else "`go NUMBER` goes to one")

    def go_to(self, number: str) -> None:
        """Ask a ticket of the list that was read out."""
        if number.isdecimal() and 1 <= int(number) <= len(self.found):
            ticket_id = self.found[int(number) - 1].ticket.id
            self.save(partial(self.session.revisit, ticket_id))
        else:
            self.say("there is no such number in the last list")

    def answer_alike(self) -> None:
        """Give the last answer to the tickets that are nearly identical."""
        alike = self.session.alike()
        if not alike:
            self.say("nothing to give this answer to")
            return

        def answer() -> None:
            given = self.session.answer_alike(alike)
            self.say(f"{count(given, 'ticket')} more answered so")

        self.save(answer)

    def read_page(self, page: Page) -> None:
        """Read out where one stands, or the guidelines."""
        overview = self.session.ledger.overview() if page == "standing" else None
        question = self.session.question
        matched = self.extension.matched(question.ticket) if question else ()
        look = Look(page=page, overview=overview, matched=matched)
        for line in page_lines(self.session, look, _WIDTH):
            self.say("".join(text for _, text in line))

    def press(self, one: Key | Panel) -> None:
        """Do what the recipe's key does, or read out its panel."""
        if isinstance(one, Panel):
            shown = self.extension.opened(one)
            if shown is not None:
                self.say(f"{clean(one.title)}: {_short(shown)}")
        else:
            said = self.extension.press(one)
            if said:
                self.say(clean(said))

    def read_why(self) -> None:
        """Why this ticket and this label; the words come when the learner has found them."""
        if self.session.question is None:
            return
        if self.session.explanation is None:
            self.session.ask_why()
        self.read_page("why")

    def list_labels(self) -> None:
        """Every label, with what it is for."""
        for label in self.session.scheme.labels:
            about = f": {words.label_name(label.description)}" if label.description else ""
            self.say(words.label_name(label.name) + about)

    def tell_about(self, name: str) -> None:
        """What a label is for, and a few tickets that have it."""
        label_id = self.meant(name)
        if label_id is not None:
            label = self.session.scheme.label(label_id)
            self.say(f"{words.label_name(label.name)}: {words.label_name(label.description)}")
            for text in self.session.ledger.examples(label_id):
                self.say(f"for example: {words.excerpt(text)}")

    def pause(self) -> None:
        """Stop the clock until the next line."""
        self.session.pause()
        self.say("paused; enter goes on")
        self.lines.next()
        self.session.resume()

    def change_labels(self, line: str) -> None:
        """Change the label scheme, and read the question out again with the labels there are."""
        try:
            wanted = label_commands.label_change(line, self.session.scheme)
            self.save(partial(self.session.change_labels, wanted))
            self.asked = None
        except UsageError as error:
            self.say(clean(shorten(str(error), 600)))

    def flag(self) -> None:
        """Flag or unflag the ticket."""
        if self.session.question is not None:
            self.session.toggle_flag()
            self.say("flagged" if self.session.flagged else "no longer flagged")

    def view(self) -> None:
        """The whole text."""
        if self.session.question is not None:
            shown = self.extension.rendered(self.session.question.ticket)
            self.say(clean(shown.text, newlines=True))

    def help(self) -> None:
        """What can be typed."""
        task = self.session.scheme.task
        for action in keys.available("ticket", task):
            if action.name in _TYPED:
                self.say(f"{_TYPED[action.name]:<9} {action.help}")
            if action.name == "label":
                self.say(_NAMES, end="")
        if task not in ("binary", "rating"):
            self.say(label_commands.USAGE, end="")
        self.say(_FINDS + _READS, end="")
        for _, one in self.extension.extras.pressed:
            said = one.help if isinstance(one, Key) else one.title
            self.say(f"{one.key:<9} {clean(said)}")
        self.say("v         read the whole ticket")
        self.say("s         where things stand")

    def status(self) -> None:
        """What the screen has in its status line."""
        session = self.session
        said = (
            f"{words.progress(session)} answered",
            f"{session.count:,} this session",
            words.saved(session),
            words.model(session),
            words.audit(session),
        )
        self.say("; ".join(part for part in said if part))

    def quit(self) -> None:
        """End the conversation."""
        self.over = True

    def save(self, record: Callable[[], None]) -> None:
        """Record, waiting for the database's lock as long as it takes; ctrl-c gives up."""
        before = self.session.saved
        try:
            self.record_when_free(record)
        except DatabaseError as error:
            self.say(f"NOT saved: {clean(shorten(str(error), 600))}")
        if self.session.saved is not before:
            self.say(self.receipt())
            self.tell_alike()

    def tell_alike(self) -> None:
        """Say that other tickets could have the same answer."""
        with suppress(DatabaseError):  # busy: nothing is lost by not telling
            alike = len(self.session.alike())
            if alike:
                self.say(f"`same` gives it to {count(alike, 'ticket')} more that are like it")

    def record_when_free(self, record: Callable[[], None]) -> None:
        """Try until no other program is writing."""
        told = False
        while True:
            try:
                return record()
            except LockedError:
                if not told:
                    self.say("waiting for the database lock; ctrl-c quits without this answer")
                told = True
                self.sleep(RETRY_SECONDS)

    def receipt(self) -> str:
        """What is on disk now: ``saved 14:02:11 #312, accept refund``."""
        answer = self.session.saved
        if answer is None:
            return ""
        names = "" if answer.verdict == "ignore" else " " + words.labels(
            self.session.scheme, answer.labels
        )  # fmt: skip
        return f"{words.saved(self.session)}, {answer.verdict}{names}"

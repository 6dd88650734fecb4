"""The same session line by line, for screen readers and dumb terminals: no escapes at all."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TextIO

from txtal.session.session import IDLE_SECONDS, Session
from txtal.ui import ending, label_editing, read_out, standing, typed, words
from txtal.ui.display import Display
from txtal.ui.leaving import HUNG_UP, TERMINAL_GONE, Leaving, Signalled, silence
from txtal.ui.line_shell import LineShell, Pipe
from txtal.ui.reading import INTERRUPTED

OnError = Callable[[BaseException], object]


def is_dumb(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for line-by-line mode, or has no terminal for another."""
    if any(environ.get(name, "") not in ("", "0") for name in ("ACCESSIBLE", "TXTAL_PLAIN")):
        return True
    # Windows consoles have no TERM.
    return sys.platform != "win32" and environ.get("TERM", "") in ("", "dumb", "unknown")


_END_IT = ("strict", "surrogateescape", "backslashreplace")


def run(
    session: Session,
    display: Display,
    *,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    on_error: OnError = lambda error: None,
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """Ask and read answers until ``q`` or the end of the input. Returns the exit code."""
    stdin, stdout = stdin or sys.stdin, stdout or sys.stdout
    for stream in (stdin, stdout):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in _END_IT:
            stream.reconfigure(errors="replace")  # a locale that can't say it all must not
    leaving = Leaving()
    shell = LineShell(session, display, Pipe(stdin, stdout, sleep, leaving.check))
    try:
        with leaving.on_signals():
            _Conversation(shell, on_error).run()
    except KeyboardInterrupt as interrupt:
        with suppress(OSError):
            shell.pipe.say("")
        return interrupt.code if isinstance(interrupt, Signalled) else INTERRUPTED
    except OSError as error:
        if error.errno not in TERMINAL_GONE:
            raise
        silence()
        return HUNG_UP
    return 0


class _Conversation:
    """Asks, reads a line and does what it says, until it is over."""

    def __init__(self, shell: LineShell, on_error: OnError) -> None:
        self.shell = shell
        self.session = shell.session
        self.on_error = on_error
        self.told = ""
        """The notice that was said last."""

    def run(self) -> None:
        """Ask, read, do; until it is over."""
        self.shell.pipe.say(
            f"{words.label_name(self.shell.display.dataset)}. Type ? for help, q to quit."
        )
        while not self.shell.over:
            self.guard(self.look)
            self.take_turns()

    def take_turns(self) -> None:
        """Ask once and do what is typed; nothing if the session has ended by then."""
        if self.shell.over:
            return
        self.ask()
        asked = self.session.current.clock()
        line = self.shell.pipe.line()
        if self.session.current.clock() - asked > IDLE_SECONDS:
            self.session.current.pause(asked)
        self.session.current.resume()
        if line:
            self.guard(partial(self.do, line.rstrip("\r\n")))
        else:
            self.shell.pipe.say()
            self.shell.over = True

    def guard(self, action: Callable[[], object]) -> None:
        """Print and log any error, and continue."""
        try:
            action()
        except Exception as error:  # noqa: BLE001
            self.shell.pipe.say(f"failed: {type(error).__name__}; details in the log")
            self.on_error(error)
        while self.session.notices.errors:
            self.on_error(self.session.notices.errors.pop(0))

    def look(self) -> None:
        """Take in what is new; a question that a lock or a stream keeps away is waited for.

        Until the answers have ended, or the next is to quit: those of a pipe are there beforehand.
        """
        self.session.update()
        told = False
        while self.session.locked or self.is_to_come():
            if not self.session.locked:
                if self.is_to_end():
                    self.shell.over = True
                    return
                if not told:
                    self.shell.pipe.say("\n(waiting for the next ticket; q quits)")
                told = True
            self.shell.pipe.wait()
            self.session.update()

    def is_to_end(self) -> bool:
        """Whether the line that comes next is none or to quit; says which."""
        line = self.shell.pipe.line_ahead()
        if line == "":
            self.shell.pipe.say("\n(the answers have ended)")
            return True
        action = self.shell.commands.get(line.strip().casefold()) if line else None
        return action is not None and action.name == "quit"

    def is_to_come(self) -> bool:
        """Whether a stream may yet bring a ticket where there is none to show."""
        inflow = self.session.background.inflow
        if inflow is None or self.session.question is not None:
            return False
        standing = inflow.standing
        return not standing.over or standing.pending > 0

    def ask(self) -> None:
        """Read out the question if it is a new one, then prompt."""
        session, question = self.session, self.session.question
        if question is None:
            self.shell.pipe.say(
                "\n" + "\n".join(ending.the_end(session, self.shell.display.dataset))
            )
        elif question.completes(self.shell.asked):
            self.shell.pipe.say(read_out.suggested(session, question))  # the rest was read out
        elif question is not self.shell.asked:
            said = read_out.question_lines(
                session, question, self.shell.extension, self.shell.keyboard
            )
            self.shell.pipe.say("\n".join(said))
            self.shell.tell_near()
        self.shell.asked = question
        notice, _ = standing.notice(session)
        if notice and notice != self.told:
            self.shell.pipe.say(f"note: {notice}")
        self.told, session.notice = notice, ""
        self.shell.pipe.say(read_out.prompt(session), end="")

    def do(self, line: str) -> None:
        """Do what a typed line asks for: a command, or else an answer by labels."""
        found = typed.command(line, self.shell.commands, self.session)
        if found is not None:
            word, rest = found
            action = self.shell.commands[word]
            if action.do is not None:
                action.do(self.shell, rest)
        elif self.session.question is None:
            return
        elif not line.strip():
            self.shell.tell("nothing typed; ? helps")
        elif like := typed.like(line, self.shell.commands):
            self.shell.tell(f"type {', '.join(like)}")
        elif not self.session.scheme.labels:
            label_editing.answer_with_new(self.shell, line.strip())
        elif self.session.scheme.task == "multilabel":
            for label_id in self.shell.labels.several(line.strip()):
                self.session.choose(label_id)
        else:
            meant = self.shell.labels.one(line.strip())
            if meant is not None:
                self.shell.save(partial(self.session.choose, meant))

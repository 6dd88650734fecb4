"""An outside command as an annotator: JSON lines to its standard input and from its output.

A line that it is sent has ``id``, ``text``, ``task``, ``labels`` (each with ``name`` and
``description``) and ``examples`` (a few that people answered, with ``text`` and ``label``). It
answers each with a line that has the ``id`` and a ``label`` (or ``labels``; null abstains), and may
have a ``confidence`` from 0 to 1 and a ``reason``.

The command is never trusted: it may be slow, hang, end, or write nonsense. It is started again a
few times and then left alone. Everything here may wait, for it works in a process of its own.
"""

from __future__ import annotations

import json
import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, cast

from txtal.errors import UsageError
from txtal.recipes.recipe import shipped_folder
from txtal.text import shorten

BATCH = 8
"""Tickets that the command has at a time."""

SECONDS = 60.0
"""Without a word for so long, while it has tickets, the command is killed."""

PAUSES = (0.5, 2.0, 8.0)
"""Before it is started again; after as many failures in a row it is left alone."""

LONGEST = 1 << 20
"""Characters of a line that are read."""

SHIPPED = "txtal:"
"""What the name of a command that comes with txtal begins with."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the command says of a ticket."""

    ticket_id: int
    labels: tuple[str, ...] | None
    """By name; None where it abstains."""
    confidence: float | None = None
    reason: str = ""


def words_of(command: str) -> list[str]:
    """Split a command into words, that of a shipped one into what runs it.

    Raises UsageError for a command that is none.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--suggest {command!r}: {error}") from None
    if not words:
        raise UsageError("--suggest needs a command, such as 'python suggest.py'")
    if not words[0].startswith(SHIPPED):
        return words
    folder = shipped_folder() / "suggest"
    name = words[0].removeprefix(SHIPPED)
    file = folder / f"{name.replace('-', '_')}.py"
    there = sorted(one.stem.replace("_", "-") for one in folder.glob("[!_]*.py"))
    if name not in there:
        known = ", ".join(f"{SHIPPED}{one}" for one in there)
        raise UsageError(f"--suggest: there is no {words[0]}; there are {known}")
    return [sys.executable, str(file), *words[1:]]


def fingerprint(words: Sequence[str]) -> str:
    """Return what changes when the command does, or a file that it names."""
    made = blake2b(digest_size=8)
    for word in words:
        made.update(word.encode("utf-8", "surrogateescape") + b"\0")
        with suppress(OSError, ValueError):
            if (path := Path(word)).is_file() and path.stat().st_size < LONGEST:
                made.update(path.read_bytes())
    return made.hexdigest()


def name_of(command: str) -> str:
    """Return what the command's votes are reported under."""
    return shorten(" ".join(command.split()), 40)


class CommandGoneError(Exception):
    """The command ended, hung, or can't be started."""


@dataclass
class Command:
    """A command at work, started when it is first needed."""

    words: Sequence[str]
    seconds: float = SECONDS
    garbage: int = 0
    """Lines that were no answer to anything."""
    _process: subprocess.Popen[str] | None = None
    _lines: queue.Queue[str | None] = field(default_factory=queue.Queue)

    def ask(self, tickets: Mapping[int, Mapping[str, Any]]) -> Iterator[Suggestion]:
        """Send these tickets, and yield what it says of each as it comes.

        Raises CommandGoneError when it ends, or prints nothing for too long; what it printed before
        was yielded.
        """
        waiting = dict(tickets)
        self._send(waiting)
        deadline = time.monotonic() + self.seconds
        while waiting:
            line = self._next(deadline)
            found = parsed(line, waiting)
            if found is None:
                self.garbage += 1
                continue
            del waiting[found.ticket_id]
            deadline = time.monotonic() + self.seconds
            yield found

    def _send(self, tickets: Mapping[int, Mapping[str, Any]]) -> None:
        process = self._process or self._start()
        text = "".join(json.dumps({"id": one, **said}) + "\n" for one, said in tickets.items())
        # By a thread: a command that doesn't read would keep this one waiting.
        threading.Thread(
            target=_write, args=(cast(IO[str], process.stdin), text), daemon=True
        ).start()

    def _start(self) -> subprocess.Popen[str]:
        try:
            process = subprocess.Popen(
                self.words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise CommandGoneError(f"{self.words[0]} can't be started: {error.strerror}") from None
        self._process, self._lines = process, queue.Queue(maxsize=1_000)
        reading = (process, cast(IO[str], process.stdout), self._lines)
        threading.Thread(target=_read, args=reading, daemon=True).start()
        return process

    def _next(self, deadline: float) -> str:
        try:
            line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            self.close()
            raise CommandGoneError(f"it said nothing useful for {self.seconds:g} s") from None
        if line is None:
            code = self.close()
            raise CommandGoneError(f"it ended with exit code {code}")
        if time.monotonic() > deadline:  # it talks and talks, and answers nothing
            self.close()
            raise CommandGoneError(f"it said nothing useful for {self.seconds:g} s")
        return line

    def close(self) -> int | None:
        """Stop it with whatever it has started; return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        with suppress(OSError, subprocess.TimeoutExpired):
            process.wait(0.2)  # its own exit code, where it is ending by itself
        with suppress(OSError, AttributeError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(OSError):
            process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()
        return code


def _write(stdin: IO[str], text: str) -> None:
    with suppress(OSError, ValueError):
        stdin.write(text)
        stdin.flush()


def _read(process: subprocess.Popen[str], stdout: IO[str], lines: queue.Queue[str | None]) -> None:
    """Pass on its lines; leave when nobody takes them and the process is gone."""
    with suppress(OSError, ValueError):
        while line := stdout.readline(LONGEST):
            while True:
                try:
                    lines.put(line, timeout=1)
                    break
                except queue.Full:
                    if process.poll() is not None:
                        return
    with suppress(queue.Full):
        lines.put(None, timeout=60)


def parsed(line: str, waiting: Mapping[int, object]) -> Suggestion | None:
    """Read a line of the command's; None where it is no answer to one of these tickets."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("id"), int | str):
        return None
    try:
        ticket = int(said["id"])
    except ValueError:
        return None
    if ticket not in waiting:
        return None
    given = said.get("labels", said.get("label"))
    names = [given] if isinstance(given, str) else given
    if names is not None and not (
        isinstance(names, list) and all(isinstance(name, str) for name in names)
    ):
        return None
    sure = said.get("confidence")
    if not isinstance(sure, int | float) or isinstance(sure, bool) or not 0 <= sure <= 1:
        sure = None
    reason = said.get("reason")
    return Suggestion(
        ticket,
        None if names is None else tuple(names),
        None if sure is None else float(sure),
        shorten(reason, 300) if isinstance(reason, str) else "",
    )

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
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, cast

from txtal.errors import UsageError
from txtal.recipes.recipe import shipped_folder
from txtal.text import clean, shorten

BATCH = 8
"""Tickets that the command has at a time."""

SECONDS = 60.0
"""Without a word for so long, while it has tickets, the command is killed."""

PAUSES = (0.5, 2.0, 8.0)
"""Before it is started again; after as many failures in a row it is left alone."""

LONGEST = 1 << 16
"""Bytes of a line, beyond which it is no answer."""

QUEUED = 256
"""Lines that wait to be read."""

LARGEST_SCRIPT = 1 << 20
"""Bytes of a file that a fingerprint is made of."""

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
            if (path := Path(word)).is_file() and path.stat().st_size < LARGEST_SCRIPT:
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
    _running: _CommandProcess | None = None

    def ask(self, tickets: Mapping[int, Mapping[str, Any]]) -> Iterator[Suggestion]:
        """Send these tickets, and yield what it says of each as it comes.

        Raises CommandGoneError when it ends, or prints nothing for too long; what it printed before
        was yielded.
        """
        waiting = dict(tickets)
        running = self._running or self._start()
        running.send(waiting)
        deadline = time.monotonic() + self.seconds
        while waiting:
            line = self._next(running, deadline)
            found = parsed(line, waiting)
            if found is None:
                self.garbage += 1
                continue
            del waiting[found.ticket_id]
            deadline = time.monotonic() + self.seconds
            yield found

    def _start(self) -> _CommandProcess:
        try:
            self._running = _CommandProcess(self.words)
        except OSError as error:
            raise CommandGoneError(f"{self.words[0]} can't be started: {error.strerror}") from None
        return self._running

    def _next(self, running: _CommandProcess, deadline: float) -> str:
        try:
            line = running.lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            line = ""
        if line is None:
            code = self.close()
            said = running.complaint()
            raise CommandGoneError(f"it ended with exit code {code}{f': {said}' if said else ''}")
        if not line or time.monotonic() > deadline:  # it may talk and talk, and answer nothing
            self.close()
            raise CommandGoneError(f"it said nothing useful for {self.seconds:g} s")
        return line

    def close(self) -> int | None:
        """Stop it with whatever it has started; return its exit code."""
        running, self._running = self._running, None
        return running.stop() if running is not None else None


class _CommandProcess:
    """The process of a command, with the threads that wait for its pipes.

    What it has started may have left its process group and keep the pipes open. So nothing but
    these threads, which nobody waits for, reads, writes or closes them.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """Start it. Raises OSError."""
        self.lines: queue.Queue[str | None] = queue.Queue(maxsize=QUEUED)
        """What it prints; None at the end."""
        self._complaints: deque[bytes] = deque(maxlen=2)
        self._stopped = False
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._hearing = [_in_background(self._read), _in_background(self._listen)]

    def send(self, tickets: Mapping[int, Mapping[str, Any]]) -> None:
        """Write tickets to its standard input, however slowly it reads."""
        text = "".join(json.dumps({"id": one, **said}) + "\n" for one, said in tickets.items())
        _in_background(self._write, text.encode())

    def stop(self) -> int:
        """Kill it with its process group; return its exit code."""
        process, self._stopped = self._process, True
        with suppress(OSError, subprocess.TimeoutExpired):
            process.wait(0.2)  # its own exit code, where it is ending by itself
        with suppress(OSError, AttributeError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(OSError):
            process.kill()
        code = process.wait()
        _in_background(self._close)
        return code

    def complaint(self) -> str:
        """Return the last line that it wrote to its standard error."""
        self._hearing[1].join(0.2)
        lines = b"".join(self._complaints).decode("utf-8", "replace").split("\n")
        said = next((line for line in reversed(lines) if line.strip()), "")
        return shorten(clean(said).strip(), 150)

    def _write(self, text: bytes) -> None:
        stdin = cast(IO[bytes], self._process.stdin)
        with suppress(OSError, ValueError):
            stdin.write(text)
            stdin.flush()

    def _read(self) -> None:
        """Pass on its lines; leave when nobody takes them any more."""
        stdout = cast(IO[bytes], self._process.stdout)
        with suppress(OSError, ValueError):
            for line in _lines(stdout):
                while not self._put(line.decode("utf-8", "replace")):
                    if self._stopped:
                        return
        while not self._put(None) and not self._stopped:
            pass

    def _put(self, line: str | None) -> bool:
        try:
            self.lines.put(line, timeout=1)
        except queue.Full:
            return False
        return True

    def _listen(self) -> None:
        """Keep the end of what it complains of; it may quote tickets, which no log may hold."""
        stderr = cast(IO[bytes], self._process.stderr)
        with suppress(OSError, ValueError):
            while said := os.read(stderr.fileno(), LONGEST):
                self._complaints.append(said)

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()


def _in_background(work: Callable[..., object], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file, but for those that are too long to be an answer."""
    too_long = False
    while part := file.readline(LONGEST):
        whole = part.endswith(b"\n") or len(part) < LONGEST
        if whole and not too_long:
            yield part
        too_long = not whole


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

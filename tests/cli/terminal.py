"""A terminal with the program in it: keys go in, and what its screen shows can be waited for."""

from __future__ import annotations

import codecs
import os
import re
import select
import signal
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pexpect
import psutil
from wcwidth import wcwidth

from tests.cli.driving import PATIENCE, TXTAL, Program, until
from tests.cli.forks import FORKS, Fork, forks
from txtal.ui.attendance import SEEN_SECONDS, TOO_SOON

CTRL_L = "\x0c"
TOO_FAST = TOO_SOON.partition(":")[0]
SAVED = re.compile(r"saved \d\d:\d\d:\d\d #(\d+)")


_VERSION = re.compile(r"  v(\d+)( \+\d+)?")


def version(text: str) -> int:
    """The version of the model on the screen; 0 before there is one."""
    found = _VERSION.search(text)
    return int(found[1]) if found else 0


def in_step(text: str) -> bool:
    """Whether the screen says that the model knows every answer."""
    found = _VERSION.search(text)
    return found is not None and not found[2]


class Picture:
    """What a terminal makes of the bytes it is sent; it knows what prompt_toolkit sends.

    Whatever else comes ends the test: only these may leave the program.
    """

    _PIECE = re.compile(
        r"\x1b\[(?P<given>[0-9;]*)(?P<moves>[ABCDHJK])|\x1b\[[0-9;]*m"
        r"|\x1b\[\?(?:1049|2004|12|25|7|1)[hl]|\x1b\[[0-9]? ?q"
        r"|(?P<char>[^\x00-\x1f\x7f-\x9f]|[\r\n\x08])"
    )

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.row = self.column = 0
        self._cells = [[" "] * columns for _ in range(rows)]
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._rest = ""

    @property
    def text(self) -> str:
        """The screen, a line a row."""
        return "\n".join("".join(row).rstrip() for row in self._cells)

    def feed(self, sent: bytes) -> None:
        """Take in what the program wrote."""
        text = self._rest + self._decoder.decode(sent)
        at = 0
        while piece := self._PIECE.match(text, at):
            at = piece.end()
            if piece["char"]:
                self._put(piece["char"])
            elif piece["moves"]:
                self._move(piece["moves"], piece["given"])
        self._rest = text[at:]
        assert len(self._rest) < 20, f"not for a terminal: {self._rest!r}"

    def _put(self, char: str) -> None:
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self._go(self.row + 1, self.column)
        elif char == "\x08":
            self._go(self.row, self.column - 1)
        elif self.column < self.columns and (width := wcwidth(char)) > 0:
            self._cells[self.row][self.column] = char
            for covered in range(self.column + 1, min(self.column + width, self.columns)):
                self._cells[self.row][covered] = ""
            self.column += width

    def _move(self, how: str, given: str) -> None:
        numbers = [int(number) for number in given.split(";") if number]
        by = numbers[0] if numbers else 1
        if how in "ABCD":
            down, right = {"A": (-by, 0), "B": (by, 0), "C": (0, by), "D": (0, -by)}[how]
            self._go(self.row + down, self.column + right)
        elif how == "H":
            row, column = numbers if len(numbers) == 2 else (1, 1)
            self._go(row - 1, column - 1)
        else:
            self._erase(below=how == "J", everything=numbers == [2])

    def _go(self, row: int, column: int) -> None:
        self.row = min(max(row, 0), self.rows - 1)
        self.column = min(max(column, 0), self.columns)

    def _erase(self, *, below: bool, everything: bool) -> None:
        for row in range(self.rows) if everything else [self.row]:
            start = 0 if everything else self.column
            self._cells[row][start:] = [" "] * (self.columns - start)
        if below and not everything:
            for row in range(self.row + 1, self.rows):
                self._cells[row] = [" "] * self.columns


def _interruptible() -> None:
    """As a shell at a terminal starts a program: tests run in the background ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class _Spawned:
    """A command on a pseudo-terminal."""

    def __init__(
        self, command: Sequence[str], folder: Path, environ: dict[str, str], size: tuple[int, int]
    ) -> None:
        self._child: Any = pexpect.spawn(
            command[0],
            [*command[1:]],
            dimensions=size,
            env=environ,
            cwd=str(folder),
            timeout=PATIENCE,
            echo=True,
            preexec_fn=_interruptible,
        )
        self._child.delaybeforesend = None
        self.pid = int(self._child.pid)

    def learners(self) -> list[psutil.Process]:
        below = psutil.Process(self.pid).children(recursive=True)
        return [one for one in below if "txtal.learner" in one.cmdline()]

    def fileno(self) -> int:
        return int(self._child.fileno())

    def read(self, patience: float) -> bytes | None:
        """What was written, if anything was in so many seconds; None after its end."""
        try:
            return bytes(self._child.read_nonblocking(65536, timeout=patience))
        except pexpect.TIMEOUT:
            return b""
        except pexpect.EOF:
            return None

    def send(self, keys: str) -> None:
        self._child.send(keys)

    def ended(self) -> int:
        self._child.close(force=True)
        status = self._child.exitstatus
        return int(status) if status is not None else -int(self._child.signalstatus)

    def hang_up(self) -> int:
        self._child.ptyproc.fileobj.close()
        self._child.ptyproc.closed = self._child.closed = True
        return int(self._child.wait())

    def close(self) -> None:
        self._child.close(force=True)


class _Forked:
    """The program on a pseudo-terminal, by :mod:`tests.cli.forks`."""

    def __init__(
        self, words: Sequence[str], folder: Path, environ: dict[str, str], size: tuple[int, int]
    ) -> None:
        self._master, slave = os.openpty()
        termios.tcsetwinsize(slave, size)
        asked = {"words": words, "folder": str(folder), "env": environ, "terminal": True}
        self._fork = Fork(forks().place, asked, (slave, slave, slave))
        os.close(slave)
        self.pid = self._fork.pid

    def learners(self) -> list[psutil.Process]:
        others = psutil.Process(forks().pid).children()
        return [one for one in others if one.name() == f"learner{self.pid}"]

    def fileno(self) -> int:
        return self._master

    def read(self, patience: float) -> bytes | None:
        """What was written, if anything was in so many seconds; None after its end."""
        if not select.select([self._master], [], [], patience)[0]:
            return b""
        try:
            return os.read(self._master, 65536) or None
        except OSError:  # nobody has the other end any more
            return None

    def send(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def ended(self) -> int:
        code = self._fork.wait(PATIENCE)
        self.close()
        return code

    def hang_up(self) -> int:
        os.close(self._master)
        self._master = -1
        return self._fork.wait(PATIENCE)

    def close(self) -> None:
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
        self._fork.kill()
        self._fork.wait()


class Terminal:
    """A program on a pseudo-terminal of its own.

    It is ``command``; txtal as a fork where none is given.
    """

    def __init__(
        self,
        program: Program,
        *words: str,
        command: Sequence[str] = (),
        columns: int = 80,
        rows: int = 24,
        **env: str,
    ) -> None:
        self.raw = b""
        self.picture = Picture(columns, rows)
        environ = {**program.environ, **env}
        words = (*map(str, words),)
        if not command and FORKS and forks().fits(environ):
            self._child: _Forked | _Spawned = _Forked(
                words, program.folder, environ, (rows, columns)
            )
        else:
            whole = [*(command or TXTAL), *words]
            self._child = _Spawned(whole, program.folder, environ, (rows, columns))

    @property
    def pid(self) -> int:
        """The process on the terminal."""
        return self._child.pid

    @property
    def text(self) -> str:
        """What is on the screen, up to the last thing waited for."""
        return self.picture.text

    def read(self) -> bool:
        """Take in what was written, waiting for it a moment; False when there will be no more."""
        sent = self._child.read(0.05)
        if sent is None:
            return False
        self.raw += sent
        self.picture.feed(sent)
        return True

    def wait(self, shows: str | Callable[[str], Any]) -> Any:
        """Wait until the screen shows this text, or until this says yes to it."""
        found = (lambda text: shows in text) if isinstance(shows, str) else shows

        def look() -> Any:
            alive = self.read()
            said = found(self.text)
            assert said or alive, f"it ended first:\n{self.text}"
            return said

        try:
            return until(look, str(shows))
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen:\n{self.text}") from None

    def send(self, keys: str) -> None:
        """Press keys, as soon as a person can have seen what is there."""
        time.sleep(2 * SEEN_SECONDS)
        self.burst(keys)

    def burst(self, keys: str) -> None:
        """Send keys at once, as a terminal without bracketed paste does."""
        self._child.send(keys)

    def answer(self, keys: str, number: int | None = None) -> None:
        """Press keys and wait until answer ``number``, or another than before, is acknowledged.

        On a busy machine a drawing can come late, and the key so soon after it that it is refused:
        then they are pressed again, as the screen says.
        """
        before = saved(self.text)

        def said(text: str) -> str | int | None:
            newest = saved(text)
            if newest == number if number is not None else newest not in (None, before):
                return newest
            return TOO_FAST if TOO_FAST in text else None

        self.send(keys)
        if self.wait(said) == TOO_FAST:
            self.send(keys)
            self.wait(lambda text: said(text) not in (None, TOO_FAST))

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send the process a signal."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """Wait for the process to end; its exit code, negative after a deadly signal."""
        until(lambda: not self.read(), "the end of the program")
        return self._child.ended()

    def hang_up(self) -> int:
        """Take the terminal away from under the program; its exit code."""
        return self._child.hang_up()

    def close(self) -> None:
        """Leave nothing running."""
        self._child.close()

    @property
    def is_cooked(self) -> bool:
        """Whether the terminal echoes and reads by the line, as a shell needs it."""
        local = termios.tcgetattr(self._child.fileno())[3]
        return bool(local & termios.ECHO and local & termios.ICANON)

    def learner(self) -> psutil.Process:
        """The learner's process, once it is there."""

        def find() -> psutil.Process | None:
            with suppress(psutil.Error):  # one has ended meanwhile
                return next(iter(self._child.learners()), None)
            return None

        found: psutil.Process = until(find, "a learner")
        return found


def saved(text: str) -> int | None:
    """The number of the newest answer that the screen says is on disk."""
    found = SAVED.search(text)
    return int(found[1]) if found else None

"""Processes that work behind the screen and exchange lines with it through pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, slots=True)
class Child:
    """A running process with its two pipes."""

    process: subprocess.Popen[str]
    stdin: IO[str]
    stdout: IO[str]

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def send(self, line: str) -> bool:
        """Write a line to its standard input; return False when it is gone."""
        with suppress(OSError, ValueError):
            self.stdin.write(line + "\n")
            self.stdin.flush()
            return True
        return False

    def kill(self) -> None:
        """Stop it at once; whoever reads its output notices."""
        self.process.kill()

    def end(self) -> int:
        """Stop it at once, close its pipes, and return its exit code."""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.stdin, self.stdout):
            with suppress(OSError, ValueError):
                pipe.close()
        return code


class ReadProcess:
    """A process whose lines a thread reads; it can be killed at any moment."""

    def __init__(self, command: Sequence[str], log: Path, read: Callable[[Child], None]) -> None:
        """``read`` is called in the thread, and returns once the process has said its last."""
        self._command = command
        self._log = log
        self._read = read
        self._child: Child | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._child.pid if self._child else None

    @property
    def is_read(self) -> bool:
        """Whether it may still say something."""
        return self._reader is not None and self._reader.is_alive()

    def start(self) -> None:
        """Start the process; returns at once."""
        child = self._child = start(self._command, self._log)
        self._reader = threading.Thread(target=self._read, args=(child,), daemon=True)
        self._reader.start()

    def close(self, patience: float = 0.0) -> None:
        """Stop it, at once or after so many seconds in which it may end by itself."""
        child, self._child = self._child, None
        if child is None:
            return
        if patience:
            with suppress(OSError, ValueError, subprocess.TimeoutExpired):
                child.stdin.close()
                child.process.wait(patience)
        child.end()
        if self._reader is not None:
            self._reader.join()


def run_behind(
    work: Callable[[], object],
    record: Callable[[BaseException], object],
    leaving: Callable[[], object] = lambda: None,
) -> None:
    """Be such a process: work until it is done, or the screen closes the pipe.

    It may leave in the middle of a transaction, which counts for nothing; ``leaving`` is called
    before that. An unforeseen fault is recorded, and ends it with code 1.
    """

    def listen() -> None:
        sys.stdin.read()
        leaving()
        os._exit(0)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the screen's to handle
    threading.Thread(target=listen, daemon=True).start()
    try:
        work()
    except BrokenPipeError:
        os._exit(0)  # the screen is gone
    except Exception as error:
        if os.environ.get("TXTAL_DEBUG"):
            raise
        record(error)  # Python itself would quote the message, and that perhaps a ticket
        raise SystemExit(1) from None


def start(command: Sequence[str], log: Path) -> Child:
    """Start a process whose standard error goes to the log; return at once."""
    with log.open("a", encoding="utf-8") as complaints:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
            bufsize=1,
        )
    if process.stdin is None or process.stdout is None:  # both were asked for
        raise OSError("the process has no pipes")
    return Child(process, process.stdin, process.stdout)

"""Signals that end a session line by line, and a terminal that is gone."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

HUNG_UP = 129
"""The exit code where the terminal has gone: 128 and the number of SIGHUP."""

TERMINAL_GONE = frozenset([errno.EIO, errno.ENXIO])
"""What reading from or writing to it fails with."""

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")


class Signalled(KeyboardInterrupt):
    """A signal that ends the session has come; ``code`` is what the program exits with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Leaving:
    """Whether it is time to leave, and why."""

    def __init__(self) -> None:
        self.code = 0
        """128 and the signal's number, once one has come."""

    def check(self) -> None:
        """Raise Signalled if a signal has come: to be called before each wait.

        Python drops an exception that a signal raises in the middle of what it calls by itself, a
        finaliser or one of SQLite's callbacks.
        """
        if self.code:
            raise Signalled(self.code)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.code = 128 + number
        raise Signalled(self.code)

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Meanwhile, raise Signalled wherever the program is; what is ignored stays so."""
        before = {}
        with suppress(ValueError):  # a thread may set none
            for number in (getattr(signal, name, None) for name in _ENDING):
                if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                    before[number] = signal.signal(number, self._hear)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def silence() -> None:
    """Let nothing fail any more by writing to a terminal that is gone."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())

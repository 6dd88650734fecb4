"""Bytes that come by and by: a pipe, and a file that is written to while it is read."""

from __future__ import annotations

import io
import os
import select
import signal
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

from txtal.errors import DataError

PAUSE = 0.2
"""Seconds between two looks for more, and to hear that nobody wants any."""

_NEWLINE = ord("\n")


class Piped(io.RawIOBase):
    """A descriptor that may keep its reader waiting; it is read until it ends, or ``stop``."""

    def __init__(self, descriptor: int, stop: Event) -> None:
        self._descriptor, self._stop = descriptor, stop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._stop.is_set():
            if select.select([self._descriptor], [], [], PAUSE)[0]:
                data = os.read(self._descriptor, len(buffer))
                buffer[: len(data)] = data
                return len(data)
        return 0


class Heedful(io.RawIOBase):
    """A descriptor whose reader hears of a signal, whenever it comes.

    A signal only ends a read that has begun: one that comes just before, or that another thread is
    given, is remembered and waits for the read. So this waits for the bytes and for Python's own
    note of a signal at once.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._noted, self._note = os.pipe()
        os.set_blocking(self._noted, False)
        os.set_blocking(self._note, False)

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def readinto(self, buffer: Any, /) -> int:
        try:
            before = signal.set_wakeup_fd(self._note, warn_on_full_buffer=False)
        except ValueError:  # another thread: no signal is handled there
            return os.readv(self._descriptor, [buffer])
        try:
            while not self._is_ready():
                pass
            return os.readv(self._descriptor, [buffer])
        finally:
            signal.set_wakeup_fd(before)

    def _is_ready(self) -> bool:
        """Wait for bytes or a signal; its handler is called when this returns, at the latest."""
        ready, _, _ = select.select([self._descriptor, self._noted], [], [])
        if self._noted in ready:
            with suppress(BlockingIOError):
                os.read(self._noted, select.PIPE_BUF)
        return self._descriptor in ready

    def close(self) -> None:
        """Stop reading the pipe; its owner closes the descriptor."""
        if not self.closed:
            os.close(self._noted)
            os.close(self._note)
        super().close()


class Followed(io.RawIOBase):
    """A file read from its beginning and on as it grows, as ``tail -F`` does.

    One that was cut shorter is read from its beginning again, and when another takes its name, that
    is read, once the old one is read to its end. A line that the old one had begun ends there.
    """

    def __init__(self, path: Path, stop: Event) -> None:
        self._path, self._stop = path, stop
        self._file = self._open()
        self._at = 0
        self._in_line = False

    def _open(self) -> io.FileIO:
        try:
            return io.FileIO(self._path)
        except OSError as error:
            reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
            raise DataError(f"{self._path}: {reason or error}") from None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._stop.is_set():
            size = self._file.readinto(buffer)
            if size:
                self._at += size
                self._in_line = buffer[size - 1] != _NEWLINE
                return size
            if not self._changed():
                self._stop.wait(PAUSE)
            elif self._in_line:
                self._in_line = False
                buffer[:1] = b"\n"
                return 1
        return 0

    def _changed(self) -> bool:
        """Return whether the file was cut, or replaced by another with more to read."""
        here = os.fstat(self._file.fileno())
        try:
            there = self._path.stat()
        except OSError:
            return False  # between two: the next isn't there yet
        if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
            if here.st_size > self._at:
                return False  # written to since it was read: read on first
            self._file.close()
            self._file = self._open()
        elif here.st_size >= self._at:
            return False
        self._file.seek(0)
        self._at = 0
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

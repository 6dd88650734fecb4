"""The lines that answer, typed or piped in: read one by one, or looked ahead at without waiting."""

from __future__ import annotations

import io
import select
import sys
from typing import TextIO


class InputLines:
    """Reads lines of ``stream``, each with its line break; an empty one is their end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ahead: str | None = None

    def next(self) -> str:
        """The next line, waited for."""
        line, self._ahead = self._ahead, None
        return self._stream.readline() if line is None else line

    def peek(self) -> str | None:
        """The next line; None when none is there yet, and on Windows, which can't tell."""
        if self._ahead is None and self._is_there():
            self._ahead = self._stream.readline()
        return self._ahead

    def _is_there(self) -> bool:
        try:
            self._stream.fileno()
        except io.UnsupportedOperation:
            return True  # all of it is in memory
        return sys.platform != "win32" and bool(select.select([self._stream], [], [], 0)[0])

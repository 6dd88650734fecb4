"""The lines that answer, typed or piped in: read one by one, or looked ahead at without waiting."""

from __future__ import annotations

import codecs
import io
import select
import sys
from typing import TextIO, cast

_PIECE = 1 << 13


class InputLines:
    """Reads lines of ``stream``, each with its line break; an empty one is their end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ahead: str | None = None
        self._pieces = _Pieces(stream) if isinstance(stream, io.TextIOWrapper) else None

    def next(self) -> str:
        """The next line, waited for."""
        line, self._ahead = self._ahead, None
        if line is not None:
            return line
        return self._pieces.line() if self._pieces else self._stream.readline()

    def peek(self) -> str | None:
        """The next line; None when none is there yet, and on Windows, which can't tell."""
        if self._ahead is None:
            if self._pieces is None:
                self._ahead = self._stream.readline()  # all of it is in memory
            elif self._pieces.has_line():
                self._ahead = self._pieces.line()
        return self._ahead


class _Pieces:
    """What a stream of bytes has brought and no line has taken.

    Kept here, since a look at the descriptor alone can't tell of lines that were read with others.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._bytes = cast(io.BufferedReader, stream.buffer)
        self._is_open = True
        self._text = ""
        decoder = codecs.getincrementaldecoder(stream.encoding)(stream.errors or "strict")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)

    def line(self) -> str:
        """The next line, waited for."""
        while self._is_open and "\n" not in self._text:
            self._read()
        line, newline, self._text = self._text.partition("\n")
        return line + newline

    def has_line(self) -> bool:
        """Whether the next line, or the end, is there without waiting."""
        while self._is_open and "\n" not in self._text and self._is_ready():
            self._read()
        return "\n" in self._text or not self._is_open

    def _is_ready(self) -> bool:
        try:
            self._bytes.fileno()
        except io.UnsupportedOperation:
            return True  # all of it is in memory
        return sys.platform != "win32" and bool(select.select([self._bytes], [], [], 0)[0])

    def _read(self) -> None:
        piece = self._bytes.read1(_PIECE)
        self._is_open = bool(piece)
        self._text += self._decoder.decode(piece, final=not piece)

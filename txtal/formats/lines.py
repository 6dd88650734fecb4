"""The lines of a file as bytes: bounded in length, numbered, and reported when they are bad."""

from __future__ import annotations

import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NoReturn, Protocol

from txtal.errors import DataError
from txtal.formats import MAX_LINE
from txtal.formats.bounded import read_small
from txtal.formats.compression import DAMAGED

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was skipped, and why."""

    source: str
    line: int
    reason: str
    last: int = 0
    """The last of several lines it spans; 0 for one."""

    def __str__(self) -> str:
        where = f"{self.line}-{self.last}" if self.last > self.line else f"{self.line}"
        return f"{self.source}:{where}: {self.reason}"


OnBad = Callable[[BadLine], None]
"""Told of every skipped line; may raise to stop the reading."""


class Readable(Protocol):
    """Bytes by the line, from a file or through gzip."""

    def readline(self, size: int = -1, /) -> bytes: ...


def lines(
    stream: Readable, source: str, on_bad: OnBad, max_line: int = MAX_LINE
) -> Iterator[bytes]:
    """Every line with its newline. One too long is reported and comes out empty.

    Empty rather than left out, so that the count of lines stays the count of the file's lines. No
    more than ``max_line`` bytes of a line are ever in memory. A compressed file that is cut short
    or damaged ends with one bad line; what came before it has been read. Raises DataError when
    the file can't be read on.
    """
    for number in count(1):
        try:
            line = stream.readline(max_line + 1)
            if 0 < len(line) <= max_line:  # as good as always
                yield line
                continue
            too_long = len(line) > max_line and not line.endswith(b"\n")
            if too_long:
                _skip_rest(stream)
        except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError):
            on_bad(BadLine(source, number, DAMAGED))
            return
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"{source}:{number}: can't read on: {reason}") from error
        if too_long:
            on_bad(BadLine(source, number, f"longer than {max_line:,} bytes (--max-line)"))
            yield b""
        elif line:
            yield line
        else:
            return


def not_utf8(error: UnicodeDecodeError, encoding: str = "UTF-8") -> str:
    """Why a line that can't be decoded is bad."""
    if encoding != "UTF-8":
        return f"not valid {encoding}; another encoding is named with --encoding"
    return (
        f"not valid UTF-8 at byte {error.start + 1}; save the file as UTF-8, or name its encoding "
        "with --encoding"
    )


def text_lines(path: Path) -> list[tuple[int, str]]:
    """The lines that hold something and aren't comments, with their numbers. Raises DataError."""
    try:
        raw = list(lines(io.BytesIO(read_small(path)), str(path), _stop))
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}") from None
    texts = []
    for number, line in enumerate(raw, start=1):
        try:
            text = line.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError as error:
            _stop(BadLine(str(path), number, not_utf8(error)))
        if text.strip() and not text.lstrip().startswith("#"):
            texts.append((number, text))
    return texts


def _stop(bad: BadLine) -> NoReturn:
    raise DataError(str(bad))


def _skip_rest(stream: Readable) -> None:
    while chunk := stream.readline(_CHUNK):
        if chunk.endswith(b"\n"):
            return

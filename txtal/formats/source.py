"""Open a SOURCE of tickets: a file, told by its suffix, or standard input."""

from __future__ import annotations

import gzip
import io
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from glob import glob
from os import fstat
from pathlib import Path
from threading import Event
from typing import Any, cast

from txtal.errors import DataError, UsageError
from txtal.formats import MAX_LINE, delimited, jsonl, parquet, plain
from txtal.formats.growing import Followed, Piped
from txtal.formats.lines import BadLine, OnBad, lines
from txtal.reading import open_file
from txtal.types import Record

__all__ = [
    "MAX_LINE",
    "STDIN",
    "BadLine",
    "OnBad",
    "Progress",
    "arriving",
    "is_parquet",
    "read",
    "shards",
]

STDIN = "-"
"""The SOURCE that stands for JSON Lines on standard input."""

Progress = Callable[[int, int | None], None]
"""Told the bytes read and the bytes there are; None where nobody knows, as on standard input."""

_SUFFIXES = (".jsonl", ".csv", ".txt")
_ENDINGS = f"{', '.join(_SUFFIXES)}, or any of these and .gz, or {parquet.SUFFIX}"
_BUFFER = 1 << 18
_PATTERN = re.compile(r"[*?[]")
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Position:
    """Where the reading of a file is."""

    line: int = 0
    """The line that the record read last ends in, from 1."""


def read(
    source: str | Path,
    on_bad: OnBad,
    *,
    text_column: str = "text",
    max_line: int = MAX_LINE,
    progress: Progress | None = None,
    position: Position | None = None,
) -> Iterator[Record]:
    """The records of ``source``, one at a time; memory stays flat however large the file.

    Each bad line goes to ``on_bad`` and is skipped; whether that is fatal is the caller's affair.
    ``progress`` counts the bytes of the file, compressed ones where it is compressed;
    ``text_column`` is for CSV, and ``position`` follows the lines. A SOURCE that can't be opened
    raises at the call: UsageError for an unknown suffix, or for Parquet without pyarrow, else
    DataError. A file that is the wrong kind throughout (UTF-16, one JSON array, a spreadsheet, ...)
    raises one DataError at the first record, not a bad line a line. Of Parquet, rows are counted
    rather than lines and bytes.
    """
    if is_parquet(source):
        return parquet.records(
            Path(source), on_bad, text_column=text_column, max_text=max_line, progress=progress
        )
    opened = _stdin(progress) if str(source) == STDIN else _file(Path(source), progress)
    return _records(opened, on_bad, text_column, max_line, position)


def arriving(
    source: str | Path,
    on_bad: OnBad,
    stop: Event,
    *,
    follow: bool,
    stdin: int = 0,
    max_line: int = MAX_LINE,
) -> Iterator[Record]:
    """The records of ``source`` as they arrive, each as soon as its line is whole.

    Waits for more, until ``stop`` is set or, unless ``follow``, the source ends. Once ``stop`` is
    set what comes may be the part of a line. ``stdin`` is the descriptor to read for ``-``. Raises
    as :func:`read`, and UsageError for a kind of file that can't be followed.
    """
    if str(source) == STDIN:
        raw: io.RawIOBase = Piped(stdin, stop)
        opened = _Opened("standard input", ".jsonl", io.BufferedReader(raw, _BUFFER), nullcontext())
    elif follow:
        kind, packed = _kind(Path(source))
        if packed or kind == ".csv":
            raise UsageError(f"{source}: only .jsonl and .txt files can be followed as they grow")
        grown = Followed(Path(source), stop)
        opened = _Opened(str(source), kind, io.BufferedReader(grown, _BUFFER), grown)
    else:
        opened = _file(Path(source), None)
    return _records(opened, on_bad, "text", max_line)


def is_parquet(source: str | Path) -> bool:
    """Whether the name of a SOURCE says that it is Parquet."""
    return str(source).lower().endswith(parquet.SUFFIX)


def shards(source: str) -> list[str]:
    """The files of a SOURCE that is a folder or a pattern as in ``shards/*.jsonl.gz``, by name; any
    other SOURCE as it is.

    Raises DataError where there is none that could be read.
    """
    folder = Path(source)
    if folder.is_dir():
        found = [path for path in folder.iterdir() if path.is_file() and _readable(path.name)]
        if not found:
            raise DataError(f"{source} is a directory with no file of tickets in it ({_ENDINGS})")
    elif _PATTERN.search(source) and not folder.exists():
        names = glob(source, recursive=True)  # noqa: PTH207 - it may be an absolute one
        found = [Path(name) for name in names if _readable(name)]
        if not found:
            raise DataError(f"{source} is a pattern that fits no file of tickets ({_ENDINGS})")
    else:
        return [source]
    return [str(path) for path in sorted(found)]


@dataclass(frozen=True, slots=True)
class _Opened:
    name: str
    kind: str
    stream: io.BufferedReader[Any] | gzip.GzipFile
    file: AbstractContextManager[Any]


def _stdin(progress: Progress | None) -> _Opened:
    # read1 hands over what is there: a pipe that trickles isn't held up until a buffer is full.
    raw = _Counted(cast(io.BufferedReader, sys.stdin.buffer).read1, progress, None)
    return _Opened("standard input", ".jsonl", io.BufferedReader(raw, _BUFFER), nullcontext())


def _file(path: Path, progress: Progress | None) -> _Opened:
    kind, packed = _kind(path)
    try:
        file = open_file(path, buffering=0)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a directory; name a file in it") from None
    except OSError as error:
        raise DataError(f"{path} can't be opened: {error.strerror or error}") from error
    status = fstat(file.fileno())
    total = status.st_size if stat.S_ISREG(status.st_mode) else None
    stream = io.BufferedReader(_Counted(file.read, progress, total), _BUFFER)
    return _Opened(str(path), kind, gzip.GzipFile(fileobj=stream) if packed else stream, file)


def _kind(path: Path) -> tuple[str, bool]:
    """The suffix that says the format, and whether the file is gzip-compressed."""
    name = path.name.lower()
    plain_name = name.removesuffix(".gz")
    for suffix in _SUFFIXES:
        if plain_name.endswith(suffix):
            return suffix, plain_name != name
    if path.is_dir():
        raise DataError(f"{path} is a directory; name a file in it")
    if is_parquet(path):
        raise UsageError(f"{path}: Parquet is read whole and can't be a stream; load it")
    raise UsageError(
        f"{path}: can't tell the format from the name; it must end in {_ENDINGS}; {STDIN} is"
        " JSON Lines on standard input"
    )


def _readable(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(parquet.SUFFIX) or lower.removesuffix(".gz").endswith(_SUFFIXES)


class _Counted(io.RawIOBase):
    """Bytes pulled from elsewhere, reported a buffer at a time so that lines cost nothing."""

    def __init__(
        self, pull: Callable[[int], bytes | None], progress: Progress | None, total: int | None
    ) -> None:
        self._pull, self._progress, self._total = pull, progress, total
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._pull(len(buffer)) or b""
        buffer[: len(data)] = data
        self._read += len(data)
        if self._progress is not None:
            self._progress(self._read, self._total)
        return len(data)


def _records(
    opened: _Opened,
    on_bad: OnBad,
    text_column: str,
    max_line: int,
    position: Position | None = None,
) -> Iterator[Record]:
    with opened.file:
        head = _head(opened)
        _refuse_wrong_kind(head, opened)
        if head.startswith(_BOM):
            opened.stream.read(len(_BOM))
        parse = _PARSERS[opened.kind]
        if opened.kind == ".csv":
            parse = partial(delimited.records, text_column=text_column, max_field=max_line)
        raw = lines(opened.stream, opened.name, on_bad, max_line)
        raw = raw if position is None else _followed(raw, position)
        yield from parse(raw, opened.name, on_bad)


def _followed(raw: Iterator[bytes], position: Position) -> Iterator[bytes]:
    for position.line, line in enumerate(raw, start=1):
        yield line


_PARSERS = {".jsonl": jsonl.records, ".csv": delimited.records, ".txt": plain.records}


def _head(opened: _Opened) -> bytes:
    """What can be seen of the start of the file without taking it."""
    try:
        return opened.stream.peek(1)
    except gzip.BadGzipFile:
        raise DataError(f"{opened.name} isn't gzip-compressed; name it without .gz") from None
    except (EOFError, zlib.error):
        raise DataError(f"{opened.name} is damaged from its first byte; copy it again") from None
    except OSError as error:
        raise DataError(f"{opened.name} can't be read: {error.strerror or error}") from error


_UTF16 = "UTF-16 text; save it as UTF-8"
_MAGIC = (
    (b"\x1f\x8b", "gzip-compressed; give it a name that ends in .gz, or unpack it first"),
    (b"PK\x03\x04", "a spreadsheet or another zip archive; save it as CSV"),
    (b"SQLite format 3\x00", "a SQLite database, not a file of tickets"),
    (b"PAR1", "Parquet; give it a name that ends in .parquet"),
    (b"\xff\xfe", _UTF16),
    (b"\xfe\xff", _UTF16),
)
_JSON_ARRAY = re.compile(rb"\s*\[\s*(\{|\Z)")
_JSON_PRETTY = re.compile(rb"\s*\{[ \t]*\r?\n")
_CR_ALONE = re.compile(rb"\r[^\r]")


def _refuse_wrong_kind(head: bytes, opened: _Opened) -> None:
    fault = _wrong_kind(head.removeprefix(_BOM), opened.kind)
    if fault is not None:
        raise DataError(f"{opened.name} is {fault}")


def _wrong_kind(head: bytes, kind: str) -> str | None:
    for magic, fault in _MAGIC:
        if head.startswith(magic):
            return fault
    if 0 in head[:2]:
        return _UTF16
    if b"\n" not in head and _CR_ALONE.search(head):
        return "split into lines by CR alone; convert its line ends to LF"
    if kind == ".jsonl" and _JSON_ARRAY.match(head):
        return "one JSON array, not an object a line; jq -c '.[]' turns it into JSON Lines"
    if kind == ".jsonl" and _JSON_PRETTY.match(head):
        return "JSON over several lines, not an object a line; jq -c . turns it into JSON Lines"
    return None

"""Open a SOURCE: find its format, unpack it, and turn its text into UTF-8."""

from __future__ import annotations

import gzip
import io
import lzma
import re
import stat
import sys
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from os import fstat
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO, cast

from txtal.errors import DataError, UsageError
from txtal.formats import decode
from txtal.formats.bounded import open_file
from txtal.formats.compression import SUFFIXES as PACKED
from txtal.formats.compression import packing, uncompressed, unpacked
from txtal.formats.growing import Followed, Piped
from txtal.formats.imports import IMPORTS, ImportFormat, is_mailbox, is_maildir, recognised
from txtal.formats.lines import OnBad
from txtal.formats.readers.label_folders import is_label_folder
from txtal.formats.reading import Bytes, Progress, Reading, Rows, Say, Source, unheard

STDIN = "-"
"""The SOURCE that stands for standard input."""

_BUFFER = 1 << 18


@dataclass(frozen=True, slots=True)
class Opened:
    """A source that is ready to be read."""

    name: str
    begin: Callable[[], tuple[ImportFormat, Source, Rows]]
    """Looks at the first bytes, which may have to be waited for, and returns the format, what its
    reader was given, and the records. Raises DataError for a file of the wrong kind throughout."""
    file: AbstractContextManager[Any]
    """To be held while it is read."""


def open_source(
    source: str | Path,
    on_bad: OnBad,
    reading: Reading,
    *,
    say: Say = unheard,
    progress: Progress | None = None,
) -> Opened:
    """Open a file, a folder that is one data set, or standard input.

    Raises UsageError if the format isn't clear, DataError if the file can't be read.
    """
    if reading.encoding:
        decode.known(reading.encoding)
    if str(source) == STDIN:
        # read1 hands over what is there: a pipe that trickles isn't held up until a buffer is full.
        raw = _Counted(cast(io.BufferedReader, sys.stdin.buffer).read1, progress, None)
        piped = Source("standard input", io.BufferedReader(raw, _BUFFER), on_bad, reading, say=say)
        return Opened(piped.name, partial(_begin, piped), nullcontext())
    path = Path(source)
    row = _by_path(path, reading)
    if row is not None:
        if not path.exists():
            raise DataError(f"{path}: no such file")
        named = Source(
            str(path), io.BufferedReader(io.BytesIO()), on_bad, reading, path, say, progress
        )
        begun_rows = row.read(named)
        return Opened(named.name, lambda: (row, named, begun_rows), nullcontext())
    file = _open(path)
    status = fstat(file.fileno())
    is_file = stat.S_ISREG(status.st_mode)
    counted = _Counted(file.read, progress, status.st_size if is_file else None)
    found = Source(str(path), io.BufferedReader(counted, _BUFFER), on_bad, reading, path, say)
    begin = partial(_begin, found)
    if is_file:  # told at once what it isn't; of a pipe the first bytes may be long in coming
        try:
            begun = begin()
        except BaseException:
            file.close()
            raise
        return Opened(found.name, lambda: begun, file)
    return Opened(found.name, begin, file)


def open_arriving(
    source: str | Path, on_bad: OnBad, reading: Reading, stop: Event, *, follow: bool, stdin: int
) -> Opened:
    """Open what grows while it is read. Raises UsageError for a format that can't be followed."""
    if str(source) == STDIN:
        raw: io.RawIOBase = Piped(stdin, stop)
        row = IMPORTS.named(reading.format or "jsonl")
        return _growing("standard input", row, raw, nullcontext(), on_bad, reading)
    path = Path(source)
    if not follow:
        row_of_file = _by_path(path, reading)
        if row_of_file is not None:
            raise UsageError(
                f"{path}: {row_of_file.name} is read whole and can't be a stream; load it"
            )
        return open_source(path, on_bad, reading)
    growing = IMPORTS.named(reading.format) if reading.format else IMPORTS.by_suffix(path)
    if growing is None:
        raise _unknown(path)
    if not growing.grows or uncompressed(path.name) != path.name:
        able = " and ".join(row.suffixes[0] for row in IMPORTS if row.grows)
        raise UsageError(f"{source}: only {able} files can be followed as they grow")
    grown = Followed(path, stop)
    return _growing(str(source), growing, grown, grown, on_bad, reading)


def _growing(
    name: str,
    row: ImportFormat,
    raw: io.RawIOBase,
    file: AbstractContextManager[Any],
    on_bad: OnBad,
    reading: Reading,
) -> Opened:
    """Not looked into before it is read: that would wait for the first line."""
    taken = Source(name, io.BufferedReader(raw, _BUFFER), on_bad, reading)
    if reading.encoding:
        _transcode(taken, decode.Encoding(decode.known(reading.encoding)))
    return Opened(name, lambda: (row, taken, row.read(taken)), file)


def _by_path(path: Path, reading: Reading) -> ImportFormat | None:
    """The format, if it is one whose reader opens the file itself."""
    if path.is_dir():
        return _of_folder(path, reading)
    row = IMPORTS.named(reading.format) if reading.format else IMPORTS.by_suffix(path)
    if row is None and is_mailbox(path):
        return IMPORTS.named("mbox")
    if row is None or not row.by_path:
        return None
    if not reading.format and uncompressed(path.name) != path.name:
        raise UsageError(f"{path}: can't be read compressed; unpack it first")
    return row


def _of_folder(path: Path, reading: Reading) -> ImportFormat | None:
    if is_dataset_folder(path):
        return IMPORTS.named("arrow")
    if reading.format == "maildir" or (not reading.format and is_maildir(path)):
        return IMPORTS.named("maildir")
    if reading.format == "folders" or is_label_folder(path):
        return IMPORTS.named("folders")
    return None


def is_dataset_folder(path: Path) -> bool:
    """Whether it is what Hugging Face's ``save_to_disk`` writes for one split."""
    return (path / "state.json").is_file() and any(path.glob("*.arrow"))


def _open(path: Path) -> BinaryIO:
    try:
        return open_file(path, buffering=0)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a directory; name a file in it") from None
    except OSError as error:
        raise DataError(f"{path} can't be opened: {error.strerror or error}") from error


def _begin(source: Source) -> tuple[ImportFormat, Source, Rows]:
    inner_name = _unpack(source)
    encoding = _encoding(source)
    if encoding.name == decode.UTF8:
        source.stream.read(encoding.mark)
    else:
        _transcode(source, encoding)
    head = _head(source)
    _refuse(source, _kind_of(head))
    row = _format(source, inner_name, head)
    _refuse(source, _split_by_cr(head, row))
    return row, source, row.read(source)


def _unpack(source: Source) -> str:
    """Uncompress the stream, if it is compressed, and return the name of what is in it."""
    name = source.path.name if source.path else ""
    packed = packing(name, _head(source))
    if packed and _head(source):
        if packed == ".gz" and not _head(source).startswith(b"\x1f\x8b"):
            raise DataError(f"{source.name} isn't gzip-compressed; name it without .gz")
        inside, inner = unpacked(source.stream, packed, source.path, source.name)
        source.stream = cast(Bytes, inside)
        return inner or uncompressed(name)
    return uncompressed(name)


def _encoding(source: Source) -> decode.Encoding:
    """Return the encoding of the text. Raises DataError if it isn't clear."""
    head = _head(source)
    if source.reading.encoding:
        name = decode.known(source.reading.encoding)
        told = decode.told(head)
        marked = told is not None and told.mark and name == decode.UTF8
        return decode.Encoding(name, told.mark if told and marked else 0)
    if _is_binary(head):
        return decode.Encoding(decode.UTF8)  # which _kind_of refuses
    found = decode.told(head)
    if found is None:
        raise DataError(
            f"{source.name} isn't UTF-8, and its encoding can't be detected; name it with "
            f"--encoding, such as windows-1252, windows-1251, iso-8859-2, shift_jis or "
            f"gb18030"
        )
    if found.guessed:
        source.say(
            f"{source.name} isn't UTF-8: read as {found.name}; --encoding names another encoding"
        )
    return found


def _transcode(source: Source, encoding: decode.Encoding) -> None:
    if encoding.name == decode.UTF8:
        return
    read = getattr(source.stream, "read1", source.stream.read)
    if encoding.guessed:
        source.stream = io.BufferedReader(decode.Mended(read, encoding.name), _BUFFER)
        return
    source.stream = io.BufferedReader(decode.Transcoded(read, encoding.name), _BUFFER)
    source.encoding = encoding.name


def _format(source: Source, name: str, head: bytes) -> ImportFormat:
    """The format that was asked for, or that name and first bytes tell."""
    if source.reading.format:
        return IMPORTS.named(source.reading.format)
    seen = recognised(head)
    by_name = IMPORTS.by_suffix(name) if name else seen or IMPORTS.named("jsonl")
    if source.reading.columns and seen is None and _may_be_table(name, by_name):
        return IMPORTS.named("csv")
    if by_name is None:
        if seen is None:
            raise _unknown(source.file)
        return seen
    if by_name.name == "jsonl" and seen is not None and seen.name == "json":
        source.say(f"{source.name} is JSON over several lines or in a list; it was read as such")
        return seen
    if by_name.name == "txt" and seen is not None and seen.name in _IN_TEXT:
        source.say(f"{source.name} has {_IN_TEXT[seen.name]}; it was read as such")
        return seen
    return by_name


def _may_be_table(name: str, by_name: ImportFormat | None) -> bool:
    """Whether the name of a file says nothing against its lines being a table's."""
    return not name or by_name is None or by_name.name == "txt"


_IN_TEXT = {"fasttext": "fastText's labels", "csv": "the header of a table"}
"""What text with a ticket a line may turn out to have, by the format it then is in."""


def _unknown(path: Path) -> UsageError:
    if path.is_dir():
        return UsageError(f"{path} is a directory; name a file in it")
    return UsageError(
        f"{path}: can't tell the format from the name, which must end in {endings()}, nor from "
        f"what it holds; name it with --from, one of {', '.join(IMPORTS.names)}"
    )


def endings() -> str:
    """How the names of files end that can be read, in words."""
    return f"{', '.join(IMPORTS.suffixes)}, or any of these and {' or '.join(PACKED)}"


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


def _head(source: Source) -> bytes:
    """What can be seen of the start of the file without taking it."""
    try:
        return source.stream.peek(1)
    except gzip.BadGzipFile:
        raise DataError(f"{source.name} isn't gzip-compressed; name it without .gz") from None
    except (EOFError, zlib.error, lzma.LZMAError):
        raise DataError(f"{source.name} is damaged from its first byte; copy it again") from None
    except OSError as error:
        raise DataError(f"{source.name} can't be read: {error.strerror or error}") from error


_MAGIC = (
    (b"PK\x03\x04", "a spreadsheet or another zip archive; name it .xlsx, or save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document; save it as .xlsx or CSV"),
    (b"SQLite format 3\x00", "a SQLite database, not a file of tickets"),
    (b"PAR1", "Parquet; give it a name that ends in .parquet"),
    (b"ARROW1", "an Arrow file; give it a name that ends in .arrow"),
    (b"%PDF", "a PDF document, not a file of tickets"),
)
_MARKUP = re.compile(rb"\s*<(?:html|!doctype|\?xml|table|meta)\b", re.IGNORECASE)
_CR_ALONE = re.compile(rb"\r[^\r]")


def _is_binary(head: bytes) -> bool:
    return any(head.startswith(magic) for magic, _ in _MAGIC)


def _refuse(source: Source, fault: str | None) -> None:
    if fault is not None:
        raise DataError(f"{source.name} is {fault}")


def _kind_of(head: bytes) -> str | None:
    """What a file is that holds no tickets as it stands."""
    found = next((fault for magic, fault in _MAGIC if head.startswith(magic)), None)
    if found is None and _MARKUP.match(head):
        return "a web page or XML, whatever its name says; save it as .xlsx or CSV"
    return found


def _split_by_cr(head: bytes, row: ImportFormat) -> str | None:
    if b"\n" not in head and _CR_ALONE.search(head) and row.name != "json":
        return "split into lines by CR alone; convert its line ends to LF"
    return None

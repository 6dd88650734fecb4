"""A file that is replaced whole or not at all."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from txtal import tempfiles
from txtal.errors import TxtalError


@contextmanager
def write_atomically(path: str | Path) -> Iterator[TextIO]:
    """A handle for the text that ``path`` holds once the block ends; compressed if it ends in .gz.

    Until then ``path`` is as it was, and it stays so if the block raises or the process is killed.
    A new file is readable by its owner only, since it holds what customers wrote; an existing one
    keeps its mode, and a symbolic link keeps pointing at it. What a killed run left in the
    directory is swept away. A device or pipe is written to as it is. Raises UsageError as
    :func:`txtal.tempfiles.check_target`, and TxtalError when the file can't be written.
    """
    path = Path(path)
    tempfiles.check_target(path)
    special = path.exists() and not path.is_file()
    try:
        with _special(path) if special else _replaced(path) as handle:
            yield handle
    except OSError as error:
        after = "" if special else "; what it held is untouched"
        raise TxtalError(f"{path} can't be written: {error.strerror or error}{after}") from error


@contextmanager
def write_bytes_atomically(path: str | Path) -> Iterator[BinaryIO]:
    """The same for bytes, which are never compressed here."""
    path = Path(path)
    tempfiles.check_target(path)
    try:
        with tempfiles.replacing(path, named=True) as file:
            yield file
    except OSError as error:
        raise TxtalError(
            f"{path} can't be written: {error.strerror or error}; what it held is untouched"
        ) from error


@contextmanager
def _special(path: Path) -> Iterator[TextIO]:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        yield handle


@contextmanager
def _replaced(path: Path) -> Iterator[TextIO]:
    with (
        tempfiles.replacing(path, named=True) as file,
        _text(file, packed=path.suffix.lower() == ".gz") as handle,
    ):
        yield handle


@contextmanager
def _text(file: BinaryIO, *, packed: bool) -> Iterator[TextIO]:
    """``file`` as UTF-8 text, left open and flushed."""
    inner = gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) if packed else file
    handle = io.TextIOWrapper(inner, encoding="utf-8", newline="\n")
    try:
        yield handle
        handle.detach()
        if packed:
            inner.close()
    except BaseException:
        # Closed now: a writer left to the garbage collector would complain of a closed file.
        with suppress(OSError):
            inner.close()
        raise

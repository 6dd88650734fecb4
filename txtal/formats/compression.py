"""Compressed files: which they are, by their names and their first bytes, and how they are read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from txtal.errors import DataError

if TYPE_CHECKING:
    from txtal.formats.reading import Bytes

SUFFIXES = (".gz", ".bz2", ".xz", ".zip")
"""How the name of a compressed file ends, after the suffix of its format."""

_MAGIC = ((b"\x1f\x8b", ".gz"), (b"BZh", ".bz2"), (b"\xfd7zXZ\x00", ".xz"))

DAMAGED = "the compressed file is cut short or damaged from here"


def uncompressed(name: str) -> str:
    """``name`` without the ending that says that the file is compressed."""
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def packing(name: str, head: bytes) -> str:
    """The suffix of what packs the file: by its first bytes, else by its name; empty for nothing.

    A zip archive goes by its name alone: spreadsheets are such archives, too.
    """
    for magic, suffix in _MAGIC:
        if head.startswith(magic):
            return suffix
    return next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), "")


def unpacked(
    stream: Bytes, packed: str, path: Path | None, name: str
) -> tuple[io.BufferedReader[Any] | gzip.GzipFile, str]:
    """The stream inside, and what the file in an archive is called.

    Raises DataError for an archive that can't be read, or holds more than one file.
    """
    if packed == ".gz":
        return gzip.GzipFile(fileobj=cast(IO[bytes], stream)), ""
    if packed == ".bz2":
        return io.BufferedReader(bz2.BZ2File(cast(IO[bytes], stream))), ""
    if packed == ".xz":
        return io.BufferedReader(lzma.LZMAFile(cast(IO[bytes], stream))), ""
    if path is None:
        raise DataError(f"{name} is a zip archive, which can't be read from a pipe")
    return _only_member(path)


def _only_member(path: Path) -> tuple[io.BufferedReader[Any], str]:
    import zipfile

    try:
        archive = zipfile.ZipFile(path)
        inside = [
            one
            for one in archive.namelist()
            if not one.endswith("/") and not one.startswith("__MACOSX/") and "/." not in f"/{one}"
        ]
        if len(inside) != 1:
            raise DataError(f"{path} holds {len(inside)} files; unpack it and name the one to read")
        return io.BufferedReader(cast(io.RawIOBase, archive.open(inside[0]))), inside[0]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{path} can't be unpacked: {error}; unpack it first") from None

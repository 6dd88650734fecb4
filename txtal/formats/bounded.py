"""Reading the files that somebody names within limits: no device without an end, never forever."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from txtal.errors import DataError

SMALL = 64 << 20
"""Bytes of the largest file that is read at once: settings, labels, patterns, guidelines."""


def open_file(path: Path, buffering: int = -1) -> BinaryIO:
    """Open a file to read it, or a pipe that this process was given, such as ``<(command)``.

    Raises DataError for a device and for a named pipe, which may keep its reader waiting forever;
    OSError as ``open`` does.
    """
    # A named pipe without a writer would keep even open waiting.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(21, os.strerror(21), str(path))
        if not (stat.S_ISREG(mode) or (stat.S_ISFIFO(mode) and _is_given(path))):
            raise DataError(f"{path} is no file but a device or a pipe; name a file")
        if hasattr(os, "set_blocking"):
            os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb", buffering)
    except BaseException:
        os.close(descriptor)
        raise


def read_small(path: Path, limit: int = SMALL) -> bytes:
    """All bytes of a file of no more than ``limit``. Raises DataError for a larger one, OSError."""
    with open_file(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise DataError(f"{path} is larger than {limit >> 10:,} KB, too large for what it is to be")
    return content


def _is_given(path: Path) -> bool:
    """Whether the path is one of this process's own descriptors, and so was opened for it."""
    return os.path.realpath(path).startswith(("/proc/", "/dev/fd/"))

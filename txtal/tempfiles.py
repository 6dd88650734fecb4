"""Temporary files beside a target: held while a process lives, swept away once it was killed."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

_SUFFIX = ".tmp"


def make(target: Path) -> tuple[BinaryIO, Path]:
    """A new private file in the target's folder, marked as in use until it is closed.

    What killed runs left there is swept first. Raises OSError.
    """
    _sweep(target)
    descriptor, name = tempfile.mkstemp(_SUFFIX, _prefix(target), target.parent)
    file = os.fdopen(descriptor, "wb")
    hold(file)
    return file, Path(name)


def sync_folder(folder: Path) -> None:
    """Make a new name survive a power cut, where folders can be synced at all."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _prefix(target: Path) -> str:
    return f".{target.name}.txtal-"


def hold(file: BinaryIO | int) -> bool:
    """Mark ``file`` as in use until it is closed or its process ends; False if another holds it."""
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks: then nothing is swept there either
            return True
    return True


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether no other process is alone with the folder: until the block is left, this one is."""
    if sys.platform == "win32":  # where folders can't be opened
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield hold(descriptor)
    finally:
        os.close(descriptor)


def _sweep(target: Path) -> None:
    """Remove what killed runs left beside ``target``; a run that lives holds its own."""
    for stale in target.parent.iterdir():
        if stale.name.startswith(_prefix(target)) and stale.name.endswith(_SUFFIX):
            with suppress(OSError), stale.open("rb") as file:
                if sys.platform != "win32":
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(stale)


def remove(file: Path) -> None:
    """Remove a temporary file, with what SQLite may have put beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)

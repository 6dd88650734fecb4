"""A folder that is replaced whole or not at all."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from txtal import tempfiles
from txtal.errors import TxtalError, UsageError

_OURS = ("dataset_dict.json", "state.json")
"""What a folder holds that may be replaced: a dataset as it is saved to disk."""

_EXCHANGE = 2
_AT_FDCWD = -100


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """A new folder that takes the place of ``target`` when the block is left in peace.

    Until then ``target`` is as it was, and stays so if the block raises or the process is killed.
    Raises UsageError when it is there and is no dataset that was saved, so that nothing else is
    ever removed, and TxtalError when it can't be written.
    """
    tempfiles.check_beside(target)
    target = Path(os.path.realpath(target))
    if target.exists() and not _may_go(target):
        raise UsageError(f"{target} is there and holds something else; name a new folder")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        made = Path(tempfile.mkdtemp(".tmp", _prefix(target), target.parent))  # mode 0700
        with _held(made):
            try:
                yield made
                _sync(made)
                _put(made, target)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise TxtalError(
            f"{target} can't be written: {error.strerror or error}; what it held is untouched"
        ) from error


def _may_go(target: Path) -> bool:
    if not target.is_dir():
        return False
    names = {one.name for one in target.iterdir()}
    return not names or bool(names & {*_OURS})


def _put(made: Path, target: Path) -> None:
    """Give the folder its name, in one step where the system can exchange two names."""
    if not target.exists():
        made.rename(target)
    elif not _exchange(made, target):
        aside = Path(tempfile.mkdtemp(".tmp", _prefix(target), target.parent))
        target.rename(aside / "old")
        made.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
    tempfiles.sync_folder(target.parent)


def _exchange(one: Path, other: Path) -> bool:
    if sys.platform != "linux":
        return False
    with suppress(OSError, AttributeError):
        rename = ctypes.CDLL(None, use_errno=True).renameat2
        names = (os.fsencode(one), os.fsencode(other))
        return bool(rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0)
    return False


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            tempfiles.sync_folder(path)
    tempfiles.sync_folder(folder)


def _prefix(target: Path) -> str:
    return f".{target.name}.txtal-"


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Mark the folder as in use; whether it was free."""
    if sys.platform == "win32":
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield tempfiles.hold(descriptor)
    finally:
        os.close(descriptor)


def _sweep(target: Path) -> None:
    """Remove what killed runs left beside ``target``; a run that lives holds its own."""
    for stale in target.parent.iterdir():
        named = stale.name.startswith(_prefix(target)) and stale.name.endswith(".tmp")
        if named and stale.is_dir() and not stale.is_symlink():
            with _held(stale) as free:
                if free:
                    shutil.rmtree(stale, ignore_errors=True)

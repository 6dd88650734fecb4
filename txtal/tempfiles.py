"""The one writer of files: whole under a temporary name first, or grown where they lie.

No name is written to that somebody else may have put there: a temporary name can't be guessed, and
a file that grows under a known name is followed through no link and is its owner's alone. Temporary
files are held while their process lives, and swept away once it was killed.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from txtal.errors import TxtalError, UsageError

if sys.platform != "win32":
    import fcntl

_SUFFIX = ".tmp"
_DATABASE = (b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""How a database begins, and its write-ahead log."""

_FOLDERS = (".cache", ".models")
_PART = ".part"
_LOGS = ("-wal", "-shm", "-journal")
_BESIDE = (*_LOGS, *_FOLDERS)
"""What SQLite and txtal keep beside a database, and take for their own whoever wrote it."""


def check_target(path: Path, *inputs: str | Path) -> None:
    """Raise UsageError for what no output may take the place of.

    That is a directory, a database, a file that SQLite keeps beside one, and any of the inputs.
    Raises TxtalError where there is no folder for it: to be asked before the work, not after.
    """
    check_beside(path)
    if path.is_dir():
        raise UsageError(f"{path} is a directory; name a file in it")
    if is_database(path):
        raise UsageError(f"{path} is a database; name another file, or remove it first")
    for one in inputs:
        if is_same(path, Path(one)):
            raise UsageError(f"{path} is read by this command; name another file to write")
    if not path.parent.is_dir():
        why = os.strerror(errno.ENOTDIR if path.parent.exists() else errno.ENOENT)
        raise TxtalError(f"{path} can't be written: {why}: {path.parent}")


def check_beside(path: Path) -> None:
    """Raise UsageError when ``path`` is, or is in, what would be a part of the database beside it.

    SQLite would take it for its own, or txtal delete it with what else is in such a folder.
    """
    for there in (Path(os.path.abspath(path)), Path(os.path.realpath(path))):  # noqa: PTH100
        for one, suffixes in ((there, _BESIDE), *((above, _FOLDERS) for above in there.parents)):
            base = _base(one, suffixes)
            if base is not None and is_database(base):
                raise UsageError(f"{path} would look like a part of the database {base.name}")


def log_of(path: Path) -> Path | None:
    """Return the database to which SQLite would take a file of this name to belong, if any."""
    base = _base(path, _LOGS)
    return base if base is not None and is_database(base) else None


def _base(path: Path, suffixes: Sequence[str]) -> Path | None:
    """The file beside which a name with one of these endings stands."""
    ending = next((one for one in suffixes if path.name.endswith(one) and path.name != one), None)
    return path.with_name(path.name.removesuffix(ending)) if ending else None


def check_file(path: Path) -> None:
    """Raise UsageError when ``path`` is there and is no file: a device, a pipe, a socket."""
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a file, and only a file can be resumed; name one")


def is_same(one: Path, other: Path) -> bool:
    """Whether both name one file, which need not be there yet."""
    with suppress(OSError):
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def is_database(path: Path) -> bool:
    """Whether it begins as a database does, or its write-ahead log."""
    if not path.is_file():
        return False
    with suppress(OSError), path.open("rb") as file:
        return file.read(16).startswith(_DATABASE)
    return False


SHARED = 0o2770
"""The mode of a folder of txtal's own that a group may work in; see `txtal share`."""


def is_shared(folder: Path) -> bool:
    """Whether a folder is shared with its group, and what is made in it belongs to the group."""
    with suppress(OSError):
        return stat.S_IMODE(folder.stat().st_mode) & SHARED == SHARED
    return False


def rights(folder: Path) -> int:
    """Return the mode of a file in a folder of txtal's own: the group's too where it is shared."""
    return 0o660 if is_shared(folder) else 0o600


def make_folder(folder: Path) -> None:
    """Make a folder of txtal's own, and those above it: private, or shared as the one above it."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        if is_shared(folder.parent):
            folder.chmod(SHARED)


@contextmanager
def replacing(target: Path, *, named: bool = False, own: bool = False) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``target`` when the block is left in peace.

    Until then ``target`` is as it was, and stays so if the block raises or the process is killed;
    afterwards the new one survives a power cut. Where a user has ``named`` the target, a symbolic
    link keeps pointing at it, and it keeps its mode; else it is this user's alone, and a link is
    replaced. In a folder of txtal's ``own`` it has the folder's :func:`rights`. Raises OSError.
    """
    target = Path(os.path.realpath(target)) if named else target
    file, name = make(target)
    try:
        with file:
            yield file
            sync(file)
        if own:
            name.chmod(rights(target.parent))
        put(name, target, keep_mode=named)
    except BaseException:
        with suppress(OSError):  # what went wrong first is what there is to tell
            name.unlink(missing_ok=True)
        raise


def make(target: Path) -> tuple[BinaryIO, Path]:
    """A new private file in the target's folder, marked as in use until it is closed.

    What killed runs left there is swept first. Raises OSError.
    """
    _sweep(target)
    # Made with O_EXCL and O_NOFOLLOW, mode 0600, under a name drawn at random.
    descriptor, name = tempfile.mkstemp(_SUFFIX, _prefix(target), target.parent)
    file = os.fdopen(descriptor, "w+b")
    hold(file)
    return file, Path(name)


def put(file: Path, target: Path, *, keep_mode: bool = False) -> None:
    """Give a synced file the target's name, lastingly and in one step. Raises OSError."""
    if keep_mode and target.exists():
        file.chmod(stat.S_IMODE(target.stat().st_mode))
    file.replace(target)
    sync_folder(target.parent)


def grow(path: Path, *, fresh: bool = False, own: bool = False) -> BinaryIO:
    """A file that is written where it lies, for reading and writing, at its end.

    It is made if need be, emptied if it shall be ``fresh``, and is its owner's alone; in a folder
    of txtal's ``own`` it has the folder's :func:`rights`. Raises OSError, also where the name is a
    link: whoever made that may have it point anywhere.
    """
    mode = rights(path.parent) if own else 0o600
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), mode)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise OSError(errno.ELOOP, "it is a link or no file; remove it", str(path))
        if hasattr(os, "fchmod") and stat.S_IMODE(found.st_mode) & 0o077 != mode & 0o077:
            os.fchmod(descriptor, mode)
        if fresh:
            os.ftruncate(descriptor, 0)
        file = os.fdopen(descriptor, "r+b")
    except BaseException:
        os.close(descriptor)
        raise
    file.seek(0, os.SEEK_END)
    return file


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """A new private folder inside, to be renamed once it is whole; what is left of it is removed.

    So is what killed runs left of theirs; a run that lives holds its own. Raises OSError.
    """
    for stale in folder.glob(f".*{_PART}"):
        with suppress(OSError), alone(stale) as free:
            if free:
                shutil.rmtree(stale, ignore_errors=True)
    part = Path(tempfile.mkdtemp(_PART, ".", folder))
    try:
        with alone(part):
            yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def sync(file: BinaryIO) -> None:
    """Put what was written on the disk. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())


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

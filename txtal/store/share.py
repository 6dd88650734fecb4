"""Sharing a database with the people of a group, and no more rights than that takes.

SQLite makes files beside the database and deletes them, so that whoever labels must be able to
write in its folder. The folder is given to the group and hands it on to what is made in it
(setgid); files are readable and writable for owner and group, and others get nothing.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from txtal.errors import DatabaseError, UsageError
from txtal.store import cache_folder
from txtal.store.files import WAL
from txtal.tempfiles import SHARED

_BESIDE = (*WAL, "-journal")


@dataclass(frozen=True, slots=True)
class SharedWith:
    """How a database is shared."""

    group: str
    """Its name, or number where it has none; empty when it is private."""
    closed: tuple[Path, ...] = ()
    """Folders above it that others than their owner can't enter."""


def share(database: Path, group: str) -> SharedWith:
    """Give a database, its folder and its caches to a group.

    Raises UsageError for a group that isn't there, a folder that holds other files too, or a system
    without groups; DatabaseError where it isn't this user's to give.
    """
    database = _there(database)
    number = _number(group)
    folder = database.parent
    strangers = [file.name for file in sorted(folder.iterdir()) if not _is_ours(file, database)]
    if strangers and not _is_given(folder, number):
        raise UsageError(
            f"{folder}: holds other files ({', '.join(strangers[:3])}), which the group could "
            f"delete; move {database.name}* into a folder of its own, with nobody labelling"
        )
    try:
        cache = cache_folder(database)
        cache.mkdir(mode=0o700, exist_ok=True)
        for path in (folder, *_files(database), cache, *cache.rglob("*")):
            if path.is_symlink():
                continue  # whoever made it may have it point anywhere
            os.chown(path, -1, number)
            path.chmod(SHARED if path.is_dir() else 0o660)
    except PermissionError as error:
        raise DatabaseError(
            f"{error.filename}: only its owner can share it, with a group they are in "
            f"({error.strerror})"
        ) from error
    return SharedWith(group, tuple(_closed(folder, number)))


def unshare(database: Path) -> SharedWith:
    """Take a database back for its owner alone. Raises as :func:`share`."""
    database = _there(database)
    try:
        cache = cache_folder(database)
        for path in (*_files(database), *((cache, *cache.rglob("*")) if cache.is_dir() else ())):
            path.chmod(0o700 if path.is_dir() else 0o600)
        if database.parent.stat().st_mode & SHARED == SHARED:
            database.parent.chmod(0o700)
    except PermissionError as error:
        raise DatabaseError(f"{error.filename}: {error.strerror}") from error
    return SharedWith("")


def _there(database: Path) -> Path:
    if sys.platform == "win32":
        raise UsageError("sharing by group needs a system that has them: Linux or macOS")
    if not database.is_file():
        raise DatabaseError(f"{database}: no such database; make one with `txtal load` or `teach`")
    return database.absolute()


def _number(group: str) -> int:
    import grp

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        if group.isascii() and group.isdigit():
            return int(group)
        raise UsageError(f"there is no group {group!r} on this machine") from None


def _is_given(folder: Path, number: int) -> bool:
    """Whether the folder is the group's already: then nothing more is given away."""
    found = folder.stat()
    return found.st_gid == number and found.st_mode & SHARED == SHARED


def _files(database: Path) -> Iterator[Path]:
    """The database, and what SQLite has beside it."""
    for suffix in ("", *_BESIDE):
        file = database.with_name(database.name + suffix)
        if file.exists():
            yield file


def _is_ours(file: Path, database: Path) -> bool:
    """Whether it belongs to the database: its log, caches, backups, and what is half written."""
    name = database.name
    return (
        file.name in {name, *(name + suffix for suffix in _BESIDE), cache_folder(database).name}
        or (file.name.startswith(f"{name}.") and file.name.endswith(".bak"))
        or file.name.startswith(f".{name}.txtal-")
        or file.name == "txtal.toml"
    )


def _closed(folder: Path, number: int) -> Iterator[Path]:
    """The folders above that the group can't pass."""
    for above in folder.parents:
        found = above.stat()
        passes = stat.S_IXGRP if found.st_gid == number else stat.S_IXOTH
        if not found.st_mode & passes:
            yield above

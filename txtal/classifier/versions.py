"""Every classifier that ``train`` wrote of a dataset, kept beside the database, and which is used.

A version is a folder ``NUMBER`` in ``txtal.db.models/DATASET``: the classifier as it was written,
and ``version.json`` with what is known of it. ``current`` names the one that ``train`` wrote or
``rollback`` brought back last. Folders appear in one step, so that a kill leaves none by halves.
"""

from __future__ import annotations

import errno
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from txtal import tempfiles
from txtal.classifier import classifier
from txtal.classifier.classifier import Classifier
from txtal.errors import ModelError, UsageError

_ABOUT = "version.json"
_CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Version:
    """What is known of one."""

    number: int
    at: float
    """When it was trained, seconds since the epoch."""
    answers: int
    """Of how many tickets it learned an answer."""
    newest: int
    """Id of the newest row of the answer log that it learned from."""
    vectors: str
    robust: bool
    fingerprint: str
    """SHA-256 of the classifier."""
    figures: dict[str, Any] | None
    """The headline when it was trained: ``accuracy`` and ``macro_f1``, or the error of ratings."""


def folder_of(database: Path, cache_name: str) -> Path:
    """Return where the versions of a dataset are kept, by the name its caches go by, too."""
    return database.with_name(f"{database.name}.models") / cache_name


def versions(folder: Path) -> list[Version]:
    """Return every version, oldest first; one that can't be read is left out."""
    found = []
    for path in folder.glob(f"*/{_ABOUT}"):
        if not path.parent.name.isdecimal():  # one that is being made, or what a kill left of it
            continue
        try:
            found.append(Version(**json.loads(path.read_text("utf-8"))))
        except (OSError, ValueError, TypeError):
            continue
    return sorted(found, key=lambda one: one.number)


def current(folder: Path) -> int | None:
    """Return the number of the version in use; None before the first."""
    try:
        return int((folder / _CURRENT).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def get(folder: Path, number: int) -> Version:
    """Return one version. Raises UsageError when there is none of that number."""
    there = {one.number: one for one in versions(folder)}
    if number not in there:
        known = ", ".join(map(str, there)) or "none yet: `txtal train` makes them"
        raise UsageError(f"no version {number}; there are: {known}")
    return there[number]


def load(folder: Path, number: int) -> Classifier:
    """Return the classifier of a version. Raises UsageError, ModelError."""
    get(folder, number)
    return classifier.load(folder / f"{number}")


def keep(
    folder: Path,
    made: Classifier,
    *,
    answers: int,
    newest: int,
    robust: bool,
    figures: dict[str, Any] | None,
) -> Version:
    """Keep a classifier as the next version, and use it. Raises ModelError, LearnerError."""
    try:
        tempfiles.make_folder(folder)
        with tempfiles.building(folder) as part:
            classifier.save(made, part)
            header = json.loads((part / classifier.HEADER).read_text("utf-8"))
            version = Version(
                0, round(time.time(), 3), answers, newest, str(header["vectoriser"]["spec"]),
                robust, header["sha256"], figures,
            )  # fmt: skip
            version = _numbered(part, folder, version)
        tempfiles.sync_folder(folder)
        use(folder, version.number)
    except OSError as error:
        raise ModelError(f"{folder}: can't keep the version: {error.strerror or error}") from error
    return version


def _numbered(part: Path, folder: Path, version: Version) -> Version:
    """Give the next number to a folder, or the one after where another training was quicker."""
    number = max((one.number for one in versions(folder)), default=0)
    while True:
        number += 1
        version = replace(version, number=number)
        with tempfiles.replacing(part / _ABOUT) as file:
            file.write(json.dumps(asdict(version), indent=1).encode())
        try:
            part.rename(folder / f"{number}")
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        else:
            return version


def use(folder: Path, number: int) -> None:
    """Make this the version in use. Raises UsageError, ModelError."""
    get(folder, number)
    try:
        with tempfiles.replacing(folder / _CURRENT) as file:
            file.write(f"{number}\n".encode())
    except OSError as error:
        raise ModelError(f"{folder}: can't be written: {error.strerror or error}") from error


def previous(folder: Path) -> Version:
    """Return the version before the one in use. Raises UsageError when there is none."""
    now = current(folder)
    before = [one for one in versions(folder) if now is not None and one.number < now]
    if not before:
        raise UsageError("there is no version before the one in use")
    return before[-1]

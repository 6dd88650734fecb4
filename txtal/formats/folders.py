"""Finding the files of a SOURCE that is a folder or a pattern."""

from __future__ import annotations

import re
from glob import glob
from pathlib import Path

from txtal.errors import DataError
from txtal.formats.imports import IMPORTS, is_mailbox, is_maildir
from txtal.formats.opening import endings, is_dataset_folder
from txtal.formats.readers.label_folders import is_label_folder
from txtal.formats.reading import Say, unheard

_PATTERN = re.compile(r"[*?[]")
_NO_DATA = re.compile(
    r"(readme|licen[sc]e|copying|changes|changelog|notes?|authors|requirements|labels?|classes|"
    r"categories|dataset_info|state|dataset_dict|metadata|config|settings|schema)\b",
    re.IGNORECASE,
)
"""Beginnings of the names of files that aren't data, such as read-me files."""


def shards(source: str, say: Say = unheard) -> list[str]:
    """Return the files of a folder or of a pattern such as ``shards/*.jsonl.gz``, sorted by name.

    Any other SOURCE is returned as it is. Files of a folder that aren't data are left out, with a
    message: label files, read-me files, and plain text beside files of records. Raises DataError if
    no file can be read.
    """
    folder = Path(source)
    if folder.is_dir():
        return [str(path) for path in _of_folder(folder, say)]
    if _PATTERN.search(source) and not folder.exists():
        names = glob(source, recursive=True)  # noqa: PTH207 - it may be an absolute one
        found = [Path(name) for name in names if IMPORTS.by_suffix(name)]
        if not found:
            raise DataError(f"{source} is a pattern that fits no file of tickets ({endings()})")
        return [str(path) for path in sorted(found)]
    return [source]


def _of_folder(folder: Path, say: Say) -> list[Path]:
    if is_dataset_folder(folder) or is_maildir(folder) or is_label_folder(folder):
        return [folder]
    splits = sorted(path for path in folder.iterdir() if path.is_dir() and is_dataset_folder(path))
    if splits and (folder / "dataset_dict.json").is_file():
        return splits
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    readable = [path for path in files if IMPORTS.by_suffix(path) or is_mailbox(path)]
    data = [path for path in readable if not _NO_DATA.match(path.name)]
    if any(not _is_text(path) for path in data):
        data = [path for path in data if not _is_text(path)]
    if not data:
        raise DataError(f"{folder} is a directory with no file of tickets in it ({endings()})")
    left = [path.name for path in files if path not in data]
    if left:
        say(f"{folder}: left out {', '.join(left)}; name a file to load it")
    return data


def _is_text(path: Path) -> bool:
    row = IMPORTS.by_suffix(path)
    return row is not None and row.name == "txt"

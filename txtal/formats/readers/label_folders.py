"""A folder for each label in: a file for each text, as scikit-learn's ``load_files`` reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from txtal.errors import DataError
from txtal.formats import decode
from txtal.formats.bounded import read_small
from txtal.formats.reading import Fields, Rows, Source

_SUFFIXES = ("", ".txt", ".text", ".story")
"""How the names of texts end; many have a number for a name, and no ending."""


def is_label_folder(path: Path) -> bool:
    """Whether a folder has nothing but folders in it, and these nothing but texts."""
    inner = list(_visible(path))
    return bool(inner) and all(one.is_dir() and _holds_texts(one) for one in inner)


def _holds_texts(folder: Path) -> bool:
    files = list(_visible(folder))
    return bool(files) and all(_is_text(file) and file.is_file() for file in files)


def _is_text(file: Path) -> bool:
    suffix = file.suffix.lower()
    return suffix in _SUFFIXES or suffix[1:].isdecimal()


def _visible(folder: Path) -> Iterator[Path]:
    return (one for one in sorted(folder.iterdir()) if not one.name.startswith("."))


def read(source: Source) -> Rows:
    """A text with its label and where it is; a file that holds no text is reported.

    Raises DataError at the first record for what is no such folder.
    """
    folder = source.file
    if not folder.is_dir() or not is_label_folder(folder):
        raise DataError(
            f"{source.name} isn't a folder that has a folder for each label, with a text in each "
            "file of it"
        )
    source.say(f"{source.name}: each file is a ticket, and its folder's name the label")
    files = (file for label in _visible(folder) for file in _visible(label))
    for number, file in enumerate(files, start=1):
        try:
            yield number, _fields(file, source)
        except (OSError, ValueError, DataError) as fault:
            source.bad(number, f"{file.relative_to(folder)}: {_reason(fault)}")


def _fields(file: Path, source: Source) -> Fields:
    """Raises OSError, DataError of a file that is too large, and ValueError if it is no text."""
    content = read_small(file, source.reading.max_line)
    named = source.reading.encoding
    found = decode.Encoding(decode.known(named)) if named else decode.told(content)
    if found is None:
        raise ValueError("its encoding can't be detected; name it with --encoding")
    text = content[found.mark :].decode(found.name).strip()
    if not text:
        raise ValueError("holds no text")
    label = file.parent.name
    return {"text": text, "label": label, "id": f"{label}/{file.name}"}


def _reason(fault: Exception) -> str:
    if isinstance(fault, UnicodeDecodeError):
        return f"isn't {fault.encoding}, at byte {fault.start + 1:,}; --encoding names another"
    return getattr(fault, "strerror", None) or str(fault)

"""Records of bytes, read as a file with a name would be."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from txtal.formats.lines import BadLine
from txtal.formats.reading import Reading
from txtal.formats.source import labelled, read
from txtal.types import Record


def taken(
    data: bytes | str, name: str = "in.jsonl", **reading: Any
) -> tuple[list[Record], list[BadLine]]:
    """The records and the bad lines."""
    bad: list[BadLine] = []
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder) / name, data)
        return list(read(path, bad.append, Reading(**reading))), bad


def said(data: bytes | str, name: str = "in.jsonl", **reading: Any) -> list[tuple[Any, ...]]:
    """(text, verdict, labels) of each answer."""
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder) / name, data)
        return [
            (record.text, one.verdict, *one.labels)
            for _, record, answers in labelled(path, print, Reading(**reading))
            for one in answers
        ]


def notes(data: bytes | str, name: str = "in.jsonl", **reading: Any) -> str:
    """What is said of guesses, in one string."""
    said: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder) / name, data)
        list(labelled(path, lambda bad: None, Reading(**reading), say=said.append))
    return "\n".join(said)


def put(path: Path, data: bytes | str) -> Path:
    """Write the file."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path

"""Which files are compressed, by their names."""

from __future__ import annotations

SUFFIXES = (".gz",)
"""How the name of a compressed file ends, after the suffix of its format."""


def uncompressed(name: str) -> str:
    """``name`` without the ending that says that the file is compressed."""
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name

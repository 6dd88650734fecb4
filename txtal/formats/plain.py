"""Plain text in: one ticket a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from txtal.formats.lines import BadLine, OnBad, not_utf8
from txtal.types import Record


def records(lines: Iterable[bytes], source: str, on_bad: OnBad) -> Iterator[Record]:
    """A record for every line that isn't blank; one that isn't UTF-8 goes to ``on_bad``."""
    for number, line in enumerate(lines, start=1):
        try:
            text = line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            on_bad(BadLine(source, number, not_utf8(error)))
            continue
        if text and not text.isspace():
            yield Record(text)

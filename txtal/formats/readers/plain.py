"""Plain text in: one text per line."""

from __future__ import annotations

from txtal.formats.lines import not_utf8
from txtal.formats.reading import Rows, Source


def read(source: Source) -> Rows:
    """A text for every line that isn't blank; one that can't be decoded is reported."""
    for number, line in enumerate(source.lines(), start=1):
        try:
            text = line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            source.bad(number, not_utf8(error, source.encoding))
            continue
        if text and not text.isspace():
            yield number, {"text": text}

"""fastText's lines in: words, and labels marked with ``__label__``."""

from __future__ import annotations

from txtal.formats.lines import not_utf8
from txtal.formats.reading import Rows, Source

MARK = "__label__"


def read(source: Source) -> Rows:
    """The text of each line without its labels, and these as ``labels``."""
    for number, line in enumerate(source.lines(), start=1):
        try:
            words = line.decode().split()
        except UnicodeDecodeError as error:
            source.bad(number, not_utf8(error, source.encoding))
            continue
        labels = [word.removeprefix(MARK) for word in words if word.startswith(MARK)]
        text = " ".join(word for word in words if not word.startswith(MARK))
        if text:
            # One label in each line is the rule: only several make it a list.
            yield number, {"text": text, "label": labels}
        elif labels:
            source.bad(number, "labels without a text")

"""Answers as fastText reads them: labels marked with ``__label__``, then the text, on one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from txtal.errors import DataError
from txtal.formats.exports import Target
from txtal.formats.rows import Row, Written
from txtal.formats.writers.training import Examples

PREFIX = "__label__"

_NO_PREFIX = "label__"
"""What a text has for it: fastText would take the word for a label."""

_NO = ("",)
"""What stands for a no among the names."""

_BLANKS = re.compile(r"\s+")


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write a line for each example; blanks within labels become ``_``, line ends spaces.


    fastText knows no other label for a no than one of its own: that of a binary dataset is
    ``not_NAME``. Raises DataError when two labels would become the same.
    """
    names = _names(target)
    spaced = sum(label != name for label, name in names.items() if label)
    changed = {"label names with blanks, now _": spaced} if spaced else {}
    examples, marked = Examples(rows), 0
    with target.text() as out:
        for example in examples:
            said = example.labels or (_NO if target.scheme.task == "binary" else ())
            words = example.text.split()
            if any(word.startswith(PREFIX) for word in words):
                marked += 1
                words = [word.replace(PREFIX, _NO_PREFIX, 1) for word in words]
            out.write(" ".join([*(PREFIX + names[label] for label in said), *words]) + "\n")
    if marked:
        changed[f"texts with {PREFIX}, now {_NO_PREFIX}"] = marked
    return replace(examples.written, changed=changed)


def _names(target: Target) -> dict[str, str]:
    there = [label.name for label in (*target.scheme.labels, *target.scheme.former)]
    names = {label: _BLANKS.sub("_", label) for label in there}
    if target.scheme.task == "binary":
        names[""] = "not_" + names[there[0]]
    if len(set(names.values())) < len(names):
        twice = next(name for name in names.values() if [*names.values()].count(name) > 1)
        raise DataError(f"two labels would both be {PREFIX}{twice}; rename one of them")
    return names

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

_BLANKS = re.compile(r"\s+")


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write a line for each example; blanks within labels become ``_``, line ends spaces.

    fastText skips a line without a label, so a text to which no label applies is left out. It knows
    no other label for a no than one of its own: that of a binary dataset is ``not_NAME``. A word
    of the text that it would take for a label loses the prefix. Raises DataError when two labels
    would become the same.
    """
    names = _names(target)
    spaced = sum(label != name for label, name in names.items() if label)
    changed = {"label names with blanks, now _": spaced} if spaced else {}
    examples, alike = Examples(rows, needs_label=True), 0
    with target.text() as out:
        for example in examples:
            labels = [names[label] for label in example.labels] or [names[""]] * (
                target.scheme.task == "binary"
            )
            words = [word.removeprefix(PREFIX) for word in example.text.split()]
            alike += PREFIX in example.text and words != example.text.split()
            out.write(" ".join([*(PREFIX + label for label in labels), *words]) + "\n")
    if alike:
        changed[f"texts with a word like {PREFIX}x, now x"] = alike
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

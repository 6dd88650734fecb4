"""Labels that are whole numbers which a program wrote with a fraction: 1.0 for 1."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from txtal.errors import DataError
from txtal.formats.fields import RowFault
from txtal.formats.labelled import Stated
from txtal.formats.reading import Fields, Say

Said = Callable[[Fields], tuple[Stated, ...]]
"""What a record says."""

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_WHOLE = re.compile(r"([-+]?\d+)\.0+")


def without_fractions(said: Said, sample: Sequence[Fields], source: str, say: Say) -> Said:
    """Return ``said``, with ``1.0`` as 1 if all numbers among the labels of the sample are so.

    Programs write a column of whole numbers so if it has gaps. ``1.0`` beside ``1`` or ``1.5`` is
    a name like any other. A message says what changes.
    """
    numbers = {
        label
        for fields in sample
        for one in _said(said, fields)
        for label in one.labels
        if _NUMBER.fullmatch(label)
    }
    if not numbers or not all(map(_WHOLE.fullmatch, numbers)):
        return said
    first = min(numbers)
    say(f"{source}: labels such as {first!r} are read as whole numbers: {_whole(first)!r}")
    return partial(_as_whole, said=said)


def _said(said: Said, fields: Fields) -> tuple[Stated, ...]:
    with suppress(RowFault, DataError):  # told when its turn comes
        return said(fields)
    return ()


def _as_whole(fields: Fields, said: Said) -> tuple[Stated, ...]:
    return tuple(
        replace(one, labels=tuple(_whole(label) for label in one.labels)) for one in said(fields)
    )


def _whole(label: str) -> str:
    whole = _WHOLE.fullmatch(label)
    return whole[1] if whole else label

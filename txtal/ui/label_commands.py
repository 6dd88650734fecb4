"""Changes of the labels as they are typed line by line: ``label rename refund > refunds``."""

from __future__ import annotations

from txtal.errors import UsageError
from txtal.types import LabelChange, Scheme
from txtal.ui import picker, words

USAGE = """\
labels    every label with what it is for; about NAME: one of them, with tickets that have it
label add NAME; label rename OLD > NEW; label describe NAME > TEXT
label merge NAME > INTO; label split NAME > A, B; label retire NAME; label undo
"""


def label_change(line: str, scheme: Scheme) -> LabelChange:
    """What is asked for after the word ``label``. Raises UsageError when it can't be understood."""
    action, _, rest = line.strip().partition(" ")
    first, _, second = (part.strip() for part in rest.partition(">"))
    match action:
        case "undo":
            return LabelChange("undo")
        case "add":
            return LabelChange("add", name=first)
        case "retire":
            return LabelChange("retire", _meant(first, scheme))
        case "rename":
            return LabelChange("rename", _meant(first, scheme), name=second)
        case "describe":
            return LabelChange("describe", _meant(first, scheme), description=second)
        case "merge":
            return LabelChange("merge", _meant(first, scheme), into=_meant(second, scheme))
        case "split":
            names = tuple(part.strip() for part in second.split(",") if part.strip())
            return LabelChange("split", _meant(first, scheme), names=names)
    raise UsageError("say label add, rename, describe, merge, split, retire or undo")


def _meant(name: str, scheme: Scheme) -> int:
    found = picker.starting_with(name, scheme.labels) if name else ()
    if len(found) != 1:
        can = words.labels(scheme, found[:9]) if found else "no label"
        raise UsageError(f"{words.label_name(name) or 'nothing'} can mean: {can}")
    return found[0]

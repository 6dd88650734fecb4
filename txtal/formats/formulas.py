"""Cells that a spreadsheet may run as formulas: how they are made harmless, and whole again."""

from __future__ import annotations

import re
from collections.abc import Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet may take for a formula (OWASP ASVS 5, 1.2.10, and the line
ends and full-width signs that some programs drop or fold first)."""

OWN_COLUMNS = ("annotator", "timestamp", "comment")
"""The last columns of a table that `txtal export` wrote."""

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)\s*%?")
_MERE_NAME = re.compile(r"[-+@][\w \-+.,/%]*")
"""A label that begins like a formula and holds nothing that one is made of."""

_GUARDED = re.compile(f"'+(?=[{re.escape(''.join(FORMULA))}])")


def guarded(text: str) -> str:
    """Return the cell with an apostrophe before it if it begins like a formula and is no number."""
    if not text.lstrip("'").startswith(FORMULA) or _NUMBER.fullmatch(text):
        return text
    return f"'{text}"


def guarded_label(text: str) -> str:
    """The same of a label's name, which may begin with any sign as long as nothing can be run."""
    return text if _MERE_NAME.fullmatch(text) else guarded(text)


def unguarded(cell: str) -> str:
    """Return what :func:`guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell


def is_own(header: Sequence[str]) -> bool:
    """Whether a table with these columns is an export of txtal's, whose cells are guarded."""
    return "text" in header and tuple(header[-len(OWN_COLUMNS) :]) == OWN_COLUMNS

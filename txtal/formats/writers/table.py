"""Answers as CSV or TSV, for a spreadsheet: the labels that apply, a ticket a row."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from typing import Any

from txtal.formats.exports import Target
from txtal.formats.rows import Row, Written
from txtal.formats.writers.columns import Column, columns
from txtal.formats.writers.training import Examples

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet may take for a formula (OWASP ASVS 5, 1.2.10, and the line
ends and full-width signs that some programs drop or fold first)."""

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)\s*%?")
_MERE_NAME = re.compile(r"[-+@][\w \-+.,/%]*")
"""A label that begins like a formula and holds nothing that one is made of."""

_GUARDED = re.compile(f"'+(?=[{re.escape(''.join(FORMULA))}])")


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write CSV, with commas; see :func:`unguarded` for how to read it."""
    return _write(rows, target, ",")


def write_tabs(rows: Iterable[Row], target: Target) -> Written:
    """Write the same with tabs."""
    return _write(rows, target, "\t")


def _write(rows: Iterable[Row], target: Target, delimiter: str) -> Written:
    """Write the examples among ``rows`` under a header.

    A cell that begins like a formula gets an apostrophe before it, lest a customer's message run
    in a spreadsheet; numbers and labels that are mere names stay as they are. If the target wants
    formulas every cell does, for programs that read cells as they are. Half a character, which has
    no place in UTF-8, becomes U+FFFD.
    """
    shape, examples = columns(target), Examples(rows)
    guards = [_whole if target.formulas else _guard(column) for column in shape]
    with target.text() as out:
        if target.bom:
            out.write("\ufeff")
        table = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
        table.writerow([(_whole if target.formulas else harmless)(one.name) for one in shape])
        for example in examples:
            cells = [column.of(example) for column in shape]
            table.writerow([guard(cell) for guard, cell in zip(guards, cells, strict=True)])
    return examples.written


def _guard(column: Column) -> Callable[[Any], str]:
    return _harmless_label if column.kind == "label" else harmless


def _whole(cell: Any) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", "" if cell is None else str(cell))


def harmless(cell: Any) -> str:
    """The cell as text that no spreadsheet runs; see :func:`unguarded`."""
    text = _whole(cell)
    if not text.lstrip("'").startswith(FORMULA) or _NUMBER.fullmatch(text):
        return text
    return f"'{text}"


def _harmless_label(cell: Any) -> str:
    text = _whole(cell)
    return text if _MERE_NAME.fullmatch(text) else harmless(text)


def unguarded(cell: str) -> str:
    """What :func:`harmless` was given: every apostrophe before a formula's sign is one too many."""
    return cell[1:] if _GUARDED.match(cell) else cell

"""Answers as CSV or TSV, for a spreadsheet: the labels that apply, a ticket a row."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from typing import Any

from txtal.formats.exports import Target
from txtal.formats.formulas import guarded, guarded_label
from txtal.formats.rows import Row, Written
from txtal.formats.writers.columns import Column, columns
from txtal.formats.writers.training import Examples


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write CSV, with commas; see :mod:`txtal.formats.formulas` for its cells."""
    return _write(rows, target, ",")


def write_tabs(rows: Iterable[Row], target: Target) -> Written:
    """Write the same with tabs."""
    return _write(rows, target, "\t")


def _write(rows: Iterable[Row], target: Target, delimiter: str) -> Written:
    """Write the examples among ``rows`` under a header.

    A cell that begins like a formula gets an apostrophe before it, so that no customer's message
    runs in a spreadsheet; numbers and labels that are mere names stay as they are. If the target
    wants formulas every cell does, for programs that read cells as they are. Half a character,
    which has no place in UTF-8, becomes U+FFFD.
    """
    shape, examples = columns(target), Examples(rows)
    guards = [_whole if target.formulas else _guard(column) for column in shape]
    with target.text() as out:
        if target.bom:
            out.write("\ufeff")
        table = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
        table.writerow([(_whole if target.formulas else _harmless)(one.name) for one in shape])
        for example in examples:
            cells = [column.of(example) for column in shape]
            table.writerow([guard(cell) for guard, cell in zip(guards, cells, strict=True)])
    return examples.written


def _guard(column: Column) -> Callable[[Any], str]:
    return _harmless_label if column.kind == "label" else _harmless


def _whole(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)


def _harmless(cell: Any) -> str:
    return guarded(_whole(cell))


def _harmless_label(cell: Any) -> str:
    return guarded_label(_whole(cell))

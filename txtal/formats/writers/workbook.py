"""Answers as a workbook for Excel: text is text there, so that no cell is ever a formula."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from txtal.errors import DataError, UsageError
from txtal.formats.exports import Target
from txtal.formats.rows import Row, Written
from txtal.formats.writers.columns import columns
from txtal.formats.writers.training import Examples

LONGEST = 32_767
"""Characters of a cell, and below MOST the rows of a sheet: Excel's own limits."""
MOST = 1_048_576

PRECISE = 10**15
"""Excel keeps 15 digits of a number; a longer id is text, or its end would become zeros."""

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What XML 1.0 has no place for."""


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write the examples among ``rows`` to a sheet, the columns as CSV has them.

    Texts are cut where Excel would cut them, and characters that it can't hold become U+FFFD; both
    are counted. Raises UsageError without openpyxl, DataError for more rows than a sheet has.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
    except ImportError:
        raise UsageError("Excel files need openpyxl: pip install 'txtal[excel]'") from None

    target.named()
    book = Workbook(write_only=True)
    sheet = book.create_sheet("answers")
    shape, changed = columns(target), Counter[str]()

    def cell(value: Any) -> Any:
        if isinstance(value, int) and abs(value) > PRECISE:
            value = str(value)
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, _fitting(value, changed))
        made.data_type = "s"  # also of what begins with =
        return made

    examples = Examples(rows)
    try:
        sheet.append([cell(column.name) for column in shape])
        for number, example in enumerate(examples, start=2):
            if number > MOST:
                raise DataError(f"an Excel sheet has {MOST:,} rows, and there are more; use CSV")
            sheet.append([cell(column.of(example)) for column in shape])
    finally:
        sheet.close()
    packed = io.BytesIO()  # openpyxl leaves an archive open where writing to a file fails
    book.save(packed)
    with target.binary() as file:
        file.write(packed.getbuffer())
    return replace(examples.written, changed=dict(changed))


def _fitting(text: str, changed: Counter[str]) -> str:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")  # as whoever reads XML does
    if plain != text:
        changed["with carriage returns, now plain line ends"] += 1
    fit = _UNWRITABLE.sub("\ufffd", plain)
    if fit != plain:
        changed["with characters that Excel can't hold, now �"] += 1
    if len(fit) > LONGEST:
        changed[f"cut to Excel's {LONGEST:,} characters"] += 1
    return fit[:LONGEST]

"""Answers as CSV, for a spreadsheet: what was accepted, a ticket a row."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from txtal.formats.exports import Target
from txtal.formats.rows import ExportRow, Row, Writable, Written, when
from txtal.types import Scheme

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet may take for a formula (OWASP ASVS 5, 1.2.10, and the line
ends and full-width signs that some programs drop or fold first)."""


def write(rows: Iterable[Row], target: Target) -> Written:
    """Write the accepted answers of ``rows``; see :func:`write_table`."""
    answers = (row for row in rows if isinstance(row, ExportRow))
    with target.text() as out:
        return write_table(answers, out, target.scheme, formulas=target.formulas)


def write_table(
    rows: Iterable[ExportRow], out: Writable, scheme: Scheme, *, formulas: bool = False
) -> Written:
    """Write the accepted answers under a header.

    A multilabel dataset has a column of 1 and 0 for each label. A cell that begins like a formula
    gets an apostrophe before it, lest a customer's message run in a spreadsheet; not with
    ``formulas``, for programs that read cells as they are. Half a character, which has no place
    in UTF-8, becomes U+FFFD.
    """
    table = csv.writer(out, lineterminator="\r\n")
    guard = _whole if formulas else _harmless
    table.writerow(map(guard, _header(scheme)))
    answers = lines = 0
    left_out: Counter[str] = Counter()
    for row in rows:
        answers += 1
        if row.answer.verdict != "accept" or row.ticket.synthetic:
            left_out["synthetic" if row.ticket.synthetic else row.answer.verdict] += 1
            continue
        table.writerow(map(guard, _cells(row, scheme)))
        lines += 1
    return Written(answers, lines, dict(left_out))


def _header(scheme: Scheme) -> Iterator[str]:
    yield "text"
    if scheme.task == "multilabel":
        yield from (f"label:{label.name}" for label in scheme.labels)
    else:
        yield "label"
    yield from ("annotator", "timestamp", "comment")


def _cells(row: ExportRow, scheme: Scheme) -> Iterator[str]:
    yield row.ticket.text
    if scheme.task == "multilabel":
        yield from (str(int(label in row.answer.labels)) for label in scheme.ids)
    else:
        yield from row.labels[:1] or [""]
    yield from (row.answer.annotator, when(row.answer.answered) or "", row.answer.comment)


def _whole(cell: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", cell)


def _harmless(cell: str) -> str:
    return _whole(f"'{cell}" if cell.startswith(FORMULA) else cell)

"""Answers as lines of JSON: the loop that the formats of JSON Lines share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from txtal.formats.rows import ExportRow, Row, Writable, Written, to_json

Lines = Callable[[Row], list[dict[str, Any]]]
"""The lines a row becomes; none when the format can't say what the row says."""


def write_lines(
    rows: Iterable[Row],
    out: Writable,
    lines_of: Lines,
    why: Callable[[ExportRow], str] = lambda row: row.answer.verdict,
) -> Written:
    """Write the lines of each row to ``out`` and return how many there were of what.

    ``why`` says of an answer without a line for what it was left out.
    """
    answers = predictions = written = 0
    left_out: Counter[str] = Counter()
    for row in rows:
        lines = lines_of(row)
        for line in lines:
            if row.ticket.synthetic:
                line |= {"synthetic": True}
            out.write(to_json(line, row.ticket.id) + "\n")
        if not isinstance(row, ExportRow):
            predictions += len(lines)
            continue
        answers += 1
        written += len(lines)
        if not lines:
            left_out[why(row)] += 1
    return Written(answers, written, dict(left_out), predictions)

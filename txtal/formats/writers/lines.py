"""Answers as lines of JSON: the loop that the formats of JSON Lines share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from txtal.formats.rows import ExportRow, PredictedRow, Row, Writable, Written, to_json

Lines = Callable[[Row], list[dict[str, Any]]]
"""The lines a row becomes; none when the format can't say what the row says."""


UNSURE = "votes left out that name several labels, of which one applies"
"""What formats that hold one label a vote can't express."""


def write_lines(
    rows: Iterable[Row],
    out: Writable,
    lines_of: Lines,
    why: Callable[[ExportRow], str] = lambda row: row.answer.verdict,
) -> Written:
    """Write the lines of each row to ``out`` and return how many there were of what.

    ``why`` says of an answer without a line for what it was left out.
    """
    answers = predictions = votes = written = 0
    left_out: Counter[str] = Counter()
    for row in rows:
        lines = lines_of(row)
        votes += len(row.sources)
        for line in lines:
            if row.ticket.synthetic:
                line |= {"synthetic": True}
            out.write(to_json(line, row.ticket.id) + "\n")
        if isinstance(row, PredictedRow):
            predictions += len(lines)
        elif isinstance(row, ExportRow):
            answers += 1
            written += len(lines)
            if not lines:
                left_out[why(row)] += 1
    return Written(answers, written, dict(left_out), predictions, votes)

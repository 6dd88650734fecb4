"""What a training format takes of an export: texts with the labels that apply to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from txtal.formats.rows import ExportRow, PredictedRow, Row, VotedRow, Written
from txtal.types import ONE_OF, SYNTHETIC


class Example(NamedTuple):
    """A text with its labels: one where one applies, any number of several, none for a no."""

    row: ExportRow
    labels: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.row.ticket.text


class Examples:
    """The rows that say which labels apply; the others are counted with the reason."""

    def __init__(self, rows: Iterable[Row], *, needs_label: bool = False) -> None:
        """With ``needs_label`` a text to which none of several labels applies is left out, too."""
        self._rows = rows
        self._needs_label = needs_label
        self._left_out: Counter[str] = Counter()
        self._answers = self._kept = self._predictions = 0

    def __iter__(self) -> Iterator[Example]:
        return (one for one in self.with_open() if isinstance(one, Example))

    def with_open(self) -> Iterator[Example | PredictedRow | VotedRow]:
        """Yield the tickets that nobody has labelled, too, in the order of the rows."""
        for row in self._rows:
            if not isinstance(row, ExportRow):
                self._predictions += isinstance(row, PredictedRow)
                yield row
                continue
            self._answers += 1
            why = unsaid(row, needs_label=self._needs_label)
            if why:
                self._left_out[why] += 1
                continue
            self._kept += 1
            yield Example(row, row.labels if row.answer.verdict == "accept" else ())

    @property
    def written(self) -> Written:
        """What came of the rows so far."""
        left_out = dict(self._left_out)
        return Written(self._answers, self._kept, left_out, self._predictions)


def unsaid(row: ExportRow, *, needs_label: bool = False) -> str:
    """Why an answer doesn't say which labels apply; empty where it does."""
    answer, task = row.answer, row.scheme.task
    if answer.verdict == "ignore" or (answer.verdict == "reject" and task != "binary"):
        return answer.verdict
    if task in ONE_OF and len(row.labels) != 1:
        return "several labels" if row.labels else "no label"
    if needs_label and task == "multilabel" and not row.labels:
        return "no label"
    return SYNTHETIC if row.ticket.synthetic else ""

"""What a file says of one text in several rows, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from txtal.formats.labelled import Entry, Stated
from txtal.types import ONE_OF, Record, Task


@dataclass(slots=True)
class MergedRow:
    """A row that says something of a text."""

    line: int
    said: Stated


@dataclass(slots=True)
class Merged:
    """What all rows of one text and one annotator come to.

    Not frozen, nor is a row: there is one for each line of a file.
    """

    text: str
    annotator: str
    said: Stated
    rows: Sequence[MergedRow]
    contradicts: bool = False
    """Whether rows say what can't both be, so that some of them counted for nothing."""


@dataclass(slots=True)
class Statements:
    """The rows of a file, by text and annotator, in the order in which these first come."""

    groups: dict[tuple[str, str], list[MergedRow]] = field(default_factory=dict)

    def add(self, text: str, annotator: str, line: int, said: Stated) -> None:
        """Take in what a row says of a text."""
        self.groups.setdefault((text, annotator), []).append(MergedRow(line, said))

    @property
    def said(self) -> Iterable[Stated]:
        """Everything that was said."""
        return (row.said for rows in self.groups.values() for row in rows)

    def __len__(self) -> int:
        return sum(map(len, self.groups.values()))

    def labels(self) -> Counter[str]:
        """How many rows name each label."""
        return Counter(label for said in self.said for label in said.labels)

    def task(self) -> Task | None:
        """What they are answers to, where they tell; None where that is left to others.

        Several labels of one text make it multilabel, but not where each is in a row of its own
        that only names it: that may as well be one label, corrected.
        """
        told = {said.task for said in self.said if said.task}
        if len(told) == 1:
            return next(iter(told))
        if "multilabel" in told or any(map(_yes_to_several, self.groups.values())):
            return "multilabel"
        return None

    def merged(self, task: Task) -> list[Merged]:
        """What they come to, an answer for each text and annotator."""
        put_together = _several if task == "multilabel" else _one
        return [
            Merged(text, annotator, rows[0].said, rows)
            if len(rows) == 1
            else put_together(text, annotator, _in_time(rows))
            for (text, annotator), rows in self.groups.items()
        ]


def _yes_to_several(rows: Sequence[MergedRow]) -> bool:
    labels = {
        label
        for row in rows
        if row.said.kind == "asked" and row.said.verdict == "accept"
        for label in row.said.labels
    }
    return len(labels) > 1


def _in_time(rows: Sequence[MergedRow]) -> list[MergedRow]:
    """Oldest first: by their times if all have one, else as they stand in the file."""
    if len(rows) > 1 and all(row.said.at is not None for row in rows):
        return sorted(rows, key=lambda row: row.said.at or 0.0)
    return list(rows)


def _are_timed(rows: Sequence[MergedRow]) -> bool:
    return len({row.said.at for row in rows}) == len(rows) and all(row.said.at for row in rows)


def _one(text: str, annotator: str, rows: Sequence[MergedRow]) -> Merged:
    """Of one label: accept beats reject, reject beats ignore, and of several the newest counts.

    Where both are timed, a later answer to the same question replaces an earlier one.
    """
    standing = _without_taken_back(rows)
    newest = _newest(standing)
    if newest.said.verdict == "reject":
        refused = dict.fromkeys(
            label for row in standing if row.said.verdict == "reject" for label in row.said.labels
        )
        newest = replace(newest, said=replace(newest.said, labels=tuple(refused)))
    accepted = {row.said.labels for row in rows if row.said.verdict == "accept"}
    refused_labels = {
        label for row in rows if row.said.verdict == "reject" for label in row.said.labels
    }
    clash = len(accepted) > 1 or any(set(labels) & refused_labels for labels in accepted)
    return Merged(text, annotator, newest.said, rows, clash)


def _newest(rows: Sequence[MergedRow]) -> MergedRow:
    for verdict in ("accept", "reject", "ignore"):
        found = [row for row in rows if row.said.verdict == verdict]
        if found:
            return found[-1]
    raise AssertionError(rows)


def _without_taken_back(rows: Sequence[MergedRow]) -> list[MergedRow]:
    """Without rows to whose question a later one has another answer."""
    if not _are_timed(rows):
        return list(rows)
    if all(row.said.kind == "whole" for row in rows):
        return [next((row for row in reversed(rows) if row.said.verdict != "ignore"), rows[-1])]
    last = {label: row for row in rows for label in row.said.labels}
    return [row for row in rows if not row.said.labels or last[row.said.labels[0]] is row]


def _several(text: str, annotator: str, rows: Sequence[MergedRow]) -> Merged:
    """Of any number of labels: those that any row accepts; of one label the newest row counts.

    Rows that each say all there is to say are not put together if they are timed: the newest
    stands.
    """
    verdicts: dict[str, str] = {}
    clash = False
    if _are_timed(rows) and all(row.said.kind == "whole" for row in rows):
        last = _without_taken_back(rows)[0]
        others = {frozenset(row.said.labels) for row in rows if row.said.verdict == "accept"}
        return Merged(text, annotator, last.said, rows, len(others) > 1)
    for row in rows:
        if row.said.verdict == "ignore":
            continue
        for label in row.said.labels:
            before = verdicts.get(label, row.said.verdict)
            if before != row.said.verdict:
                clash = True
                if not _are_timed(rows):
                    verdicts[label] = "accept"
                    continue
            verdicts[label] = row.said.verdict
    base = _newest(rows).said
    applies = tuple(label for label, verdict in verdicts.items() if verdict == "accept")
    if applies:
        base = replace(base, verdict="accept", labels=applies)
    elif base.verdict != "ignore" and verdicts:
        base = replace(base, verdict="reject", labels=tuple(verdicts))
    return Merged(text, annotator, base, rows, clash)


def gold(entries: Iterable[Entry], task: Task | None = None) -> Iterator[Record]:
    """Records that say, each by ``answer`` and ``labels``, what all rows of their text come to.

    For those who want one answer a text, whoever gave it. A text comes as often as it has rows,
    each time with the same answer; one that nothing is said of comes without. With a ``task`` of
    one label, rows that only name it keep their own: a test file may well hold a text twice.
    """
    statements = Statements()
    records: list[tuple[Record, tuple[Stated, ...]]] = []
    for line, record, said in entries:
        for one in said:
            statements.add(record.text, "", line, one)
        records.append((record, said))
    found = statements.merged(task or statements.task() or "exclusive")
    merged = {one.text: one for one in found}
    for record, said in records:
        extra: dict[str, object] = {}
        if said:
            group = merged[record.text]
            own = task in (*ONE_OF, "binary") and all(
                row.said.kind == "named" for row in group.rows
            )
            answer = said[0] if own else group.said
            extra = {"answer": answer.verdict, "labels": list(answer.labels)}
        yield Record(record.text, record.meta, extra)

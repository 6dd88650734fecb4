"""Answers that others gave, from a file into a dataset."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from txtal.errors import DataError
from txtal.formats.guesses import shown
from txtal.formats.label_names import remarks
from txtal.formats.labelled import Entry, Stated
from txtal.formats.lines import BadLine
from txtal.formats.merging import Merged, Statements
from txtal.formats.own import restored
from txtal.formats.reading import Reading
from txtal.formats.source import labelled
from txtal.formats.votes import NamedVote
from txtal.ingest import votes
from txtal.ingest.outcome import LoadedAnswers, LoadOutcome
from txtal.ingest.talk import BadLines, Notes, Report, checked, progress_of
from txtal.store import answers, datasets, tickets
from txtal.store import labels as label_store
from txtal.store.sqlite import Connection, transaction
from txtal.text import count, shorten
from txtal.types import LOADED, ONE_OF, Answer, Dataset, Ranked, Record, Task, Verdict
from txtal.types.grades import noun, span


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """How answers are to be loaded."""

    annotator: str
    """Whose they are where a record doesn't say."""
    forced: bool = False
    """Whether they are all the annotator's, whatever records say."""
    task: Task | None = None
    grades: tuple[str, ...] = ()
    """Those of a rating, lowest first."""
    replace: bool = False
    """Whether an answer in the file takes the place of the annotator's own that differs."""
    strict: bool = False


@dataclass(slots=True)
class Conflict:
    """Answers of one annotator to one text that can't both stand."""

    text: str
    annotator: str
    kept: tuple[Verdict, tuple[str, ...]]
    said: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """A line of the file that ``--conflicts`` names."""
        verdict, labels = self.kept
        return {
            "text": self.text,
            "annotator": self.annotator,
            "kept": {"answer": verdict, "labels": list(labels)},
            "said": self.said,
        }


def load_answers(
    conn: Connection,
    dataset: Dataset,
    source: str,
    report: Report,
    wish: AnswerSettings,
    reading: Reading,
) -> tuple[LoadOutcome, list[Conflict]]:
    """Load tickets and the answers that their records state, in one transaction.

    The rows of one text and annotator are put together first. Labels new to the dataset join its
    scheme, unless it is one of grades. Raises DataError for a file that can't be read, or in which
    nothing says how it is labelled, and UsageError where the dataset's task is another.
    """
    bad, notes = BadLines(report, strict=wish.strict), Notes(report)
    taken = _Taken(source, dataset, wish, bad)
    progress = progress_of(report, "loading")
    opened = labelled(source, bad, reading, say=notes, progress=progress, on_votes=taken.take_votes)
    loaded = tickets.add(conn, dataset.id, taken.records(checked(opened, bad, source)))
    taken.check()
    taken.settle_grades()
    made, conflicts, remarked = _record(conn, dataset.name, taken, wish)
    outcome = LoadOutcome(source, loaded, bad.count, bad.first, made, notes.notes)
    for line in outcome.lines():
        report.say(line)
    for line in remarked:
        notes(line)
    return outcome, conflicts


class _Taken:
    """What was read: statements by text and annotator, and what was left out."""

    def __init__(self, source: str, dataset: Dataset, wish: AnswerSettings, bad: BadLines) -> None:
        self.statements = Statements()
        self.votes: list[tuple[str, NamedVote]] = []
        """With the text that each is about."""
        self.unlabelled = 0
        self.sample_keys: tuple[str, ...] = ()
        self.source = source
        self._wish = wish
        self._bad = bad
        self._grades = wish.grades
        if dataset.scheme.task == "rating":
            self._grades = self._grades or tuple(one.name for one in dataset.scheme.labels)

    @property
    def grades(self) -> tuple[str, ...]:
        """The scale, if the answers are to be grades."""
        return self._grades

    def take_votes(self, text: str, votes: Iterable[NamedVote]) -> None:
        """Note the votes on a text."""
        self.votes += ((text, vote) for vote in votes)

    def records(self, entries: Iterable[Entry]) -> Iterator[Record]:
        """The tickets, as their answers are noted."""
        for line, record, said in entries:
            fault = self._fault(said)
            if fault is not None:
                self._bad(BadLine(self.source, line, fault))
                continue
            for one in said:
                who = self._wish.annotator
                if one.annotator and not self._wish.forced:
                    who = one.annotator
                self.statements.add(record.text, who, line, one)
            if not said:
                self.unlabelled += 1
                if not self.sample_keys:
                    self.sample_keys = (*record.extra, *record.meta)
            yield restored(record)

    def _fault(self, said: Sequence[Stated]) -> str | None:
        for one in said:
            if self._grades and one.labels and not set(one.labels) <= {*self._grades}:
                given = shorten(", ".join(one.labels), 60)
                return f"{given!r} is not one of the {noun(self._grades)}s {span(self._grades)}"
        return None

    def settle_grades(self) -> None:
        """Take the scale from the file, if its lines name one and no other is wished for."""
        scales = {one.grades for one in self.statements.said if one.task == "rating"}
        if not self._grades and len(scales) == 1 and self._wish.task in (None, "rating"):
            self._grades = scales.pop()

    def check(self) -> None:
        """Raise DataError if records were read, and none says how it is labelled."""
        if not self.unlabelled or len(self.statements) or self.votes:
            return
        many = self.unlabelled > 1
        which = f"none of {self.unlabelled:,} records" if many else "nothing in its only record"
        keys = f" (there are {shown(self.sample_keys)})" if self.sample_keys else ""
        raise DataError(
            f"{self.source}: {which} says how it is labelled{keys}; name the field with --label, "
            "or leave out --answers to load the tickets alone"
        )


def _task(taken: _Taken, wish: AnswerSettings, dataset: Dataset, source: str) -> Task | None:
    """What the answers are to; None to leave it to the dataset and the number of labels."""
    said = taken.statements
    if taken.grades:
        return "rating"
    if wish.task:
        return wish.task
    told = said.task()
    if dataset.scheme.labels:
        _check_fits(said, dataset, told)
        return None
    if told == "rating":
        raise DataError(
            f"{source}: its answers are the grades of a rating; give the whole scale, such as "
            f"--rating 1-5 or --score 0-100"
        )
    if told:
        return told
    names = said.labels()
    refused = any(one.verdict == "reject" for one in said.said)
    # A file with one label is no reason for yes or no, unless it says no: another file may have
    # another label.
    return None if refused and names else "exclusive"


def _check_fits(said: Statements, dataset: Dataset, told: Task | None) -> None:
    """Raise DataError where texts have several labels and the dataset's have one."""
    if dataset.scheme.task not in ONE_OF:
        return
    several = sum(
        len(row.said.labels) > 1 and row.said.verdict == "accept"
        for rows in said.groups.values()
        for row in rows
    )
    if several:
        raise DataError(
            f"{count(several, 'record')} {'has' if several == 1 else 'have'} several labels, and "
            f"{dataset.name} is {dataset.scheme.task}: --task multilabel makes it multilabel, as "
            "long as nobody has answered; else choose another dataset"
        )


def _record(
    conn: Connection, name: str, taken: _Taken, wish: AnswerSettings
) -> tuple[LoadedAnswers, list[Conflict], list[str]]:
    statements = taken.statements
    counts = statements.labels()
    before = datasets.get(conn, name)
    task = _task(taken, wish, before, taken.source)
    wanted = taken.grades or tuple(counts)
    dataset = datasets.prepare(conn, name, [(label, "") for label in wanted], task)
    merged = statements.merged(dataset.scheme.task)
    if not before.scheme.labels and wish.task is None:
        _check_contradictions(merged, taken.source)
    with transaction(conn):
        writer = _Writer(conn, dataset, wish)
        for one in merged:
            writer.take(one)
        writer.write()
        writer.made.votes, unfit = votes.write(conn, dataset, taken.votes)
    made = writer.made
    made.left_out += unfit
    made.unlabelled = taken.unlabelled
    known = [label.name for label in (*before.scheme.labels, *before.scheme.former)]
    remarked = [] if taken.grades else remarks(counts, known, name)
    return made, writer.conflicts, remarked


_MANY = 10
_OFTEN = 0.1
"""Texts, and the fraction of all texts, with several labels in rows of their own, from which on it
has to be said what that means."""


def _check_contradictions(merged: Sequence[Merged], source: str) -> None:
    """Raise DataError where so many rows contradict each other that they may be meant together."""
    named = [one for one in merged if one.contradicts and one.rows[0].said.kind == "named"]
    if len(named) >= _MANY and len(named) > _OFTEN * len(merged):
        raise DataError(
            f"{source}: {len(named):,} of {count(len(merged), 'text')} have rows with different "
            "labels: say --task multilabel, if a text may have several, or --task exclusive, if "
            "the newest counts"
        )


class _Writer:
    """Writes answers beside those that stand, and notes where they differ."""

    def __init__(self, conn: Connection, dataset: Dataset, wish: AnswerSettings) -> None:
        self.made = LoadedAnswers()
        self.conflicts: list[Conflict] = []
        self._conn = conn
        self._dataset = dataset
        self._wish = wish
        self._ids = label_store.ids(conn, dataset.id)
        self._names = dataset.scheme.names
        standing = answers.standing(conn, dataset.id)
        self._standing = {(one.ticket_id, one.annotator): one for one in standing}
        self._new: list[Answer] = []
        self._session = answers.open_session(conn, dataset.id, wish.annotator, "load")

    def write(self) -> None:
        """Append what was taken to the answers."""
        answers.append_all(self._conn, self._dataset.id, self._session, self._new)

    def take(self, merged: Merged) -> None:
        """Take what was said of a text, unless it is there already."""
        ticket_id = tickets.find(self._conn, self._dataset.id, merged.text)
        if ticket_id is None:
            return  # it was to be forgotten, and counted as such when it was loaded
        said = self._fitting(merged.said)
        if said is None:
            return
        if len(merged.rows) > 1:
            self._count_rows(merged, said)
        answer = self._answer(ticket_id, merged.annotator, said)
        there = self._standing.get((ticket_id, merged.annotator))
        if there is None:
            self._append(answer)
            self.made.added += 1
        elif (there.verdict, set(there.labels)) == (answer.verdict, set(answer.labels)):
            self.made.same += 1
        else:
            self._differs(merged, answer, there)

    def _fitting(self, said: Stated) -> Stated | None:
        """The answer as the dataset's task can hold it; None for one that it can't."""
        task = self._dataset.scheme.task
        if task == "multilabel" or said.verdict != "accept" or len(said.labels) == 1:
            return said
        if said.labels:
            self.made.left_out[f"several labels, and {self._dataset.name} is {task}"] += 1
            return None
        if task == "binary" and said.kind == "whole":  # of all the labels there are, none applies
            return replace(said, verdict="reject", labels=(self._dataset.scheme.labels[0].name,))
        self.made.left_out["accepted with no label: taken as ignored"] += 1
        return replace(said, verdict="ignore")

    def _count_rows(self, merged: Merged, said: Stated) -> None:
        repeated = len(merged.rows) - 1
        alike = sum(
            (row.said.verdict, set(row.said.labels)) == (said.verdict, set(said.labels))
            for row in merged.rows
        )
        same = max(0, alike - 1)
        self.made.same += same
        if merged.contradicts:
            self.made.contradicting += 1
            self._note(merged, (said.verdict, said.labels))
        self.made.together += repeated - same

    def _differs(self, merged: Merged, answer: Answer, there: Answer) -> None:
        kept = answer if self._wish.replace else there
        conflict = self._note(merged, (kept.verdict, self._named(kept.labels)))
        conflict.said.append(
            {
                "dataset": self._dataset.name,
                "answer": there.verdict,
                "labels": list(self._named(there.labels)),
            }
        )
        if self._wish.replace:
            self._append(answer)
            self.made.replaced += 1
        else:
            self.made.differing += 1

    def _note(self, merged: Merged, kept: tuple[Verdict, tuple[str, ...]]) -> Conflict:
        rows = [
            {"line": row.line, "answer": row.said.verdict, "labels": list(row.said.labels)}
            for row in merged.rows
        ]
        if not (self.conflicts and self.conflicts[-1].said[: len(rows)] == rows):
            self.conflicts.append(Conflict(merged.text, merged.annotator, kept, rows))
        self.conflicts[-1].kept = kept
        return self.conflicts[-1]

    def _named(self, labels: Sequence[int]) -> tuple[str, ...]:
        return tuple(self._names[label] for label in labels if label in self._names)

    def _append(self, answer: Answer) -> None:
        self._new.append(answer)
        self._standing[answer.ticket_id, answer.annotator] = answer

    def _answer(self, ticket_id: int, annotator: str, said: Stated) -> Answer:
        answered = time.time() if said.at is None else said.at
        return Answer(
            ticket_id,
            said.verdict,
            tuple(self._ids[label] for label in said.labels),
            Ranked(ticket_id, reason=LOADED),
            shown=0.0 if said.seconds is None else max(0.0, answered - said.seconds),
            answered=answered,
            flagged=said.flagged,
            comment=said.comment,
            annotator=annotator,
        )


def conflict_lines(conflicts: Iterable[Conflict]) -> Iterator[str]:
    """The lines of the file that ``--conflicts`` names."""
    from txtal.formats.rows import to_json

    for conflict in conflicts:
        yield to_json(conflict.to_json(), 0) + "\n"

"""The records of a SOURCE: a file, a folder that is one data set, or standard input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from threading import Event

from txtal.errors import DataError, UsageError
from txtal.formats.fields import FieldPlan, RowFault
from txtal.formats.labelled import Entry
from txtal.formats.lines import BadLine, OnBad
from txtal.formats.opening import STDIN, Opened, open_arriving, open_source
from txtal.formats.planning import is_plain, plan
from txtal.formats.reading import Progress, Reading, Rows, Say, unheard
from txtal.formats.surveys import without_captions
from txtal.formats.votes import NamedVote, votes_of
from txtal.types import Record

__all__ = ["STDIN", "BadLine", "Entry", "OnBad", "Progress", "arriving", "labelled", "read"]

_SAMPLE = 2000
"""Records that are looked at before it is decided what their fields mean."""

_DEFAULT = Reading()

OnVotes = Callable[[str, tuple[NamedVote, ...]], object]
"""Is given the text of a record, and the votes that it holds."""


def read(
    source: str | Path,
    on_bad: OnBad,
    reading: Reading = _DEFAULT,
    *,
    say: Say = unheard,
    progress: Progress | None = None,
) -> Iterator[Record]:
    """The records of ``source``, one at a time; memory stays flat however large the file.

    Each bad line goes to ``on_bad`` and is skipped; whether that is fatal is the caller's affair.
    What had to be guessed goes to ``say``. ``progress`` counts the bytes of the file, compressed
    ones where it is compressed, or rows. A SOURCE that can't be opened raises at the call:
    UsageError for a format that isn't clear, or lacks its extra, else DataError. With the first
    record DataError is raised for a file that can't be read throughout, or in which it isn't clear
    which field is the text.
    """
    opened = open_source(source, on_bad, reading, say=say, progress=progress)
    return _records(opened, on_bad, reading, say, _SAMPLE)


def labelled(
    source: str | Path,
    on_bad: OnBad,
    reading: Reading = _DEFAULT,
    *,
    say: Say = unheard,
    progress: Progress | None = None,
    on_votes: OnVotes = lambda text, votes: None,
) -> Iterator[Entry]:
    """The same with what each record says of itself. Raises as :func:`read`.

    ``on_votes`` is called with the text of each record that holds votes, and with these. Raises
    DataError if it isn't clear which field is the label.
    """
    opened = open_source(source, on_bad, reading, say=say, progress=progress)
    return _entries(opened, on_bad, reading, say, on_votes)


def arriving(
    source: str | Path,
    on_bad: OnBad,
    stop: Event,
    *,
    follow: bool,
    stdin: int = 0,
    reading: Reading = _DEFAULT,
    say: Say = unheard,
) -> Iterator[Record]:
    """The records of ``source`` as they arrive, each as soon as its line is whole.

    Waits for more, until ``stop`` is set or, unless ``follow``, the source ends. Once ``stop`` is
    set what comes may be the part of a line. ``stdin`` is the descriptor to read for ``-``. Raises
    as :func:`read`, and UsageError for a kind of file that can't be followed.
    """
    opened = open_arriving(source, on_bad, reading, stop, follow=follow, stdin=stdin)
    return _records(opened, on_bad, reading, say, 1)


def _records(
    opened: Opened, on_bad: OnBad, reading: Reading, say: Say, sample: int
) -> Iterator[Record]:
    with opened.file:
        made, rows = _planned(opened, reading, say, sample, answers=False)
        record = made.record
        for number, fields in rows:
            try:
                yield record(fields)
            except RowFault as fault:
                on_bad(BadLine(opened.name, number, str(fault)))


def _entries(
    opened: Opened, on_bad: OnBad, reading: Reading, say: Say, on_votes: OnVotes
) -> Iterator[Entry]:
    with opened.file:
        made, rows = _planned(opened, reading, say, _SAMPLE, answers=True)
        for number, fields in rows:
            try:
                said = made.stated(fields)  # first: a record takes its fields apart
                votes = votes_of(fields)
                record = made.record(fields)
                if votes:
                    on_votes(record.text, votes)
                yield number, record, said
            except (RowFault, DataError) as fault:
                on_bad(BadLine(opened.name, number, str(fault)))


def _planned(
    opened: Opened, reading: Reading, say: Say, sample: int, *, answers: bool
) -> tuple[FieldPlan, Rows]:
    """What the fields mean, by the first records, and all records."""
    row, source, rows = opened.begin()
    first = next(rows, None)
    if reading.columns and not {*reading.columns} <= {*source.columns}:
        raise UsageError(
            f"{opened.name}: --columns names the columns of a table that has no header (CSV, TSV, "
            f"Excel); this is read as {row.name}, which has names: leave the option out"
        )
    if first is None:
        return plan([], row, reading, source, say, answers=answers), rows
    seen = [first]
    if source.columns and sample > 1:
        seen = without_captions([first, *islice(rows, 2)], source)
    if answers or not is_plain(first[1], reading):
        seen += islice(rows, sample - len(seen))
    fields = [fields for _, fields in seen]
    return plan(fields, row, reading, source, say, answers=answers), chain(seen, rows)

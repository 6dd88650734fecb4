"""Messages about a file while it is read: bad lines, guesses and progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Protocol, TypeVar

from txtal.errors import DataError
from txtal.formats.lines import BadLine

SHOWN_BAD_LINES = 20
"""Bad lines reported one by one; the rest are only counted."""

T = TypeVar("T")


class Report(Protocol):
    """Where messages go: standard error on the command line."""

    def say(self, text: str) -> None: ...
    def progress(self, what: str, done: int, total: int | None) -> None: ...


class Noted:
    """Passes messages on, and keeps them: a full screen soon hides what was printed."""

    def __init__(self, report: Report) -> None:
        self.said: list[str] = []
        self._report = report

    def say(self, text: str) -> None:
        """Print it."""
        self.said.append(text)
        self._report.say(text)

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Show how far it is."""
        self._report.progress(what, done, total)


class BadLines:
    """Reports lines that can't be loaded, or raises at the first if ``strict``.

    Nothing is reported before :meth:`release`: if no line of a file is good, one message is enough.
    """

    def __init__(self, report: Report, *, strict: bool) -> None:
        self.count = 0
        self.first: list[BadLine] = []
        self._report = report
        self._strict = strict
        self._held = True
        self._told = 0

    def __call__(self, bad: BadLine) -> None:
        if self._strict:
            raise DataError(f"{bad} (--strict: nothing was taken)")
        self.count += 1
        if len(self.first) <= SHOWN_BAD_LINES:
            self.first.append(bad)
            if not self._held:
                self.release()

    def release(self) -> None:
        """Report the bad lines held back so far, and from now on each one as it comes."""
        self._held = False
        for bad in self.first[self._told : SHOWN_BAD_LINES]:
            self._report.say(str(bad))
        if len(self.first) > SHOWN_BAD_LINES >= self._told:
            self._report.say("… more bad lines follow; they are only counted")
        self._told = len(self.first)

    def hold(self) -> None:
        """Hold back bad lines until the next release, because another file begins."""
        self._held = True


def checked(records: Iterable[T], bad: BadLines, source: object) -> Iterator[T]:
    """Yield ``records``; bad lines are reported once a good one has come.

    Raises DataError if all lines are bad.
    """
    bad.hold()
    before = bad.count
    remaining = iter(records)
    for first in remaining:
        bad.release()
        yield from chain([first], remaining)
        return
    if bad.count > before:
        raise DataError(_nothing_good(source, bad, bad.count - before))


def _nothing_good(source: object, bad: BadLines, number: int) -> str:
    here = [one for one in bad.first if one.source == str(source)] or bad.first
    reasons = Counter(one.reason for one in here)
    reason, times = reasons.most_common(1)[0]
    line = next(one.line for one in here if one.reason == reason)
    if number == 1:
        return f"{source}: its only line can't be loaded: {reason}"
    which = "each" if times == len(here) else f"line {line:,}"
    return f"{source}: none of its {number:,} lines can be loaded; {which}: {reason}"


class Notes:
    """Reports guesses, and keeps them for ``--json``."""

    def __init__(self, report: Report) -> None:
        self.notes: list[str] = []
        self._report = report

    def __call__(self, text: str) -> None:
        if text not in self.notes:  # a file is looked into again when the rest is loaded behind
            self.notes.append(text)
            self._report.say(text)


def progress_of(report: Report, what: str) -> Any:
    """Return a function that reports to ``report`` how much of a file was read."""
    return lambda done, total: report.progress(what, done, total)

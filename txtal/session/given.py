"""The answers of this session: how many, and which is the newest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from txtal.types import Answer, Relabelled, Ticket

_RECENT = 500
"""Rows of the answer log that are compared with what the model has read."""


class Given:
    """What was answered in this session."""

    def __init__(self) -> None:
        self.saved: Answer | None = None
        """The newest answer that was given to the ticket on the screen, and is on disk."""
        self.newest: Answer | None = None
        """The newest answer that is on disk: given to many at once, or again, too."""
        self.ticket: Ticket | None = None
        """The ticket it is of."""
        self.count = 0
        """Answers given, less those of them undone."""
        self._rows: list[int] = []
        """Ids of the log's rows: answers and undos."""

    def add(self, ticket: Ticket, answer: Answer) -> None:
        """An answer is on disk."""
        self.saved, self.ticket = answer, ticket
        self.add_all([answer])

    def add_all(self, answers: Sequence[Answer]) -> None:
        """These answers are on disk."""
        self.count += len(answers)
        self._rows += [answer.id for answer in answers]
        self.newest = answers[-1] if answers else self.newest

    def undo(self, rows: Sequence[int], answers: tuple[Answer, ...]) -> None:
        """These answers were undone, as one step, by these rows of the log."""
        self.take_back(answers)
        self._rows += rows

    def take_back(self, answers: Iterable[Answer]) -> None:
        """These answers no longer stand, whoever gave them."""
        self.count -= sum(answer.id in self._rows for answer in answers)

    def relabel(self, done: Relabelled) -> None:
        """A change of the labels undid answers, or gave back what an earlier one undid."""
        self.take_back(done.undone)
        self.count += sum(answer.id in self._rows for answer in done.restored)

    def behind(self, newest: int) -> int:
        """Count the rows of this session above ``newest``, which the model hasn't read yet."""
        return sum(1 for row in reversed(self._rows[-_RECENT:]) if row > newest)

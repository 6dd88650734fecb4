"""Tickets on which annotators differ, handed out the most disputed first."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Sequence

from txtal.measures.gold import counting, dispute
from txtal.store import answers, gold, labels
from txtal.store.session_file import SessionFile
from txtal.store.ticket_leases import TicketLeases
from txtal.types import Answer, Dataset

_LOOK_AGAIN_SECONDS = 30


class Disputes:
    """Leases disputed tickets. They are listed once, and again when the list has run out."""

    def __init__(self, file: SessionFile, tickets: TicketLeases, dataset: Dataset) -> None:
        self._file = file
        self._tickets = tickets
        self._dataset = dataset
        self._listed: deque[int] = deque()
        self._fruitless: tuple[int, ...] | None = None

    def take(self, passed: Collection[int]) -> tuple[Answer, ...]:
        """Lease the most disputed ticket that isn't one of ``passed``; () when there is none.

        Returns the answers to it that count, oldest first.
        """
        for _ in range(2):
            while self._listed:
                ticket_id = self._listed.popleft()
                said = () if ticket_id in passed else self.said(ticket_id)
                if self._differ(said) and self._tickets.hold(ticket_id) is not None:
                    return said
            if self._fruitless == self._state():
                return ()
            self._list(passed)
        self._fruitless = self._state()
        return ()

    def said(self, ticket_id: int) -> tuple[Answer, ...]:
        """Return the answers to a ticket that count, oldest first."""
        conn = self._file.conn
        with self._file.reading():
            stands_for = labels.merged(conn, self._dataset.id)
            rows = conn.execute("SELECT * FROM standing_answer WHERE ticket_id = ?", (ticket_id,))
            said = counting(answers.from_row(row, stands_for) for row in rows.fetchall())
        return tuple(said.get(ticket_id, ()))

    def _list(self, passed: Collection[int]) -> None:
        with self._file.reading():
            found = gold.disputed(self._file.conn, self._dataset)
        self._listed.extend(said[0].ticket_id for said in found)
        if all(ticket_id in passed for ticket_id in self._listed):
            self._listed.clear()

    def _differ(self, said: Sequence[Answer]) -> bool:
        return dispute(said, self._dataset.scheme) > 0

    def _state(self) -> tuple[int, ...]:
        """The same as long as looking again would find nothing new; leases run out."""
        return *self._file.changes(), int(time.time() / _LOOK_AGAIN_SECONDS)

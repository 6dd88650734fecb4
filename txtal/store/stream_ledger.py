"""A session's view of its stream: tickets that arrive, and what is decided of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from txtal.store import arrivals, leases
from txtal.store.session_file import SessionFile
from txtal.store.ticket_leases import TicketLeases
from txtal.store.tickets import Loaded
from txtal.types import Ranked, Record, Settled, Spending


class StreamLedger:
    """Stores what arrives, writes what is decided, and leases the tickets that wait."""

    def __init__(self, file: SessionFile, tickets: TicketLeases) -> None:
        self.tickets = tickets
        self._file = file
        self._none_before = 0
        """No ticket up to this id waits to be shown."""
        self._counted: tuple[int, int] | None = None
        self._counts = (Spending(), 0, 0)

    def reopened(self) -> None:
        """Look again from the first ticket on: an answer was undone."""
        self._none_before = 0

    def take_in(self, records: Sequence[Record]) -> Loaded:
        """Add tickets that have arrived, durably, with nothing decided of them yet."""
        file = self._file
        with file.writing():
            loaded = arrivals.add(file.conn, file.dataset_id, file.session_id, records)
        self.tickets.grow()
        return loaded

    def pending(self, limit: int) -> list[int]:
        """Return ids of the first tickets that have arrived and that nothing is decided of."""
        with self._file.reading():
            return arrivals.pending(self._file.conn, self._file.dataset_id, limit)

    def settle(
        self,
        scored: Iterable[Ranked],
        revision: int | None,
        decide: Callable[[Spending, Ranked], tuple[Settled, Spending]],
    ) -> None:
        """Decide, one after another, what becomes of those of these tickets that still wait."""
        conn, dataset_id = self._file.conn, self._file.dataset_id
        with self._file.writing():
            spent = arrivals.spending(conn, dataset_id)
            for ranked in scored:
                if arrivals.is_pending(conn, ranked.ticket_id):
                    threshold = spent.threshold
                    settled, spent = decide(spent, ranked)
                    arrivals.settle(conn, ranked.ticket_id, settled, threshold, revision)
            arrivals.save_spending(conn, dataset_id, spent)

    def take_waiting(self, after: int = 0) -> Ranked | None:
        """Lease the first ticket above ``after`` that arrived and is to be shown."""
        file, after = self._file, max(after, self._none_before)
        with file.writing():
            found = arrivals.next_waiting(file.conn, file.dataset_id, file.session_id, after)
            if found is not None:
                leases.hold(file.conn, file.session_id, found.ticket_id)
            return found

    def counts(self) -> tuple[Spending, int, int]:
        """Return the stream's account, how many tickets wait for an answer, for a decision."""
        changes = self._file.changes()
        if self._counted != changes:
            if self._counted is None or self._counted[0] != changes[0]:
                self._none_before = 0  # another session may have undone an answer
            self._count()
            self._counted = changes
        return self._counts

    def _count(self) -> None:
        conn, dataset_id = self._file.conn, self._file.dataset_id
        with self._file.reading():
            waiting, self._none_before = arrivals.count_waiting(conn, dataset_id, self._none_before)
            spent = arrivals.spending(conn, dataset_id)
            self._counts = (spent, waiting, arrivals.count_pending(conn, dataset_id))

"""Tickets handed out to a session: leased, so that no two screens show the same one."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable

from txtal.store import leases, lookup, matched, rechecks, synthetic, tickets
from txtal.store.session_file import SessionFile
from txtal.types import Answer, Composed, Found

_TRIES = 64
_LOOK_AGAIN_SECONDS = 30


class TicketLeases:
    """Counts a dataset's open tickets and leases one at a time to the session.

    A ticket is open when no answer to it stands and no other session holds it; see
    :data:`txtal.store.leases.OPEN`.
    """

    total: int
    """Tickets of the dataset, when they were last counted."""
    open: int
    """Those of them with no standing answer."""

    def __init__(self, file: SessionFile, annotator: str) -> None:
        self._file = file
        self._annotator = annotator
        self._renewed = time.monotonic()
        self._fruitless: tuple[int, int, int] | None = None
        """The state of the database in which a search found nothing."""
        self.refresh()

    # --- counting ---------------------------------------------------------------------------

    def refresh(self) -> None:
        """Count again what there is and what is open; others may have written since."""
        with self._file.reading():
            self._newest = tickets.id_range(self._file.conn, self._file.dataset_id)[1]
            self.total = tickets.count(self._file.conn, self._file.dataset_id)
            self.open = leases.open_count(
                self._file.conn, self._file.dataset_id, self._file.session_id
            )

    def grow(self) -> int:
        """Count the tickets that were loaded since, by whomever. Returns how many they are."""
        file = self._file
        with file.reading():
            newest = tickets.id_range(file.conn, file.dataset_id)[1]
            if newest <= self._newest:
                return 0
            loaded = tickets.count_after(file.conn, file.dataset_id, self._newest)
        self._newest = newest
        self.total += loaded
        self.open += loaded
        return loaded

    def is_open(self, ticket_id: int) -> bool:
        """Whether the session may be shown the ticket."""
        return leases.is_open(self._file.conn, self._file.session_id, ticket_id)

    # --- leasing ----------------------------------------------------------------------------

    def take_first(self, ticket_ids: Iterable[int]) -> int | None:
        """Lease the first open one of these; None when none is open."""
        with self._file.writing():
            return self._take(ticket_ids)

    def _take(self, ticket_ids: Iterable[int]) -> int | None:
        file = self._file
        return leases.take_first(file.conn, file.session_id, file.dataset_id, ticket_ids)

    def take_next(self, after: int = 0) -> int | None:
        """Lease the next open ticket in order of loading; None past the last."""
        file = self._file
        with file.writing():
            taken = leases.take_next(file.conn, file.session_id, file.dataset_id, after)
            if taken is None and after == 0:
                self._found_nothing()
            return taken

    def take_random(self, rng: random.Random) -> int | None:
        """Lease an open ticket drawn uniformly at random; None when none is open."""
        file = self._file
        with file.reading():
            if self._fruitless == self._state():
                return None
            # Throwing darts at the range of ids is uniform over the open ones, and costs a few
            # look-ups where listing a million would be felt.
            ends = tickets.id_range(file.conn, file.dataset_id)
            taken = self._take(rng.randint(*ends) for _ in range(_TRIES))
            if taken is None:
                every = tickets.ids_after(file.conn, file.dataset_id)
                rng.shuffle(every)
                taken = self._take(every)
            if taken is None:
                self._found_nothing()
            return taken

    def take_earlier(self, rng: random.Random) -> Answer | None:
        """Lease a ticket that this annotator answered a while ago, and return that answer."""
        file = self._file
        with file.writing():
            return rechecks.take_earlier(
                file.conn, file.session_id, file.dataset_id, self._annotator, rng
            )

    def take_matched(self, rng: random.Random) -> int | None:
        """Lease an open ticket that matches a pattern, one that was often right sooner."""
        file = self._file
        with file.writing():
            for source in matched.by_promise(file.conn, file.dataset_id, rng):
                taken = self._take(matched.tickets_of(file.conn, source, rng))
                if taken is not None:
                    return taken
            return None

    def add_synthetic(self, composed: Composed) -> int | None:
        """Store a composed text and lease it; None when the dataset has it already."""
        file = self._file
        with file.writing():
            ticket_id = synthetic.add(file.conn, file.dataset_id, composed)
            if ticket_id is not None:
                leases.hold(file.conn, file.session_id, ticket_id)
            return ticket_id

    def hold(self, ticket_id: int) -> Found | None:
        """Lease this ticket, answered or not; None when another session holds it."""
        file = self._file
        with file.writing():
            if leases.held_elsewhere(file.conn, file.session_id, ticket_id):
                return None
            leases.hold(file.conn, file.session_id, ticket_id)
            return lookup.with_answers(file.conn, file.dataset_id, [ticket_id])[0]

    def keep(self) -> None:
        """Renew the lease on the ticket at hand, now and then; call it as often as you like."""
        if time.monotonic() - self._renewed > leases.SECONDS / 3:
            with self._file.reading():
                leases.renew(self._file.conn, self._file.session_id)
            self._renewed = time.monotonic()

    def _found_nothing(self) -> None:
        """Count again, once: the person who sees that nothing is left should see why."""
        if self._fruitless != self._state():
            self.refresh()
            self._fruitless = self._state()

    def _state(self) -> tuple[int, int, int]:
        """The same as long as a search that found nothing would find nothing again.

        Changes when anybody writes, and now and then by itself, for leases run out.
        """
        return *self._file.changes(), int(time.time() / _LOOK_AGAIN_SECONDS)

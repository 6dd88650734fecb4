"""Tickets that arrive while the session is on: from a thread that reads them into the store.

No more than a few are ever in memory. Whoever writes them waits when they aren't taken in as fast.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread

from txtal.errors import TxtalError
from txtal.formats.lines import BadLine, OnBad
from txtal.formats.own import restored
from txtal.formats.reading import Say
from txtal.learning.selective import FEW, Rule, settle
from txtal.store.stream_ledger import StreamLedger
from txtal.text import count
from txtal.types import START, Ranked, Record, Standing

AT_ONCE = 256
"""Tickets taken in with one commit, and the most that wait in memory."""

Open = Callable[[OnBad, Say, Event], Iterator[Record]]
"""Opens what tickets arrive from, given whom to tell of bad lines and of what was guessed, and what
ends the reading."""

Came = Record | BadLine | str | Exception
"""What a source hands over: a string is what it had to guess."""


class Reader:
    """Reads records in a thread of its own, a few ahead of who takes them.

    Raises as what it reads from, where that can't be opened.
    """

    def __init__(self, source: Open) -> None:
        self._stop = Event()
        self._ahead: Queue[Came] = Queue(AT_ONCE)
        self._records = source(self._put, self._put, self._stop)
        self._wake: Callable[[], object] = lambda: None
        self._told = Event()
        self._thread = Thread(target=self._read, daemon=True)

    def start(self, wake: Callable[[], object]) -> None:
        """Begin; ``wake`` is called from the thread when there is something to take."""
        self._wake = wake
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return not self._thread.is_alive() and self._ahead.empty()

    def take(self) -> list[Came]:
        """What has come since, ``AT_ONCE`` at most. Never waits."""
        self._told.clear()
        taken: list[Came] = []
        with suppress(Empty):
            while len(taken) < AT_ONCE:
                taken.append(self._ahead.get_nowait())
        return taken

    def close(self) -> None:
        """Read no more; what hasn't been taken is left to be read again."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=1)

    def _read(self) -> None:
        try:
            for record in self._records:
                if self._stop.is_set():
                    return  # it may be the part of a line
                self._put(restored(record))
        except Exception as error:  # noqa: BLE001 - raised again in the other thread
            self._put(error)
        finally:
            self._wake()

    def _put(self, item: Came) -> None:
        while not self._stop.is_set():
            with suppress(Full):
                self._ahead.put(item, timeout=0.2)
                break
        if not self._told.is_set():
            self._told.set()
            self._wake()


class SourceInflow:
    """A session's stream: takes tickets in, settles what becomes of them, hands out those to ask.

    All but the newest few are in the store only. Everything raises as the ledger does.
    """

    def __init__(
        self, ledger: StreamLedger, rule: Rule, reader: Reader | None, seed: int | str = 0
    ) -> None:
        self.ledger = ledger
        self.rule = rule
        self.notice = ""
        """The latest there is to tell of what was read."""
        self.errors: list[Exception] = []
        """What nobody foresaw, for the log."""
        self._reader = reader
        self._coin = random.Random(f"{seed}:stream")
        self._taken: list[Record] = []
        self._bad = 0
        self._duplicates = 0
        self._arrived = 0
        self._position = 0

    def take_in(self) -> bool:
        """Store what has arrived; whether anything has, or the stream has ended."""
        if self._reader is None:
            return False
        # What a busy database could not take yet comes first.
        came = [] if self._taken else self._reader.take()
        self._taken += [item for item in came if isinstance(item, Record)]
        for item in came:
            self._note(item)
        if self._taken:
            loaded = self.ledger.take_in(self._taken)
            self._taken = []
            self._arrived += loaded.added
            self._duplicates += loaded.duplicates
        return bool(came)

    def _note(self, item: Came) -> None:
        if isinstance(item, BadLine):
            self._bad += 1
            self.notice = f"{count(self._bad, 'bad line')} left out; the last is {item}"
        elif isinstance(item, str):
            self.notice = item
        elif isinstance(item, TxtalError):
            self.notice = f"the stream has ended: {item}"
        elif isinstance(item, Exception):
            self.notice = f"the stream has ended: {type(item).__name__}; see the log"
            self.errors.append(item)

    def settle(self, scored: Sequence[Ranked], revision: int | None) -> None:
        """Settle what becomes of these tickets, unless another session has."""
        if scored:
            self.ledger.settle(
                scored, revision, lambda spent, ranked: settle(self.rule, spent, ranked, self._coin)
            )

    def settle_start(self) -> None:
        """Have the very first tickets asked, before there is a learner to look at them."""
        answered = self.ledger.tickets.total - self.ledger.tickets.open
        wanted = FEW - max(answered, self.standing.spent.asked)
        if wanted > 0:
            pending = self.ledger.pending(wanted)
            self.settle([Ranked(ticket_id, reason=START) for ticket_id in pending], None)

    def settle_unseen(self) -> None:
        """Settle what has arrived by chance alone: there is no learner to look at it."""
        pending = self.ledger.pending(AT_ONCE)
        self.settle([Ranked(ticket_id) for ticket_id in pending], None)

    def next(self) -> Ranked | None:
        """Lease the ticket that has waited longest; None when none waits."""
        found = self.ledger.take_waiting(self._position) or self.ledger.take_waiting(0)
        self._position = found.ticket_id if found else 0
        return found

    @property
    def standing(self) -> Standing:
        """Where the stream stands."""
        return Standing(
            *self.ledger.counts(),
            arrived=self._arrived,
            bad=self._bad,
            duplicates=self._duplicates,
            over=self._reader is None or (self._reader.over and not self._taken),
        )

    def close(self) -> None:
        """Read no more."""
        if self._reader is not None:
            self._reader.close()

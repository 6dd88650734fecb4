"""A session's view of the store: one annotator, one dataset, one connection."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from txtal.errors import DatabaseError
from txtal.store import (
    answers,
    arrivals,
    datasets,
    label_changes,
    labels,
    leases,
    lookup,
    rechecks,
    revisions,
    stats,
    synthetic,
    tickets,
)
from txtal.store.annotators import Others
from txtal.store.files import WAL
from txtal.store.search import SearchIndex
from txtal.store.sqlite import Connection, foreseen, journal_mode, open_file, transaction
from txtal.store.tickets import Loaded
from txtal.types import (
    Answer,
    Composed,
    Dataset,
    Found,
    LabelChange,
    Overview,
    Ranked,
    Ranking,
    Record,
    Scheme,
    Settled,
    Spending,
    Ticket,
    Undone,
)
from txtal.types.query import Query

_TRIES = 64
_LOOK_AGAIN_SECONDS = 30
_QUICK_BUSY_SECONDS = 0.1


class Ledger:
    """Records answers durably and hands out tickets that nobody has answered or holds.

    Everything raises DatabaseError, or LockedError when another process is writing: then nothing
    was recorded, and the same call may be made again.
    """

    total: int
    """Tickets of the dataset, when they were last counted."""
    open: int
    """Those of them with no standing answer."""

    def __init__(
        self,
        conn: Connection,
        path: Path,
        dataset: Dataset,
        *,
        annotator: str,
        recipe: str = "",
        overlap: float = 0.0,
    ) -> None:
        self.conn = conn
        self.path = path
        self.dataset = dataset
        self.annotator = annotator
        with foreseen(path), transaction(conn):
            self.session_id = answers.open_session(conn, dataset.id, annotator, recipe, overlap)
        self._file = _identity(path)
        self._log = _log_of(path)
        self.index = SearchIndex(path, dataset.id, datasets.cache_name(conn, dataset.id))
        self._scheme_event = labels.newest_event(conn, dataset.id)
        self._renewed = time.monotonic()
        self._quick: Connection | None = None
        self._others = Others(conn, dataset.id, self.session_id, annotator)
        self._fruitless: tuple[int, int, int] | None = None
        self._counted: tuple[int, int, int] | None = None
        self._stream = (Spending(), 0, 0)
        self._none_before = 0
        """No ticket up to this id waits to be asked."""
        self.refresh()

    @contextmanager
    def _writing(self, conn: Connection | None = None) -> Iterator[None]:
        """One write, to the file that is still at its path and still knows this session.

        SQLite goes on writing to a file that was deleted or moved away, and answers saved there
        would be lost; and after a restore the tickets may be others.
        """
        if self.conn.in_transaction:  # a part of what is written together
            with foreseen(self.path):
                yield
            return
        with foreseen(self.path):
            self._check_log()
        conn = conn or self.conn
        with foreseen(self.path), transaction(conn):
            if _identity(self.path) != self._file:
                raise DatabaseError(
                    f"{self.path}: was deleted, moved or replaced meanwhile; put it back, or quit"
                )
            if not answers.is_open(conn, self.session_id):
                raise DatabaseError(
                    f"{self.path}: was restored from a backup meanwhile; quit and start again"
                )
            yield

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is on disk, all of it, when it ends; or none of it ever is."""
        counted = self.open
        try:
            with self._writing():
                yield
                if not self.conn.in_transaction:
                    # SQLite takes all of it back by itself when reading the disk fails.
                    raise DatabaseError(f"{self.path}: reading it failed; nothing was written")
        except BaseException:
            self.open = counted
            raise

    def _check_log(self) -> None:
        """Write to no log that was deleted: nobody else would ever read it."""
        if _identity(self.path) == self._file and _log_of(self.path) != self._log:
            self.conn.execute("PRAGMA wal_checkpoint")  # what it holds goes into the database
            raise DatabaseError(
                f"{self.path}-wal or -shm was deleted meanwhile; "
                "quit and start again, the answers up to here are safe"
            )

    def refresh(self) -> None:
        """Count again what there is and what is open; others may have written since."""
        with foreseen(self.path):
            self.total = tickets.count(self.conn, self.dataset.id)
            self.open = leases.open_count(self.conn, self.dataset.id, self.session_id)
            self._range = tickets.id_range(self.conn, self.dataset.id)

    def grown(self, count: int) -> None:
        """So many tickets were loaded meanwhile: from now on they are drawn, and found, too."""
        self.total += count
        self.open += count
        with foreseen(self.path):
            self._range = tickets.id_range(self.conn, self.dataset.id)
        self.index.start()

    def record(self, answer: Answer) -> Answer:
        """Write the answer to disk and give it back with its id."""
        with self._writing():
            first = leases.is_open(self.conn, self.session_id, answer.ticket_id)
            recorded = self._append(answer)
        self.open -= first
        self._others.drop(answer.ticket_id)
        return recorded

    def record_alike(self, answer: Answer, ticket_ids: Iterable[int]) -> list[Answer]:
        """Write the same answer to those of the tickets that are open, all or none of them."""
        with self._writing():
            given = [
                self._append(replace(answer, ticket_id=ticket_id))
                for ticket_id in ticket_ids
                if leases.is_open(self.conn, self.session_id, ticket_id)
            ]
        self.open -= len(given)
        return given

    def _append(self, answer: Answer) -> Answer:
        answer = replace(answer, annotator=self.annotator)
        answer_id = answers.append(self.conn, self.dataset.id, self.session_id, answer)
        return replace(answer, id=answer_id)

    def undo(self) -> Undone | None:
        """Undo this annotator's newest answer, of whatever session; None when none is left."""
        with self._writing():
            undone = answers.undo(self.conn, self.dataset.id, self.session_id, self.annotator)
            reopened = undone is not None and leases.is_open(
                self.conn, self.session_id, undone.ticket.id
            )
            self._none_before = 0
        self.open += reopened
        return undone

    def change_labels(self, wanted: LabelChange) -> tuple[Answer, ...]:
        """Change the label scheme. Returns the answers that were taken back with it.

        Raises UsageError, with nothing changed, for what can't be done.
        """
        with self._writing():
            taken_back = label_changes.change(self.conn, self.dataset.id, wanted, self.annotator)
            self._none_before = 0
        self.open += len({answer.ticket_id for answer in taken_back})
        return taken_back

    def new_scheme(self) -> Scheme | None:
        """The label scheme, if anybody changed it since this was last asked."""
        with foreseen(self.path):
            newest = labels.newest_event(self.conn, self.dataset.id)
            if newest == self._scheme_event:
                return None
            self._scheme_event = newest
            return labels.scheme(self.conn, self.dataset.id)

    def examples(self, label_id: int) -> list[str]:
        """The texts of a few tickets that have this label, the newest first."""
        with foreseen(self.path):
            return answers.examples(self.conn, self.dataset.id, label_id)

    def overview(self) -> Overview:
        """Where the dataset stands."""
        with foreseen(self.path):
            return stats.overview(self.conn, self.dataset.name)

    def newest(self) -> int:
        """Id of the newest row of the answer log."""
        with foreseen(self.path):
            return answers.newest(self.conn, self.dataset.id)

    def ticket(self, ticket_id: int) -> Ticket:
        """The ticket with this id."""
        with foreseen(self.path):
            return tickets.get(self.conn, ticket_id)

    def hold(self, ticket_id: int) -> Found | None:
        """Lease this ticket, answered or not; None when another session is at it."""
        with self._writing():
            if leases.held_elsewhere(self.conn, self.session_id, ticket_id):
                return None
            leases.hold(self.conn, self.session_id, ticket_id)
            return lookup.with_answers(self.conn, self.dataset.id, [ticket_id])[0]

    def history(self, query: Query, limit: int) -> list[Found]:
        """Standing answers that fit the query, the newest first."""
        with foreseen(self.path):
            return lookup.history(self.conn, self.dataset.id, query, limit)

    def find(self, query: Query, limit: int) -> list[Found]:
        """Tickets with the query's words and meta, the best first."""
        return self._found(self.index.find(query, limit))

    def like(self, ticket: Ticket, limit: int) -> list[Found]:
        """Tickets that share the most and rarest words with this one, the best first."""
        like = self.index.like(ticket.text, limit + 1)
        return self._found([i for i in like if i != ticket.id][:limit])

    def _found(self, ticket_ids: Iterable[int]) -> list[Found]:
        with foreseen(self.path):
            return lookup.with_answers(self.conn, self.dataset.id, ticket_ids)

    def alike(self, ticket: Ticket) -> list[int]:
        """Ids of open tickets that differ from this one in no more than case, signs and numbers."""
        with foreseen(self.path):
            return [
                ticket_id
                for ticket_id in self.index.alike(ticket.text)
                if ticket_id != ticket.id and leases.is_open(self.conn, self.session_id, ticket_id)
            ]

    def take_first(self, ticket_ids: Iterable[int]) -> int | None:
        """Lease the first open one of these; None when none is open."""
        with self._writing():
            return self._take(ticket_ids)

    def _take(self, ticket_ids: Iterable[int]) -> int | None:
        return leases.take_first(self.conn, self.session_id, self.dataset.id, ticket_ids)

    def take_next(self, after: int = 0) -> int | None:
        """Lease the next open ticket in order of loading; None past the last."""
        with self._writing():
            taken = leases.take_next(self.conn, self.session_id, self.dataset.id, after)
            if taken is None and after == 0:
                self._found_nothing()
            return taken

    def take_random(self, rng: random.Random) -> int | None:
        """Lease an open ticket drawn uniformly at random; None when none is open."""
        with foreseen(self.path):
            if self._fruitless == self._state():
                return None
            # Throwing darts at the range of ids is uniform over the open ones, and costs a few
            # look-ups where listing a million would be felt.
            taken = self._take(rng.randint(*self._range) for _ in range(_TRIES))
            if taken is None:
                every = tickets.ids_after(self.conn, self.dataset.id)
                rng.shuffle(every)
                taken = self._take(every)
            if taken is None:
                self._found_nothing()
            return taken

    def _found_nothing(self) -> None:
        """Count again, once: whoever is told that nothing is left should see why."""
        if self._fruitless != self._state():
            self.refresh()
            self._fruitless = self._state()

    def _state(self) -> tuple[int, int, int]:
        """The same as long as a search that found nothing would find nothing again.

        Changes when anybody writes, and now and then by itself, for leases run out.
        """
        others = self.conn.execute("PRAGMA data_version").fetchone()[0]
        return others, self.conn.total_changes, int(time.time() / _LOOK_AGAIN_SECONDS)

    def add_synthetic(self, composed: Composed) -> int | None:
        """Store a composed text and lease it; None when the dataset has it already."""
        with self._writing():
            ticket_id = synthetic.add(self.conn, self.dataset.id, composed)
            if ticket_id is not None:
                leases.hold(self.conn, self.session_id, ticket_id)
            return ticket_id

    @property
    def others(self) -> Mapping[str, int]:
        """How many tickets each other annotator has answered, as of the last :meth:`look`."""
        return self._others.counts

    def look(self) -> bool:
        """Read what others have answered since; whether there was anything."""
        with foreseen(self.path):
            return self._others.look()

    def take_shared(self) -> int | None:
        """Lease a ticket that everybody is asked and another has answered; None when none waits."""
        waiting = self._others.shared
        if not waiting:
            return None
        with self._writing():
            return leases.take_first(self.conn, self.session_id, self.dataset.id, waiting)

    def take_in(self, records: Sequence[Record]) -> Loaded:
        """Add tickets that have arrived, durably, their fate open."""
        with self._writing():
            loaded = arrivals.add(self.conn, self.dataset.id, self.session_id, records)
        self.total += loaded.added
        self.open += loaded.added
        return loaded

    def unsettled(self, limit: int) -> list[int]:
        """Ids of the first tickets that have arrived and whose fate is open."""
        with foreseen(self.path):
            return arrivals.unsettled(self.conn, self.dataset.id, limit)

    def settle(
        self,
        scored: Iterable[Ranked],
        revision: int | None,
        decide: Callable[[Spending, Ranked], tuple[Settled, Spending]],
    ) -> None:
        """Write what is decided of those of these tickets whose fate is open, one after another."""
        with self._writing():
            spent = arrivals.spending(self.conn, self.dataset.id)
            for ranked in scored:
                if arrivals.is_unsettled(self.conn, ranked.ticket_id):
                    threshold = spent.threshold
                    settled, spent = decide(spent, ranked)
                    arrivals.settle(self.conn, ranked.ticket_id, settled, threshold, revision)
            arrivals.save_spending(self.conn, self.dataset.id, spent)

    def take_waiting(self, after: int = 0) -> Ranked | None:
        """Lease the first ticket above ``after`` that arrived and is to be asked."""
        after = max(after, self._none_before)
        with self._writing():
            found = arrivals.next_waiting(self.conn, self.dataset.id, self.session_id, after)
            if found is not None:
                leases.hold(self.conn, self.session_id, found.ticket_id)
            return found

    def stream_counts(self) -> tuple[Spending, int, int]:
        """What the stream has come to, how many tickets wait for an answer, for a decision."""
        state = self._state()
        if self._counted != state:
            if self._counted is None or self._counted[0] != state[0]:
                self._none_before = 0  # another session may have undone an answer
            with foreseen(self.path):
                waiting, self._none_before = arrivals.count_waiting(
                    self.conn, self.dataset.id, self._none_before
                )
                self._stream = (
                    arrivals.spending(self.conn, self.dataset.id),
                    waiting,
                    arrivals.count_unsettled(self.conn, self.dataset.id),
                )
            self._counted = state
        return self._stream

    def keep(self) -> None:
        """Renew the lease on the ticket at hand, now and then; call it as often as you like."""
        if time.monotonic() - self._renewed > leases.SECONDS / 3:
            with foreseen(self.path):
                leases.renew(self.conn, self.session_id)
            self._renewed = time.monotonic()

    def take_earlier(self, rng: random.Random) -> Answer | None:
        """Lease a ticket that this annotator answered a while ago, and give back that answer."""
        with self._writing():
            return rechecks.take_earlier(
                self.conn, self.session_id, self.dataset.id, self.annotator, rng
            )

    def save_ranking(self, ranking: Ranking) -> int:
        """Keep the ranking for the next start. Returns the revision's id."""
        conn = self._unsynced()
        with self._writing(conn):
            return revisions.save(conn, self.dataset.id, self.session_id, ranking)

    def _unsynced(self) -> Connection:
        """A connection whose commits don't wait for the disk, for what can be made again.

        The log is written in order, so that the next answer's commit takes them along to the disk:
        no answer is ever there without the revision that it names. A rollback journal knows no such
        order; with one it is the session's own connection.
        """
        if journal_mode() != "WAL":
            return self.conn
        if self._quick is None:
            self._quick = open_file(self.path, busy_seconds=_QUICK_BUSY_SECONDS)
            self._quick.execute("PRAGMA synchronous = NORMAL")
        return self._quick

    def last_ranking(self) -> tuple[int, Ranking] | None:
        """The stored ranking, with its revision's id."""
        with foreseen(self.path):
            return revisions.last_ranking(self.conn, self.dataset.id)

    def close(self) -> None:
        """End the session: let go of its ticket and note the time. The connection stays open."""
        self.index.close()
        if self._quick is not None:
            self._quick.close()
            self._quick = None
        with foreseen(self.path):
            leases.release(self.conn, self.session_id)
            with transaction(self.conn):
                self.conn.execute(
                    "UPDATE session SET ended = ? WHERE id = ?", (time.time(), self.session_id)
                )


def _log_of(path: Path) -> list[tuple[int, int] | None]:
    """Which files are the database's write-ahead log."""
    return [_identity(path.with_name(path.name + suffix)) for suffix in WAL]


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is at the path; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino

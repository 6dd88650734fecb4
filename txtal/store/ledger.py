"""A session's view of the store: one annotator, one dataset, one connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from txtal.store import (
    answers,
    datasets,
    label_changes,
    labels,
    leases,
    outbox,
    predictions,
    revisions,
    schema,
    stats,
    tickets,
)
from txtal.store.annotators import Others
from txtal.store.disputes import Disputes
from txtal.store.finder import Finder
from txtal.store.lookups import BackgroundLookups
from txtal.store.redo import step_to_redo
from txtal.store.search import SearchIndex
from txtal.store.session_file import ReadFile, SessionFile
from txtal.store.sqlite import Connection, foreseen, transaction
from txtal.store.stream_ledger import StreamLedger
from txtal.store.ticket_leases import TicketLeases
from txtal.types import (
    Answer,
    Dataset,
    LabelChange,
    Overview,
    Ranking,
    Redoing,
    Relabelled,
    Scheme,
    Ticket,
    Undone,
)

_MOST_COUNTED = 50_000
"""Answered tickets up to which answers are counted by label at a key."""


class StoreLedger:
    """Records answers durably; its parts hand out tickets, find them again, and keep a stream.

    Everything raises DatabaseError, or LockedError when another process is writing: then nothing
    was recorded, and the same call may be made again.
    """

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
        with foreseen(path), transaction(conn):
            session_id = answers.open_session(conn, dataset.id, annotator, recipe, overlap)
        self.dataset = dataset
        self.annotator = annotator
        self.file = SessionFile(conn, path, dataset.id, session_id)
        self.tickets = TicketLeases(self.file, annotator)
        self.stream = StreamLedger(self.file, self.tickets)
        self.disputes = Disputes(self.file, self.tickets, dataset)
        index = SearchIndex(path, dataset.id, datasets.cache_name(conn, dataset.id))
        self.finder = Finder(self.file, index)
        self.lookups = BackgroundLookups(self._another_finder)
        self._others = Others(conn, dataset.id, session_id, annotator)
        self._checks = predictions.to_check(conn, dataset.id)
        self._reached: set[str] = set()
        """Reasons to stop that hooks were told of."""
        self._scheme_event = labels.newest_event(conn, dataset.id)

    def _another_finder(self) -> Finder:
        """Open a finder with connections of its own, for a thread."""
        file = self.file
        conn = schema.open_readonly(file.path)
        name = datasets.cache_name(conn, file.dataset_id)
        index = SearchIndex(file.path, file.dataset_id, name)
        return Finder(ReadFile(conn, file.path, file.dataset_id, file.session_id), index)

    # --- answers ----------------------------------------------------------------------------

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is on disk, all of it, when it ends; or none of it ever is."""
        counted = self.tickets.open
        try:
            with self.file.together():
                yield
        except BaseException:
            self.tickets.open = counted
            raise

    def record(self, answer: Answer) -> Answer:
        """Write the answer to disk and return it with its id."""
        with self.file.writing():
            first = self.tickets.is_open(answer.ticket_id)
            recorded = self._append(answer)
        self.tickets.open -= first
        self._others.drop(answer.ticket_id)
        return recorded

    def record_alike(self, answer: Answer, ticket_ids: Iterable[int]) -> list[Answer]:
        """Write the same answer to those of the tickets that are open, all or none of them."""
        with self.file.writing():
            given = [
                self._append(replace(answer, ticket_id=ticket_id))
                for ticket_id in ticket_ids
                if self.tickets.is_open(ticket_id)
            ]
        self.tickets.open -= len(given)
        return given

    def _append(self, answer: Answer) -> Answer:
        answer = replace(answer, annotator=self.annotator)
        answer_id = answers.append(self.file.conn, self.dataset.id, self.file.session_id, answer)
        return replace(answer, id=answer_id)

    def undo(self) -> Undone | None:
        """Undo this annotator's newest step, of whatever session; None when none is left."""
        conn, session_id = self.file.conn, self.file.session_id
        with self.file.writing():
            undone = answers.undo(conn, self.dataset.id, session_id, self.annotator)
            ids = {answer.ticket_id for answer in undone.answers} if undone else set()
            reopened = sum(self.tickets.is_open(ticket_id) for ticket_id in ids)
        self.stream.reopened()
        self.tickets.open += reopened
        return undone

    def redo(self) -> Redoing:
        """Write the step that this annotator undid last once more; see :func:`step_to_redo`."""
        conn, session_id = self.file.conn, self.file.session_id
        with self.file.writing():
            step = step_to_redo(conn, self.dataset.id, session_id, self.annotator)
            closed = sum(self.tickets.is_open(answer.ticket_id) for answer in step.answers)
            given = tuple(self._append(answer) for answer in step.answers)
        self.tickets.open -= closed
        return Redoing(given, step.left)

    def newest(self) -> int:
        """Return the id of the newest row of the answer log."""
        with self.file.reading():
            return answers.newest(self.file.conn, self.dataset.id)

    def ticket(self, ticket_id: int) -> Ticket:
        """Return the ticket with this id."""
        with self.file.reading():
            return tickets.get(self.file.conn, ticket_id)

    # --- labels -----------------------------------------------------------------------------

    def change_labels(self, wanted: LabelChange) -> Relabelled:
        """Change the label scheme. Returns what that did to answers.

        Raises UsageError, with nothing changed, for what can't be done.
        """
        with self.file.writing():
            done = label_changes.change(self.file.conn, self.dataset.id, wanted, self.annotator)
        self.stream.reopened()
        if done.undone or done.restored:
            self.refresh()
        return done

    def new_scheme(self) -> Scheme | None:
        """Return the label scheme if anybody changed it since the last call."""
        with self.file.reading():
            newest = labels.newest_event(self.file.conn, self.dataset.id)
            if newest == self._scheme_event:
                return None
            self._scheme_event = newest
            return labels.scheme(self.file.conn, self.dataset.id)

    def examples(self, label_id: int) -> list[str]:
        """Return the texts of a few tickets that have this label, the newest first."""
        with self.file.reading():
            return answers.examples(self.file.conn, self.dataset.id, label_id)

    def used(self) -> Mapping[int, int] | None:
        """Count the answers that accept each label; None of a dataset that takes long to count."""
        if self.total - self.open > _MOST_COUNTED:
            return None
        with self.file.reading():
            return answers.used(self.file.conn, self.dataset.id)

    # --- what others do ---------------------------------------------------------------------

    @property
    def total(self) -> int:
        """Tickets of the dataset, when they were last counted."""
        return self.tickets.total

    @property
    def open(self) -> int:
        """Those of them with no standing answer."""
        return self.tickets.open

    def refresh(self) -> None:
        """Count again what there is and what is open; others may have written since."""
        self.tickets.refresh()

    def grown(self) -> bool:
        """Take note of tickets loaded since: from now on they are counted, drawn and found."""
        if not self.tickets.grow():
            return False
        self.finder.index.start()
        return True

    @property
    def others(self) -> Mapping[str, int]:
        """How many tickets each other annotator has answered, as of the last :meth:`look`."""
        return self._others.counts

    def look(self) -> bool:
        """Read what others have answered and loaded since; whether they have answered any."""
        with self.file.reading():
            answered = self._others.look()
            if self._others.written:
                self.grown()
            return answered

    def take_shared(self) -> int | None:
        """Lease a ticket that everybody is shown and another has answered; None if none waits."""
        waiting = self._others.shared
        return self.tickets.take_first(waiting) if waiting else None

    @property
    def checks(self) -> bool:
        """Whether labels that the model gave wait to be checked."""
        return bool(self._checks)

    def take_check(self) -> int | None:
        """Lease a ticket whose label by the model is to be checked; None if none waits."""
        found = self.tickets.take_first(self._checks)
        if found is None:
            with self.file.reading():
                self._checks = predictions.to_check(self.file.conn, self.dataset.id)
            found = self.tickets.take_first(self._checks)
        return found

    # --- the model, and the whole -----------------------------------------------------------

    def save_ranking(self, ranking: Ranking) -> int:
        """Keep the ranking for the next start. Returns the revision's id."""
        conn = self.file.unsynced()
        with self.file.writing(conn):
            self._note_stop(conn, ranking)
            return revisions.save(conn, self.dataset.id, self.file.session_id, ranking)

    def _note_stop(self, conn: Connection, ranking: Ranking) -> None:
        """Have a hook told of a reason to stop, each once in a session."""
        outlook = ranking.revision.outlook
        if outlook and outlook.reached and outlook.reached not in self._reached:
            outbox.note(
                conn,
                self.dataset.id,
                "stop",
                {
                    "reason": outlook.reached,
                    "notice": outlook.notice,
                    "answers": ranking.revision.answers,
                },
            )
            self._reached.add(outlook.reached)

    def last_ranking(self) -> tuple[int, Ranking] | None:
        """Return the stored ranking, with its revision's id."""
        with self.file.reading():
            return revisions.last_ranking(self.file.conn, self.dataset.id)

    def overview(self) -> Overview:
        """Return where the dataset stands."""
        with self.file.reading():
            return stats.overview(self.file.conn, self.dataset.name)

    def close(self) -> None:
        """End the session: give back its ticket and note the time. The connection stays open."""
        self.lookups.close()
        self.finder.index.close()
        with self.file.reading():
            leases.release(self.file.conn, self.file.session_id)
        self.file.end()

    def leave(self) -> None:
        """Close, or leave it at that: the answers are on disk, and the lease runs out by itself."""
        with suppress(Exception):
            self.close()

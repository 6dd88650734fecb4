"""Where other programs label: a session for each annotator, under the rules of the terminal's.

A ticket is leased to its annotator for a quarter of an hour. Every request renews that; after it,
the ticket goes to whoever asks next.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from txtal import logs
from txtal.api.labelling import Asked, Labelling, with_labels
from txtal.errors import DatabaseError, LockedError, UsageError
from txtal.learner import taught
from txtal.learner.client import LearnerProcess
from txtal.learner.shared import Seat, SharedLearner, SharingLedger
from txtal.service.refusals import Refusal
from txtal.session.session import Session
from txtal.session.setup import Background, Policy
from txtal.store import answer_feed, datasets, leases, schema, settings
from txtal.store.sqlite import foreseen, transaction

RECIPE = "serve"
"""What its sessions are noted under."""

MOST_ANNOTATORS = 100
"""Who answer in one dataset at once."""

IDLE_SECONDS = leases.SECONDS
"""After so long without a request an annotator's session ends."""


@dataclass(slots=True)
class _Annotator:
    """Somebody's session."""

    labelling: Labelling
    ledger: SharingLedger
    heard: float

    @property
    def session_id(self) -> int:
        return self.ledger.file.session_id


class AnswerDesk:
    """The annotators of one dataset. May be used from several threads; one works at a time."""

    def __init__(self, database: Path, dataset: str, *, model: bool = True) -> None:
        """``model`` false picks tickets at random and starts no learner."""
        self._database = database
        self._dataset = dataset
        self._model = model
        self._there: dict[str, _Annotator] = {}
        self._learner: SharedLearner | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._there)

    def next(self, annotator: str) -> dict[str, Any] | None:
        """Lease a ticket and return it in names, the same until it is answered; None: none is open.

        Raises Refusal, UsageError and DatabaseError.
        """
        with self._working(annotator) as here:
            asked = here.labelling.ask()
            while asked is not None and not _holds(here, asked.ticket):
                here.labelling.session.show_next()  # it was answered by way of another process
                asked = here.labelling.ask()
            if asked is None:
                return None
            here.ledger.tickets.keep()
            with here.ledger.file.reading():
                leases.renew(here.ledger.file.conn, here.session_id)
            return self._question(here, asked)

    def _question(self, here: _Annotator, asked: Asked) -> dict[str, Any]:
        scheme = here.labelling.session.scheme
        return {
            "dataset": self._dataset,
            "ticket": asked.ticket,
            "text": asked.text,
            "meta": dict(asked.meta),
            "task": scheme.task,
            "labels": [label.name for label in scheme.labels],
            "suggestion": list(asked.suggestion),
            "probabilities": dict(asked.probabilities),
            "reason": asked.reason,
            "lease": here.session_id,
            "expires": round(time.time() + leases.SECONDS, 3),
        }

    def answer(self, annotator: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Record an answer and return it as it is on disk. The same twice is recorded once.

        Raises Refusal: 409 where the ticket is somebody else's by now, 422 for what the task
        doesn't allow; and DatabaseError with nothing recorded.
        """
        with self._working(annotator) as here:
            ticket, lease = given["ticket"], given["lease"]
            before = self._before(here, annotator, ticket, lease)
            if before is not None:
                if _differs(given, before):
                    raise Refusal(409, "this ticket has another answer of yours by now")
                return before
            self._hold(here, annotator, ticket, lease)
            try:
                answer = here.labelling.answer(
                    *given.get("labels", ()),
                    verdict=given.get("verdict", "accept"),
                    comment=given.get("comment", ""),
                    flagged=given.get("flagged", False),
                )
            except UsageError as error:
                raise Refusal(422, str(error)) from None
            except DatabaseError:
                self._leave(annotator)
                raise
            with here.ledger.file.reading():
                row = answer_feed.row(here.ledger.file.conn, here.ledger.dataset.id, answer.id)
            return row or {}

    def _before(
        self, here: _Annotator, annotator: str, ticket: int, lease: int
    ) -> dict[str, Any] | None:
        """Return what was answered with this lease already: its reply may have been lost."""
        file = here.ledger.file
        with file.reading():
            return answer_feed.given(file.conn, file.dataset_id, ticket, annotator, lease)

    def _hold(self, here: _Annotator, annotator: str, ticket: int, lease: int) -> None:
        """See that the ticket is leased to this session, and at hand. Raises Refusal."""
        file = here.ledger.file
        with file.writing():
            if lease != file.session_id:  # given by another process, or one that is no more
                if not _is_of(here.ledger, annotator, lease):
                    raise Refusal(409, "this lease is none of yours: GET /next gives one")
                _give_up(here.ledger, ticket, lease)
            if leases.take_first(file.conn, file.session_id, file.dataset_id, [ticket]) is None:
                raise Refusal(409, "this ticket is not open to you: GET /next leases one")
        here.labelling.session.revisit(ticket)

    # --- who is there -----------------------------------------------------------------------

    @contextmanager
    def _working(self, annotator: str) -> Iterator[_Annotator]:
        """Give an annotator's session, which ends if its database can't be used any more.

        The file may have been replaced by a backup: the next request then begins with that.
        """
        with self._lock:
            here = self._sit_down(annotator)
            try:
                yield here
            except LockedError:
                raise
            except DatabaseError:
                self._leave(annotator)
                raise

    def _sit_down(self, annotator: str) -> _Annotator:
        self._sweep()
        here = self._there.get(annotator)
        if here is not None and not _goes_on(here):
            self._leave(annotator)
            here = None
        if here is None:
            if len(self._there) >= MOST_ANNOTATORS:
                raise Refusal(
                    429, f"{MOST_ANNOTATORS} annotators are at work here", {"Retry-After": "60"}
                )
            here = self._there[annotator] = self._begin(annotator)
        here.heard = time.monotonic()
        return here

    def _begin(self, annotator: str) -> _Annotator:
        """Begin a session. Raises Refusal where the dataset can't be labelled yet."""
        with ExitStack() as opened:
            conn = schema.open_database(self._database)
            opened.callback(conn.close)
            with foreseen(self._database):
                try:
                    found = with_labels(datasets.get(conn, self._dataset))
                except UsageError as error:
                    raise Refusal(409, str(error)) from None
                kept = settings.kept(conn, found.id)
            ledger = SharingLedger(conn, self._database, found, annotator=annotator, recipe=RECIPE)
            opened.callback(ledger.leave)
            learner = self._shared() if self._model else None
            ledger.shared = learner
            session = Session(
                ledger,
                found.scheme,
                Policy(audit=float(kept.get("audit", 0.1)), seed=f"0:{ledger.file.session_id}"),
                Background(Seat(learner) if learner else None),
            )
            session.begin()
            return _Annotator(Labelling(session, opened.pop_all()), ledger, 0.0)

    def _shared(self) -> SharedLearner:
        """Return the learner, started by the first annotator who comes."""
        if self._learner is None:
            with closing(schema.open_readonly(self._database)) as conn, foreseen(self._database):
                wanted = taught.taught_settings(conn, self._dataset)
            process = LearnerProcess(self._database, self._dataset, wanted, log=logs.path())
            process.start()
            self._learner = SharedLearner(process)
        return self._learner

    def sweep(self) -> None:
        """End the sessions of those who are gone; without any, stop the learner."""
        with self._lock:
            self._sweep()

    def _sweep(self) -> None:
        now = time.monotonic()
        for annotator, here in list(self._there.items()):
            if now - here.heard > IDLE_SECONDS and here.heard:
                self._leave(annotator)
        if not self._there and self._learner is not None:
            self._learner.close()
            self._learner = None

    def _leave(self, annotator: str) -> None:
        here = self._there.pop(annotator, None)
        if here is not None:
            with suppress(DatabaseError):  # what it has leased is free again in a while
                here.labelling.close()

    def close(self) -> None:
        """End every session and give back the tickets."""
        with self._lock:
            for annotator in list(self._there):
                self._leave(annotator)
            self._sweep()


def _goes_on(here: _Annotator) -> bool:
    """Whether the database is still the one of this session: it may have been restored."""
    try:
        return here.ledger.file.is_known()
    except DatabaseError:
        return False


def _holds(here: _Annotator, ticket: int) -> bool:
    """Whether the ticket is open and this session's, as it was when it was shown."""
    file = here.ledger.file
    with file.writing():
        found = leases.take_first(file.conn, file.session_id, file.dataset_id, [ticket])
    return found is not None


def _is_of(ledger: SharingLedger, annotator: str, lease: int) -> bool:
    """Whether a lease is of a session that the same annotator had here, in this database."""
    found = ledger.file.conn.execute(
        "SELECT 1 FROM session WHERE id = ? AND annotator = ? AND dataset_id = ? AND recipe = ?",
        (lease, annotator, ledger.dataset.id, RECIPE),
    )
    return found.fetchone() is not None


def _give_up(ledger: SharingLedger, ticket: int, lease: int) -> None:
    """Release a lease that the same annotator's other session has."""
    with transaction(ledger.file.conn):
        ledger.file.conn.execute(
            "DELETE FROM lease WHERE ticket_id = ? AND session_id = ?", (ticket, lease)
        )


def _differs(given: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether what is given says something else than the answer that is there."""
    if given.get("verdict", "accept") != before["verdict"]:
        return True
    named = given.get("labels")
    return named is not None and sorted(set(named)) != sorted(before["labels"])

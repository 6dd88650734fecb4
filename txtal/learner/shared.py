"""Sharing one learner process between several sessions of a dataset."""

from __future__ import annotations

import threading
from collections.abc import Callable

from txtal.learner.client import LearnerProcess
from txtal.store.ledger import StoreLedger
from txtal.types import Advised, Cluster, Explanation, LearnerStatus, Ranking, Revision


class SharedLearner:
    """A learner whose rankings go to all seats. Safe to use from several threads."""

    def __init__(self, process: LearnerProcess) -> None:
        self._process = process
        self._lock = threading.Lock()
        self._ranking: Ranking | None = None
        self._number = 0
        """Number of rankings so far."""
        self._newest = -1
        self._saved: tuple[Revision, int] | None = None

    @property
    def status(self) -> LearnerStatus:
        """What the learner is doing."""
        return self._process.status

    def poke(self, newest: int) -> None:
        """Report answers up to ``newest`` to the learner, unless it knows of newer ones."""
        with self._lock:
            if newest >= self._newest:
                self._newest = newest
                self._process.poke(newest)

    def poll(self, seen: int) -> tuple[int, Ranking | None]:
        """Return the newest ranking's number, and the ranking if ``seen`` is another number."""
        with self._lock:
            ranking = self._process.poll()
            if ranking is not None:
                self._ranking, self._number = ranking, self._number + 1
            return self._number, self._ranking if self._number != seen else None

    def saved_once(self, ranking: Ranking, save: Callable[[Ranking], int]) -> int:
        """Return the id of the stored revision; only the first session that comes stores it."""
        with self._lock:
            if self._saved is None or self._saved[0] != ranking.revision:
                self._saved = ranking.revision, save(ranking)
            return self._saved[1]

    def close(self) -> None:
        """Stop the process."""
        self._process.close()


class Seat:
    """A session's place at a shared learner: a :class:`txtal.session.protocols.Learner`."""

    def __init__(self, shared: SharedLearner) -> None:
        self.notices: list[str] = []
        self.explanation: Explanation | None = None
        self.cluster: Cluster | None = None
        self.advice: Advised | None = None
        self.status = shared.status
        self._shared = shared
        self._seen = 0

    def poke(self, newest: int) -> None:
        """Report answers up to ``newest`` to the shared learner."""
        self._shared.poke(newest)

    def poll(self) -> Ranking | None:
        """Return the newest ranking since the last call."""
        self._seen, ranking = self._shared.poll(self._seen)
        self.status = self._shared.status
        return ranking

    def explain(self, ticket_id: int, label_id: int) -> None:
        """Do nothing: no screen shows it."""

    def gather(self, ticket_id: int) -> None:
        """Do nothing: no screen shows it."""

    def advise(self) -> None:
        """Do nothing: no screen shows it."""


class SharingLedger(StoreLedger):
    """A ledger beside others whose sessions have the same learner."""

    shared: SharedLearner | None = None

    def save_ranking(self, ranking: Ranking) -> int:
        """Keep the ranking, unless another session of this process has."""
        if self.shared is None:
            return super().save_ranking(ranking)
        return self.shared.saved_once(ranking, super().save_ranking)

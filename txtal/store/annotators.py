"""What other annotators do meanwhile: how many tickets each has answered, and which to see too.

Only what is new in the log is read, and only once another connection has written: to look again
while nobody did costs a pragma.
"""

from __future__ import annotations

from collections.abc import Mapping

from txtal.store.leases import IS_SHARED
from txtal.store.sqlite import Connection


class Others:
    """The other annotators of a session's dataset, as of the last :meth:`look`."""

    def __init__(self, conn: Connection, dataset_id: int, session_id: int, annotator: str) -> None:
        self._conn = conn
        self._dataset = dataset_id
        self._session = session_id
        self._annotator = annotator
        self._version: int | None = None
        self.written = False
        """Whether anybody else had written when it was looked last."""
        self._newest = 0
        self._answered: dict[str, set[int]] = {}
        self._shared: dict[int, None] = {}

    @property
    def counts(self) -> Mapping[str, int]:
        """How many tickets each has answered; of those who have answered any."""
        return {name: len(found) for name, found in self._answered.items() if found}

    @property
    def shared(self) -> list[int]:
        """Tickets that everybody is asked and that another has answered, in order of answering."""
        return list(self._shared)

    def drop(self, ticket_id: int) -> None:
        """This one is answered by the session's own annotator, too."""
        self._shared.pop(ticket_id, None)

    def look(self) -> bool:
        """Read what others have answered since; whether there was anything."""
        version: int = self._conn.execute("PRAGMA data_version").fetchone()[0]
        self.written = version != self._version
        if not self.written:
            return False
        self._version = version
        rows = self._conn.execute(
            "SELECT a.id, a.annotator, a.ticket_id, a.undoes,"
            f" EXISTS (SELECT 1 FROM ticket AS t JOIN session AS s ON s.id = :session"
            f"  WHERE t.id = a.ticket_id AND {IS_SHARED}) AS shared"
            " FROM answer AS a WHERE a.dataset_id = :dataset AND a.id > :newest"
            " AND a.annotator <> :annotator ORDER BY a.id",
            {
                "session": self._session,
                "dataset": self._dataset,
                "newest": self._newest,
                "annotator": self._annotator,
            },
        ).fetchall()
        for row_id, annotator, ticket_id, undoes, shared in rows:
            self._newest = row_id
            there = self._answered.setdefault(annotator, set())
            if undoes is None or self._stands(annotator, ticket_id):
                there.add(ticket_id)
            else:
                there.discard(ticket_id)
            if shared:
                self._shared[ticket_id] = None
        return bool(rows)

    def _stands(self, annotator: str, ticket_id: int) -> bool:
        """Whether another answer of theirs was left when one was undone."""
        found = self._conn.execute(
            "SELECT 1 FROM standing_answer WHERE ticket_id = ? AND annotator = ?",
            (ticket_id, annotator),
        )
        return found.fetchone() is not None

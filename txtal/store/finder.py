"""Finding answers and tickets: by words, by answer, by similarity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from txtal.store import leases, lookup, near, tickets
from txtal.store.search import SearchIndex
from txtal.store.session_file import ReadFile, SessionFile
from txtal.types import Found, Ticket
from txtal.types.query import Query


class Finder:
    """Looks in the answer log and in the search index beside the database."""

    def __init__(self, file: SessionFile | ReadFile, index: SearchIndex) -> None:
        self.index = index
        self._file = file
        self._shared: tuple[int, int, Mapping[str, Any]] = (0, 0, {})
        """The newest ticket when it was looked, how many were looked at, and what they share."""

    def history(self, query: Query, limit: int) -> list[Found]:
        """Return the standing answers that fit the query, the newest first."""
        with self._file.reading():
            return lookup.history(self._file.conn, self._file.dataset_id, query, limit)

    def find(self, query: Query, limit: int) -> list[Found]:
        """Return the tickets with the query's words and meta, the best first."""
        return self.found(self.index.find(query, limit))

    def like(self, ticket: Ticket, limit: int) -> list[Found]:
        """Return the tickets that share the most and rarest words with this one, best first."""
        like = self.index.like(ticket.text, limit + 1)
        return self.found([i for i in like if i != ticket.id][:limit])

    def alike(self, ticket: Ticket) -> list[int]:
        """Return ids of open tickets that differ only in case, punctuation and numbers."""
        file = self._file
        with file.reading():
            return [
                ticket_id
                for ticket_id in self.index.alike(ticket.text)
                if ticket_id != ticket.id and leases.is_open(file.conn, file.session_id, ticket_id)
            ]

    def near(self, ticket: Ticket, limit: int) -> list[Found]:
        """Return open tickets that differ by a few words: a name, a number, a thank you."""
        ids = [i for i in self.index.sharing(near.parts(ticket.text)) if i != ticket.id]
        file = self._file
        with file.reading():
            texts = tickets.texts_there(file.conn, ids)
            same = near.same_as(ticket.text, texts)[:limit]
            still = [i for i in same if leases.is_open(file.conn, file.session_id, i)]
        return self.found(still)

    def interrupt(self) -> None:
        """Stop a search that runs in another thread."""
        self._file.conn.interrupt()
        self.index.interrupt()

    def close(self) -> None:
        """Close the connections, if the finder has its own."""
        self.index.close()
        self._file.conn.close()

    def unindexed(self) -> int:
        """Return how many tickets the search index lacks."""
        known = self.index.indexed()
        with self._file.reading():
            return lookup.newer(self._file.conn, self._file.dataset_id, known)

    def index_rest(self) -> None:
        """Add them to the index in the background."""
        self.index.start()

    def meta_keys(self) -> list[str]:
        """Return the keys of the first tickets' meta, sorted."""
        with self._file.reading():
            return lookup.meta_keys(self._file.conn, self._file.dataset_id)

    def shared_meta(self) -> Mapping[str, Any]:
        """Return the meta that all tickets have alike, by a look at the first and the newest."""
        newest, looked_at, shared = self._shared
        if looked_at < lookup.ENDS * 2:
            with self._file.reading():
                now = tickets.id_range(self._file.conn, self._file.dataset_id)[1]
                if now != newest:
                    looked_at, shared = lookup.shared_meta(self._file.conn, self._file.dataset_id)
                    self._shared = now, looked_at, shared
        return shared

    def found(self, ticket_ids: Iterable[int]) -> list[Found]:
        """Return these tickets, each with its newest answer that wasn't undone."""
        with self._file.reading():
            return lookup.with_answers(self._file.conn, self._file.dataset_id, ticket_ids)

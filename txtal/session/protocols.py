"""What a session needs of others: the store, the learner, a stream, the loader and the recipe."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from txtal.types import (
    Advised,
    Answer,
    Cluster,
    Composed,
    Draft,
    Explanation,
    Found,
    LabelChange,
    LearnerStatus,
    Loading,
    LookedUp,
    Overview,
    Ranked,
    Ranking,
    Redoing,
    Relabelled,
    Scheme,
    Standing,
    Ticket,
    Undone,
)
from txtal.types.query import Query

OnAnswer = Callable[[Ticket, Answer], object]

Validate = Callable[[Ticket, Draft], str | None]
"""Says why an answer won't do, or nothing."""


class TicketSource(Protocol):
    """What hands a session its tickets; see :class:`txtal.store.ticket_leases.TicketLeases`."""

    def take_first(self, ticket_ids: Iterable[int]) -> int | None: ...
    def take_next(self, after: int = 0) -> int | None: ...
    def take_random(self, rng: random.Random) -> int | None: ...
    def take_earlier(self, rng: random.Random) -> Answer | None: ...
    def take_matched(self, rng: random.Random) -> int | None: ...
    def add_synthetic(self, composed: Composed) -> int | None: ...
    def hold(self, ticket_id: int) -> Found | None: ...
    def keep(self) -> None: ...


class TicketFinder(Protocol):
    """What a session needs to find answers and tickets: :class:`txtal.store.finder.Finder`."""

    def history(self, query: Query, limit: int) -> list[Found]: ...
    def find(self, query: Query, limit: int) -> list[Found]: ...
    def found(self, ticket_ids: Iterable[int]) -> list[Found]: ...
    def near(self, ticket: Ticket, limit: int) -> list[Found]: ...
    def like(self, ticket: Ticket, limit: int) -> list[Found]: ...
    def alike(self, ticket: Ticket) -> list[int]: ...
    def meta_keys(self) -> list[str]: ...
    def shared_meta(self) -> Mapping[str, Any]: ...
    def unindexed(self) -> int: ...
    def index_rest(self) -> None: ...


Job = Callable[[TicketFinder], object]
"""Looks something up."""


class Lookups(Protocol):
    """Looks things up: :class:`txtal.store.lookups.BackgroundLookups`, or at once."""

    def begin(self, lane: str, job: Job, *, after: float = 0.0) -> None:
        """Look this up, ``after`` so many seconds where it is done beside the session.

        What was begun in the same lane before is given up.
        """

    def take(self, lane: str) -> LookedUp | None:
        """The newest outcome of a lane, once; None while there is none. Never waits."""

    def stir(self) -> None:
        """Begin what is due; to be called every now and then."""

    def wait(self, lane: str) -> None:
        """Wait until it is there, a fraction of a second at most."""


class DisputeSource(Protocol):
    """What a review needs of the store; see :class:`txtal.store.disputes.Disputes`."""

    def take(self, passed: Collection[int]) -> tuple[Answer, ...]: ...
    def said(self, ticket_id: int) -> tuple[Answer, ...]: ...


class Ledger(Protocol):
    """What a session needs of the store; see :class:`txtal.store.ledger.StoreLedger`."""

    annotator: str

    @property
    def tickets(self) -> TicketSource: ...
    @property
    def finder(self) -> TicketFinder: ...
    @property
    def disputes(self) -> DisputeSource: ...
    @property
    def open(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def others(self) -> Mapping[str, int]: ...

    def together(self) -> AbstractContextManager[None]: ...
    def record(self, answer: Answer) -> Answer: ...
    def record_alike(self, answer: Answer, ticket_ids: Iterable[int]) -> list[Answer]: ...
    def undo(self) -> Undone | None: ...
    def redo(self) -> Redoing: ...
    def newest(self) -> int: ...
    def ticket(self, ticket_id: int) -> Ticket: ...

    def change_labels(self, wanted: LabelChange) -> Relabelled: ...
    def new_scheme(self) -> Scheme | None: ...
    def examples(self, label_id: int) -> list[str]: ...
    def used(self) -> Mapping[int, int] | None: ...

    def look(self) -> bool: ...
    def take_shared(self) -> int | None: ...
    @property
    def checks(self) -> bool: ...
    def take_check(self) -> int | None: ...
    def grown(self) -> bool: ...
    def overview(self) -> Overview: ...
    def save_ranking(self, ranking: Ranking) -> int: ...
    def last_ranking(self) -> tuple[int, Ranking] | None: ...


class Learner(Protocol):
    """What a session needs of a learner: :mod:`txtal.learner.client` or ``.inline``."""

    status: LearnerStatus

    def poke(self, newest: int) -> None:
        """There are answers up to this id: make a new ranking when you can. Never waits."""

    explanation: Explanation | None
    """The newest answer to :meth:`explain`."""

    notices: list[str]
    """What the annotator should know; who tells it takes it out."""

    def explain(self, ticket_id: int, label_id: int) -> None:
        """Find out why the model thinks of this label, when you can. Never waits."""

    cluster: Cluster | None
    """The newest answer to :meth:`gather`."""

    def gather(self, ticket_id: int) -> None:
        """Find the open tickets like this one, when you can. Never waits."""

    advice: Advised | None
    """The answer to :meth:`advise`; None again after the next poke."""

    def advise(self) -> None:
        """Look for faults of the labels, when you can. Never waits."""

    def poll(self) -> Ranking | None:
        """The newest ranking since the last call, if any. Never waits."""


class Inflow(Protocol):
    """What a session needs of a stream; see :class:`txtal.ingest.stream.SourceInflow`."""

    notice: str
    errors: list[Exception]

    def take_in(self) -> bool: ...
    def settle(self, scored: Sequence[Ranked], revision: int | None) -> None: ...
    def settle_start(self) -> None: ...
    def settle_unseen(self) -> None: ...
    def next(self) -> Ranked | None: ...
    @property
    def standing(self) -> Standing: ...


class Teller(Protocol):
    """Who votes behind the session: :mod:`txtal.annotators.client`."""

    def poll(self) -> str | None:
        """What there is to tell since the last call, one thing at a time. Never waits."""


class Loader(Protocol):
    """What a session needs of a loader: :mod:`txtal.ingest.client`."""

    def poll(self) -> Loading | None:
        """How far it is, if that has changed since the last call. Never waits."""

"""Asking a command for the labels of tickets, those that are shown next first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from txtal.annotators import command
from txtal.annotators.applying import patiently
from txtal.annotators.command import Command, CommandGoneError, Suggestion
from txtal.errors import LockedError
from txtal.store import answers, revisions, tickets, votes
from txtal.store.sqlite import Connection, foreseen
from txtal.store.votes import Claim
from txtal.text import count, shorten
from txtal.types import Dataset, SourceVote, Ticket, VoteSource

EXAMPLES = 8
"""Answered tickets that go along, one of a label."""

AHEAD = 500
"""Open tickets, drawn uniformly, that it is asked for beside those shown next."""

Tell = Callable[[str], object]

Written = TypeVar("Written")


@dataclass
class Suggesting:
    """A command that suggests labels for the tickets of one dataset."""

    conn: Connection
    path: Path
    dataset: Dataset
    line: str
    budget: int | None
    tell: Tell
    pauses: Sequence[float] = command.PAUSES
    _asked: set[int] = field(default_factory=set)
    """Tickets that this session asked it for, whatever it said."""

    def begin(self) -> None:
        """Enter the command as a source. Raises UsageError for one that is none."""
        words = command.words_of(self.line)
        self.source: VoteSource = votes.enter(
            self.conn,
            self.dataset.id,
            command.name_of(self.line),
            "command",
            command.fingerprint(words),
        )
        self.command = Command(words)

    @property
    def left(self) -> int | None:
        """How many tickets it may still be asked for; None: any number."""
        if self.budget is None:
            return None
        return max(0, self.budget - votes.asked_for(self.conn, self.source.id))

    def work(self, wait: Callable[[], bool] = lambda: False) -> None:
        """Ask until the budget is spent or the command is given up.

        ``wait`` is called where there is nothing to ask; it returns whether to look again.
        """
        failures = 0
        try:
            while self.left is None or self.left > 0:
                batch = self._next_batch()
                if not batch:
                    if not wait():
                        return
                    continue
                said, why = self._ask(batch)
                failures = 0 if said else failures + 1
                if why and failures >= len(self.pauses):
                    self._note(f"stopped: {why}")
                    self.tell(f"{self.source.name} is no longer asked: {why}; labelling goes on")
                    return
                if why:
                    time.sleep(self.pauses[min(failures, len(self.pauses) - 1)])
            spent = count(self.budget or 0, "ticket")
            self.tell(f"{self.source.name}: the budget of {spent} is spent")
        finally:
            self.command.close()

    def _next_batch(self) -> list[Ticket]:
        """Claim the next tickets, however long another process writes."""
        wanted = dict.fromkeys(one for one in self._in_order() if one not in self._asked)
        wish = Claim(command.BATCH, self.budget, self.command.seconds)
        ids = self._patiently(
            lambda: votes.claim(self.conn, self.dataset.id, self.source.id, wanted, wish)
        )
        self._asked.update(ids)
        return tickets.some(self.conn, ids)

    def _patiently(self, write: Callable[[], Written]) -> Written:
        while True:
            try:
                with foreseen(self.path):
                    return write()
            except LockedError:
                continue

    def _in_order(self) -> Iterator[int]:
        """Tickets in the order in which suggestions are worth most."""
        ranked = revisions.last_ranking(self.conn, self.dataset.id)
        done = {one.ticket_id for one in answers.standing(self.conn, self.dataset.id)}
        if ranked is not None:
            _, ranking = ranked
            shown = (one.ticket_id for one in (*ranking.items, *ranking.audit))
            yield from (one for one in shown if one not in done)
        # What people said of these tells how good it is.
        yield from sorted(answers.drawn(self.conn, self.dataset.id, self.dataset.scheme.task))
        done_with = max(len(self._asked), votes.asked_for(self.conn, self.source.id))
        sample = tickets.sample(self.conn, self.dataset.id, AHEAD + done_with)
        yield from (one for one in sample if one not in done)

    def _ask(self, batch: Sequence[Ticket]) -> tuple[int, str]:
        """Ask for these tickets. Returns how many it said something of, and what went wrong."""
        asked = {one.id: self._question(one) for one in batch}
        examples = self._examples()
        said, why = 0, ""
        try:
            for found in self.command.ask(
                {one: {**question, "examples": examples} for one, question in asked.items()}
            ):
                said += 1
                self._store(found)
        except CommandGoneError as error:
            why = str(error)
            if not said:  # then it isn't because of these tickets
                self._patiently(lambda: votes.release(self.conn, self.source.id, asked))
        return said, why

    def _question(self, ticket: Ticket) -> Mapping[str, Any]:
        labels = [
            {"name": label.name, "description": label.description}
            for label in self.dataset.scheme.labels
        ]
        return {"text": ticket.text, "task": self.dataset.scheme.task, "labels": labels}

    def _examples(self) -> list[dict[str, Any]]:
        """The newest answer of each label, but for random checks, which measure the command."""
        standing = answers.standing(self.conn, self.dataset.id)
        drawn = answers.drawn(self.conn, self.dataset.id, self.dataset.scheme.task)
        names = self.dataset.scheme.names
        newest: dict[int, int] = {}
        for one in standing:
            if one.verdict == "accept" and one.ticket_id not in drawn:
                newest.update(dict.fromkeys(one.labels, one.ticket_id))
        some = list(newest.items())[-EXAMPLES:]
        texts = tickets.texts(self.conn, [ticket for _, ticket in some])
        return [
            {"text": shorten(text, 500), "label": names[label]}
            for (label, _), text in zip(some, texts, strict=True)
        ]

    def _store(self, found: Suggestion) -> None:
        ids = {label.name: label.id for label in self.dataset.scheme.labels}
        labels, reason = found.labels, found.reason
        if labels is not None and (unknown := [name for name in labels if name not in ids]):
            labels = None
            reason = f"gave the label {shorten(unknown[0], 40)}, which the dataset doesn't have"
            self._note(reason)
        given = None if labels is None else tuple(ids[name] for name in labels)
        vote = SourceVote(self.source.id, found.ticket_id, given, found.confidence, reason)
        patiently(self.conn, self.path, self.dataset.id, [vote])

    def _note(self, said: str) -> None:
        patiently(self.conn, self.path, self.dataset.id, [], notes=[(self.source.id, said)])

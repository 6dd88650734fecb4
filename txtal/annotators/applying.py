"""Having rules vote on the tickets of a dataset, in short transactions, with what went wrong."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from txtal.annotators.rules import SECONDS, LabellingRule, WrongAnswerError
from txtal.errors import LockedError
from txtal.store import tickets, votes
from txtal.store.sqlite import Connection, foreseen
from txtal.text import count, shorten
from txtal.types import Dataset, SourceVote, Ticket, VoteSource

PART = 500
"""Tickets whose votes are written at once."""

FAULTS = 3
"""After so many of them a rule is stopped."""

Progress = Callable[[int, int], object]


@dataclass
class _Working:
    """A rule at work."""

    rule: LabellingRule
    source: VoteSource
    faults: int = 0
    said: str = ""
    """The first fault."""

    @property
    def stopped(self) -> bool:
        return self.faults >= FAULTS

    def votes(self, ticket: Ticket, ids: Mapping[str, int]) -> Iterator[SourceVote]:
        """Yield its vote on the ticket, if it has one; a fault is noted and is no vote."""
        if self.stopped or ticket.id <= self.source.through:
            return
        try:
            names = self.rule.guess(ticket)
        except TimeoutError:
            self._fault(f"took longer than {SECONDS:g} s over ticket {ticket.id}")
            return
        except WrongAnswerError as error:
            self._fault(f"{error} on ticket {ticket.id}")
            return
        except Exception as error:  # noqa: BLE001 - a rule is its author's code
            self._fault(f"failed on ticket {ticket.id}: {_where(error)}")
            return
        if names is None:
            return
        if unknown := sorted(names - ids.keys()):
            self._fault(_no_label(unknown[0]))
            return
        yield SourceVote(self.source.id, ticket.id, tuple(sorted(ids[name] for name in names)))

    def check(self, ids: Mapping[str, int]) -> None:
        """Stop it before the first ticket if the dataset lacks all the labels that it can give."""
        if self.rule.labels and not self.rule.labels & ids.keys():
            self.faults, self.said = FAULTS, _no_label(min(self.rule.labels))

    def _fault(self, said: str) -> None:
        self.faults += 1
        self.said = self.said or said

    @property
    def note(self) -> str:
        """What is wrong with it, in words."""
        if not self.faults:
            return ""
        where = f"{self.rule.where}: " if self.rule.where else ""
        if self.stopped:
            return f"stopped: {where}{self.said}"
        return f"{where}{self.said} ({count(self.faults, 'ticket')} without its vote)"


def _no_label(name: str) -> str:
    return f"gives the label {shorten(name, 40)}, which the dataset doesn't have"


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    file = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}: " if frames else ""
    return shorten(f"{file}{type(error).__name__}: {error}", 200)


@dataclass
class Applied:
    """What came of it."""

    looked_at: int = 0
    votes: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    """By the name of the rule."""


def apply_rules(
    conn: Connection,
    path: Path,
    dataset: Dataset,
    rules: Sequence[LabellingRule],
    progress: Progress = lambda done, total: None,
) -> Applied:
    """Have every rule vote on the tickets that it hasn't looked at.

    A rule that fails, or takes too long, on :data:`FAULTS` tickets is stopped, and its note says
    so; the others go on. What was written stays, whenever it is interrupted.
    """
    ids = {label.name: label.id for label in dataset.scheme.labels}
    working = [
        _Working(rule, votes.enter(conn, dataset.id, rule.name, rule.kind, rule.fingerprint))
        for rule in rules
    ]
    for one in working:
        one.check(ids)
    done = Applied()
    first = min((one.source.through for one in working), default=0)
    pending = tickets.ids_after(conn, dataset.id, first)
    for start in range(0, len(pending), PART):
        part = pending[start : start + PART]
        made = [
            vote
            for ticket in tickets.some(conn, part.tolist())
            for one in working
            for vote in one.votes(ticket, ids)
        ]
        patiently(
            conn,
            path,
            dataset.id,
            made,
            [(one.source.id, part[-1]) for one in working if not one.stopped],
            [(one.source.id, one.note) for one in working],
        )
        done.votes += len(made)
        done.looked_at += len(part)
        progress(done.looked_at, len(pending))
    done.notes = {one.rule.name: one.note for one in working if one.note}
    return done


def patiently(
    conn: Connection,
    path: Path,
    dataset_id: int,
    made: Sequence[SourceVote],
    through: Sequence[tuple[int, int]] = (),
    notes: Sequence[tuple[int, str]] = (),
) -> None:
    """Write votes and notes, however long another process writes; see :func:`votes.add`."""
    while True:
        try:
            with foreseen(path):
                votes.add(conn, dataset_id, made, through=through, notes=notes)
                return
        except LockedError:
            continue

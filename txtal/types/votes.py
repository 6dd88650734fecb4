"""What guesses labels without being a person, and what it guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SourceKind = Literal["rule", "pattern", "command", "carried", "model"]
"""A labelling function or a rule of a file; a single pattern whose tickets are shown in a quota of
their own; an outside command; answers to near-duplicates; another tool's model, from its file."""


@dataclass(frozen=True, slots=True)
class VoteSource:
    """An annotator that is no person; its votes are never answers."""

    id: int
    name: str
    kind: SourceKind
    fingerprint: str
    """Of what makes its votes: with another one they are made again."""
    through: int = 0
    """Id of the last ticket that it has looked at. A command looks at tickets in no such order:
    how many it was asked for."""
    note: str = ""
    """What is wrong with it, such as that it was stopped."""


@dataclass(frozen=True, slots=True)
class SourceVote:
    """What a source says of a ticket."""

    source: int
    ticket_id: int
    labels: tuple[int, ...] | None
    """Ids of the labels that apply: several, where one applies, leave open which. None abstains."""
    confidence: float | None = None
    """As the source itself says; not measured."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceScore:
    """How a source does on the tickets of a dataset."""

    source: VoteSource
    votes: int
    coverage: float
    """The share of all tickets that it votes on."""
    overlap: float
    """The share that another source votes on, too."""
    conflicts: float
    """The share on which another source names other labels."""
    judged: int
    """Its votes on tickets whose answer says whether they are right."""
    audited: int
    """Those of them on tickets that were drawn uniformly."""
    accuracy: float | None
    """The share right, weighted; None where none was judged."""
    low: float | None
    """Lower end of its 95% interval; ``high`` is the upper one."""
    high: float | None
    wrong: tuple[int, ...]
    """Tickets on which people say otherwise, in order of loading."""

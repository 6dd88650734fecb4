"""Questions and their answers, and the reasons for which a ticket is asked."""

from __future__ import annotations

from dataclasses import dataclass

from txtal.types.scheme import Verdict
from txtal.types.tickets import Ticket

ALIKE = "alike"
"""The reason given for answers that were given to a near-identical ticket."""

SUSPECT = "suspect"
"""The reason given for answered tickets whose answer is probably wrong, shown once more."""

OVERLAP = "overlap"
"""The reason given for tickets that everybody is asked, and that another has answered."""

CHOSEN = "chosen"
"""The reason given for tickets that the annotator looked for, what was said of them in sight."""

RECHECK = "recheck"
"""The reason kept with answers that were asked for a second time, the first one hidden."""

IN_SIGHT = frozenset({CHOSEN, SUSPECT})
"""Reasons of questions that are asked with what was answered before on the screen."""

AUDIT = "audit"
"""The reason given for tickets drawn uniformly at random to estimate quality."""

RANDOM = "random"
"""The same for those drawn so because nothing else is to choose, or is there to choose by."""

SYNTHETIC = "synthetic"
"""The reason given for tickets that were composed of others."""

START = "start"
"""The reason given for tickets asked before there is a model worth asking."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ticket's place in a ranking: what the model thinks of it and why it should be asked."""

    ticket_id: int
    suggestion: tuple[int, ...] = ()
    """Label ids the model would accept: one, but any number for multilabel."""
    probabilities: tuple[tuple[int, float], ...] = ()
    """(label id, probability), most probable first; the head of the list, not every label."""
    reason: str = RANDOM
    """The strategy that chose it, ``audit`` or ``start``."""
    score: float | None = None
    """The strategy's score, higher asked sooner; None where nothing was scored."""
    selection_probability: float | None = None
    """The chance this ticket had of being drawn, given the pool; 1.0 for a deterministic choice."""


@dataclass(frozen=True, slots=True)
class Question:
    """A ticket as presented."""

    ticket: Ticket
    ranked: Ranked
    revision: int | None = None
    """Id of the stored revision behind the suggestion."""
    previous: Answer | None = None
    """The answer it had, when the ticket is back on the screen."""
    again: bool = False
    """It was answered before, and the annotator isn't to know."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an annotator said of a ticket. Append-only: an undo is another row."""

    ticket_id: int
    verdict: Verdict
    labels: tuple[int, ...] = ()
    """accept: the labels that apply. reject: the labels that don't. ignore: none."""
    ranked: Ranked | None = None
    """The ticket's place in the ranking when it was asked."""
    revision: int | None = None
    shown: float = 0.0
    """When the question was shown, seconds since the epoch, UTC; informative, never an order."""
    answered: float = 0.0
    flagged: bool = False
    comment: str = ""
    annotator: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that is about to be recorded, as a recipe checks it."""

    verdict: Verdict
    labels: tuple[str, ...]
    """By name."""
    flagged: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket that was looked for, with what was said of it."""

    ticket: Ticket
    answer: Answer | None = None
    """The newest that stands."""
    ranked: Ranked | None = None
    """Its place in the ranking, where it has one."""


@dataclass(frozen=True, slots=True)
class Undone:
    """An answer taken back."""

    answer: Answer
    ticket: Ticket
    row: int
    """Id of the undo in the answer log."""

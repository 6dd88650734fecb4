"""Tickets as they are shown, and the answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from txtal.types.reasons import RANDOM
from txtal.types.scheme import Verdict
from txtal.types.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ticket's place in the queue: what the model predicts for it and why it was picked."""

    ticket_id: int
    suggestion: tuple[int, ...] = ()
    """Label ids that the model would accept: one, or any number in a multilabel dataset."""
    probabilities: tuple[tuple[int, float], ...] = ()
    """Pairs of label id and probability, the most probable first; not of every label."""
    reason: str = RANDOM
    """Why it is shown: a code of :mod:`txtal.types.reasons`, or the strategy that picked it."""
    score: float | None = None
    """The strategy's score, the highest is shown first; None where nothing was scored."""
    selection_probability: float | None = None
    """How probable it was that this ticket was picked; 1.0 if no chance was involved."""


@dataclass(frozen=True, slots=True)
class Question:
    """A ticket as it is shown."""

    ticket: Ticket
    ranked: Ranked
    revision: int | None = None
    """Id of the stored model version that made the suggestion."""
    previous: Answer | None = None
    """The answer it had, if the ticket is back on the screen."""
    again: bool = False
    """Whether it was answered before without the annotator being shown that answer."""
    said: tuple[Answer, ...] = ()
    """In a review, the answers of the annotators who differ."""
    hidden: tuple[tuple[int, float], ...] = ()
    """In a random check, probabilities that order the labels' keys but are not shown."""

    def completes(self, other: Question | None) -> bool:
        """Whether it is the other, which was shown before there was a model, with a suggestion."""
        if other is None or other.revision is not None or other.ranked.probabilities:
            return False
        return self.ticket is other.ticket and self.previous is other.previous

    @property
    def key_probabilities(self) -> tuple[tuple[int, float], ...]:
        """The probabilities, shown or not, that order the keys if there are many labels."""
        return self.ranked.probabilities or self.hidden


@dataclass(frozen=True, slots=True)
class Answer:
    """An annotator's answer to a ticket. Never changed once stored: an undo is another row."""

    ticket_id: int
    verdict: Verdict
    labels: tuple[int, ...] = ()
    """Ids of the labels: for an accept those that apply, for a reject those that don't."""
    ranked: Ranked | None = None
    """What the annotator saw of the model, and why the ticket was picked."""
    revision: int | None = None
    """Id of the stored model version that made the suggestion."""
    shown: float = 0.0
    """When the ticket was shown, in seconds since 1970 (UTC). Only for display: the order of
    answers is that of their ids."""
    answered: float = 0.0
    """When it was answered, in the same unit."""
    flagged: bool = False
    comment: str = ""
    annotator: str = ""
    id: int = 0
    """Its number in the answer log; 0 until it is stored."""
    names: tuple[str, ...] = ()
    """The labels' names, filled in for a recipe's ``on_answer``; they aren't stored."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that is about to be recorded, for a recipe's ``validate``."""

    verdict: Verdict
    labels: tuple[str, ...]
    """The names of the labels."""
    flagged: bool = False
    comment: str = ""
    label_ids: tuple[int, ...] = ()
    """The ids of the same labels."""


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket that a search or list found, with its answer."""

    ticket: Ticket
    answer: Answer | None = None
    """The newest answer that wasn't undone."""
    ranked: Ranked | None = None
    """Its place in the queue, if it has one."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The result of a search, or the error that ended it."""

    value: object = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    """A step that was undone: one answer, or all answers that were given together."""

    answers: tuple[Answer, ...]
    ticket: Ticket
    """The ticket of the first answer."""
    rows: tuple[int, ...]
    """Ids of the undos in the answer log."""


@dataclass(frozen=True, slots=True)
class Redoing:
    """A step to redo, or that was redone: one answer, or all that were given together."""

    answers: tuple[Answer, ...]
    left: Mapping[str, int]
    """How many answers stay undone, by what hinders them."""


@dataclass(frozen=True, slots=True)
class Relabelled:
    """How a change of the labels affected answers."""

    undone: tuple[Answer, ...] = ()
    """Answers that were undone; their tickets are shown again."""
    restored: tuple[Answer, ...] = ()
    """Answers that an undone split restores, as they were before."""
    counted: int = 0
    """Answers given to the parts of an undone split, which count as the label that was split."""

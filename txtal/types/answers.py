"""Questions and their answers."""

from __future__ import annotations

from dataclasses import dataclass

from txtal.types.reasons import RANDOM
from txtal.types.scheme import Verdict
from txtal.types.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ticket's place in a ranking: what the model thinks of it and why it should be asked."""

    ticket_id: int
    suggestion: tuple[int, ...] = ()
    """Label ids the model would accept: one, but any number for multilabel."""
    probabilities: tuple[tuple[int, float], ...] = ()
    """(label id, probability), most probable first; the head of the list, not every label."""
    reason: str = RANDOM
    """Why it is shown: a code of :mod:`txtal.types.reasons`, or the strategy that picked it."""
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
    said: tuple[Answer, ...] = ()
    """What annotators said who differ, in a review."""
    hidden: tuple[tuple[int, float], ...] = ()
    """Probabilities that order the labels' keys and are not shown: of a random check."""

    def completes(self, other: Question | None) -> bool:
        """Whether it is the other, which was shown before there was a model, with a suggestion."""
        if other is None or other.revision is not None or other.ranked.probabilities:
            return False
        return self.ticket is other.ticket and self.previous is other.previous

    @property
    def likely(self) -> tuple[tuple[int, float], ...]:
        """The probabilities, shown or not, by which the keys of many labels are ordered."""
        return self.ranked.probabilities or self.hidden


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
    names: tuple[str, ...] = ()
    """The labels' names, where a recipe is handed the answer; they aren't stored with it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that is about to be recorded, as a recipe checks it."""

    verdict: Verdict
    labels: tuple[str, ...]
    """By name."""
    flagged: bool = False
    comment: str = ""
    label_ids: tuple[int, ...] = ()
    """The same labels by the ids that an answer has."""


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket that was looked for, with what was said of it."""

    ticket: Ticket
    answer: Answer | None = None
    """The newest that stands."""
    ranked: Ranked | None = None
    """Its place in the ranking, where it has one."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What came of looking something up."""

    value: object = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    """A step that was undone: one answer, or all that were given together."""

    answers: tuple[Answer, ...]
    ticket: Ticket
    """The first one's."""
    rows: tuple[int, ...]
    """Ids of the undos in the answer log."""


@dataclass(frozen=True, slots=True)
class Relabelled:
    """What a change of the labels did to answers."""

    undone: tuple[Answer, ...] = ()
    """Answers that were undone; their tickets are shown again."""
    restored: tuple[Answer, ...] = ()
    """Answers that an undone split gives back, as they were before."""
    counted: int = 0
    """Answers given to the parts of an undone split, which count as the whole."""

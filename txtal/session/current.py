"""The question at hand: what is chosen and noted of it, and for how long it has been looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from txtal.types import (
    ONE_OF,
    RECHECK,
    SUSPECT,
    Answer,
    Question,
    Ranked,
    Scheme,
    Verdict,
    reasons,
)

NO_REJECT = "can't reject here, this ticket measures accuracy: give its label, or ignore it"
"""What :attr:`Current.refuses_reject` means, in words."""


class Current:
    """The question at hand, if there is one, and the answer to it in the making."""

    def __init__(self, scheme: Scheme, clock: Callable[[], float]) -> None:
        self.scheme = scheme
        self.clock = clock
        self.question: Question | None = None
        self.chosen: tuple[int, ...] = ()
        """Labels chosen so far (multilabel)."""
        self.flagged = False
        self.comment = ""
        self.locked = False
        """There is no question, as another process was writing."""
        self._shown = 0.0
        self._paused: float | None = None

    def show(self, question: Question | None) -> None:
        """Put a question in the place of the one at hand, as it was answered before if it was."""
        self.question = question
        if question is None:
            return
        previous = question.previous
        chosen = previous.labels if previous else question.ranked.suggestion
        self.chosen = self.offered(chosen) if self.scheme.task == "multilabel" else ()
        self.flagged = previous.flagged if previous else False
        self.comment = previous.comment if previous else ""
        self._shown = self.clock()

    def take_guess(self, guess: Ranked, revision: int | None) -> bool:
        """Take in what the model thinks of the question; whether it came before any model did.

        A random check stays without. Of several labels none is chosen now: somebody may be about
        to accept none. What was seen can't measure the model, so the draw's probability is dropped.
        """
        question = self.question
        if question is None or question.revision is not None or question.ranked.probabilities:
            return False
        if question.previous or question.said or reasons.blind(question.ranked.reason):
            return False
        suggestion = () if self.scheme.task == "multilabel" else guess.suggestion
        ranked = replace(
            question.ranked,
            suggestion=suggestion,
            probabilities=guess.probabilities,
            selection_probability=None,
        )
        self.question = replace(question, ranked=ranked, revision=revision)
        return True

    def take_scheme(self, scheme: Scheme) -> None:
        """Go by changed labels; the question stays, with what is left to choose from."""
        self.scheme = scheme
        self.chosen = self.offered(self.chosen)

    def offered(self, labels: Iterable[int]) -> tuple[int, ...]:
        """Return those of the labels that the scheme has, or what they were merged into."""
        return tuple(label for label in self.scheme.now(labels) if label in self.scheme.ids)

    # --- what an answer would say -----------------------------------------------------------

    @property
    def suggestion(self) -> tuple[int, ...]:
        """What `accept` would record; empty when there is nothing yet."""
        if self.question is None:
            return ()
        if self.scheme.task == "binary":
            return self.scheme.ids
        if self.scheme.task == "multilabel":
            return self.chosen
        return self.offered(self.question.ranked.suggestion)[:1]

    @property
    def explained(self) -> int | None:
        """The label that `why` explains: the suggestion, or else the most probable one.

        None at a random check: the words would tell what the model thinks.
        """
        if self.question is None or reasons.blind(self.question.ranked.reason):
            return None
        probable = (label for label, _ in self.question.ranked.probabilities)
        return next(iter(self.offered((*self.suggestion, *probable))), None)

    @property
    def kept_on_reject(self) -> Answer | None:
        """The earlier answer that stands if the suggestion against it is rejected."""
        question = self.question
        if question is None or question.ranked.reason != SUSPECT or self.scheme.task not in ONE_OF:
            return None
        return question.previous

    @property
    def refuses_reject(self) -> bool:
        """Whether only a label or ignore will do: "not A" can't be scored.

        To leave out what is hard would flatter the estimate.
        """
        return (
            self.question is not None
            and reasons.blind(self.question.ranked.reason)
            and self.scheme.task in ONE_OF
        )

    def toggle(self, label_id: int) -> None:
        """Choose this label, or no longer."""
        if label_id in self.chosen:
            self.chosen = tuple(label for label in self.chosen if label != label_id)
        else:
            self.chosen = tuple(i for i in self.scheme.ids if i in self.chosen or i == label_id)

    def take_off(self) -> None:
        """Unchoose the last of the chosen labels."""
        self.chosen = self.chosen[:-1]

    def toggle_flag(self) -> None:
        """Flag the question to be looked at again, or no longer; kept with its answer."""
        self.flagged = not self.flagged

    def answered(self, question: Question, verdict: Verdict, labels: tuple[int, ...]) -> Answer:
        """Return the answer to the question at hand, as of now."""
        ranked = question.ranked
        return Answer(
            ticket_id=question.ticket.id,
            verdict=verdict,
            labels=labels,
            ranked=replace(ranked, reason=RECHECK) if question.again else ranked,
            revision=question.revision,
            shown=self._shown,
            answered=self.clock(),
            flagged=self.flagged,
            comment=self.comment,
        )

    # --- the time it takes ------------------------------------------------------------------

    def pause(self, since: float | None = None) -> None:
        """Stop the clock, as of ``since`` if nobody has been there from then on."""
        if self._paused is None:
            self._paused = self.clock() if since is None else max(since, self._shown)

    def resume(self) -> None:
        """Let the clock go on: the pause is no part of the time an answer took."""
        if self._paused is not None:
            self._shown += self.clock() - self._paused
            self._paused = None

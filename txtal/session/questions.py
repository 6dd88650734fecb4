"""How the next question comes about: which ticket is leased, and what it is asked with."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from txtal.errors import DamagedError
from txtal.session.notices import Notices
from txtal.session.protocols import Inflow, Ledger
from txtal.session.setup import Policy
from txtal.session.updates import Updates
from txtal.types import (
    AUDIT,
    CHECK,
    CHOSEN,
    FILE_ORDER,
    OVERLAP,
    PATTERN,
    RANDOM,
    RECHECK,
    REVIEW,
    SUSPECT,
    SYNTHETIC,
    Answer,
    Found,
    Question,
    Ranked,
    Ticket,
    reasons,
)

_DRAWS = 8
"""Tickets drawn for one question, when those before it are damaged."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A question whose ticket is leased but not read yet."""

    ranked: Ranked
    revision: int | None
    previous: Answer | None = None
    again: bool = False
    said: tuple[Answer, ...] = ()


class Questions:
    """Leases tickets to be asked, one at a time. Everything raises as the ledger does."""

    def __init__(
        self,
        ledger: Ledger,
        updates: Updates,
        inflow: Inflow | None,
        policy: Policy,
        notices: Notices,
    ) -> None:
        self.policy = policy
        self.put_back: list[Question] = []
        """Asked before anything else, the last one first."""
        self.taken_back: deque[Answer] = deque()
        """Answers that a change of the labels has undone; their tickets are shown next."""
        self._ledger = ledger
        self._updates = updates
        self._inflow = inflow
        self._audit = policy.audit if updates.learns else 0.0
        self._random = random.Random(policy.seed)
        self._notices = notices
        self._unreadable: set[int] = set()
        self._looked_at: set[int] = set()
        """Suspects that were asked."""
        self._position = 0
        """The ticket drawn last in the order of loading."""

    @contextmanager
    def restored_on_failure(self) -> Iterator[None]:
        """Forget what is drawn in the block if it fails: its leases are rolled back then."""
        put_back, taken_back = tuple(self.put_back), tuple(self.taken_back)
        position, looked_at = self._position, self._looked_at.copy()
        try:
            yield
        except BaseException:
            self.put_back, self.taken_back = list(put_back), deque(taken_back)
            self._position, self._looked_at = position, looked_at
            raise

    def next(self) -> Question | None:
        """Lease what is to be asked next; None when there is nothing."""
        while self.put_back:
            question = self.put_back.pop()
            if self._lease_again(question):
                return question
        for _ in range(_DRAWS):
            drawn = self._draw()
            if drawn is None:
                return None
            try:
                ticket = self._ledger.ticket(drawn.ranked.ticket_id)
            except DamagedError as error:  # it can't be shown, but the others can
                self._unreadable.add(drawn.ranked.ticket_id)
                self._notices.tell(str(error), warns=True)
                continue
            return _blind(
                Question(
                    ticket, drawn.ranked, drawn.revision, drawn.previous, drawn.again, drawn.said
                )
            )
        return None

    def _lease_again(self, question: Question) -> bool:
        """Whether a question that was put back may be asked now."""
        ticket_id = question.ticket.id
        if question.again or question.ranked.reason in _NOT_OPEN:
            return self._ledger.tickets.hold(ticket_id) is not None
        return self._ledger.tickets.take_first([ticket_id]) is not None

    def _draw(self) -> _Drawn | None:
        """Lease the next ticket: one that is to be answered again, or a new one."""
        drawn = self._draw_taken_back()
        if drawn is None and self.policy.order == "suspects":
            return self._draw_suspect()
        if drawn is None and self.policy.order == "disputed":
            return self._draw_disputed()
        if drawn is None and self._falls(self.policy.recheck):
            drawn = self._draw_earlier()
        if drawn is None and self._falls(self.policy.synthesise):
            drawn = self._draw_composed()
        if drawn is None:
            new = self._draw_shared() or self._draw_new()
            return _Drawn(new, self._updates.revision) if new else None
        return drawn

    def _falls(self, fraction: float) -> bool:
        """Toss a coin that falls so in this fraction of the tosses; none is tossed for never."""
        return bool(fraction) and self._random.random() < fraction

    # --- answered before, or composed -------------------------------------------------------

    def _draw_taken_back(self) -> _Drawn | None:
        """Lease the next ticket whose answer a change of the labels took back."""
        while self.taken_back:
            answer = self.taken_back.popleft()
            if self._ledger.tickets.take_first([answer.ticket_id]) is not None:
                return _Drawn(_picked_as(answer), answer.revision, answer)
        return None

    def _draw_suspect(self) -> _Drawn | None:
        """Lease the suspect that is most probably wrong, of those not yet shown in this session."""
        ranking = self._updates.ranking
        for ranked in ranking.suspects if ranking else ():
            if ranked.ticket_id in self._looked_at | self._unreadable:
                continue
            found = self._ledger.tickets.hold(ranked.ticket_id)
            if found is not None and found.answer is not None:
                self._looked_at.add(ranked.ticket_id)
                return _Drawn(ranked, self._updates.revision, found.answer)
        return None

    def _draw_disputed(self) -> _Drawn | None:
        """Lease the most disputed ticket that this session hasn't shown."""
        said = self._ledger.disputes.take(self._looked_at | self._unreadable)
        if not said:
            return None
        self._looked_at.add(said[0].ticket_id)
        return _Drawn(disputed_as(said), None, said=said)

    def _draw_earlier(self) -> _Drawn | None:
        """Lease a ticket the annotator answered before: asked as it was asked then."""
        answer = self._ledger.tickets.take_earlier(self._random)
        if answer is None or answer.ticket_id in self._unreadable:
            return None
        return _Drawn(_picked_as(answer), answer.revision, again=True)

    def _draw_composed(self) -> _Drawn | None:
        """Store and lease the most doubtful of the composed texts that the dataset hasn't yet."""
        ranking = self._updates.ranking
        for composed in ranking.composed if ranking else ():
            ticket_id = self._ledger.tickets.add_synthetic(composed)
            if ticket_id is not None:
                ranked = replace(composed.ranked, ticket_id=ticket_id, reason=SYNTHETIC)
                return _Drawn(ranked, self._updates.revision)
        return None

    # --- new to the annotator ---------------------------------------------------------------

    def _draw_shared(self) -> Ranked | None:
        """Now and then, while one waits: a ticket that another has answered and everybody is asked.

        Every second time, so that nobody is left behind by a few others who go on.
        """
        if self.policy.order == "file" or self._random.random() < 0.5:
            return None
        ticket_id = self._ledger.take_shared()
        return None if ticket_id is None else Ranked(ticket_id, reason=OVERLAP)

    def _draw_new(self) -> Ranked | None:
        """Lease an open ticket: file order, an audit, the ranking's best, or at random."""
        if self._inflow:
            return self._draw_waiting(self._inflow)
        if self.policy.order == "file":
            open_tickets = self._ledger.tickets
            ticket_id = open_tickets.take_next(self._position) or open_tickets.take_next(0)
            self._position = ticket_id or 0
            return None if ticket_id is None else Ranked(ticket_id, reason=FILE_ORDER)
        if self._random.random() < self._audit:
            if self._ledger.checks and self._falls(0.5):
                checked = self._ledger.take_check()
                if checked is not None:
                    return Ranked(checked, reason=CHECK)
            sample = self._updates.ranking.audit if self._updates.ranking else ()
            return self._take(sample, AUDIT, self._audit)
        if self._falls(self.policy.patterns_share) and (found := self._draw_matched()):
            return found
        ranked = (1.0 - self._audit) * (1.0 - self.policy.patterns_share)
        return self._take(self._updates.items, RANDOM, ranked)

    def _draw_matched(self) -> Ranked | None:
        """Lease a ticket that matches a pattern, whatever the model thinks of it."""
        ticket_id = self._ledger.tickets.take_matched(self._random)
        if ticket_id is None:
            return None
        known = (item for item in self._updates.items if item.ticket_id == ticket_id)
        ranked = next(known, Ranked(ticket_id))
        return replace(ranked, reason=PATTERN, score=None, selection_probability=None)

    def _draw_waiting(self, inflow: Inflow) -> Ranked | None:
        """Lease the ticket of the stream that has waited longest, with the newest suggestion."""
        waiting = inflow.next()
        if waiting is None:
            return None
        same = (item for item in self._updates.items if item.ticket_id == waiting.ticket_id)
        newest = next(same, waiting)
        return replace(waiting, suggestion=newest.suggestion, probabilities=newest.probabilities)

    def _take(self, items: tuple[Ranked, ...], fallback: str, fraction: float) -> Ranked | None:
        """Lease the first open one of ``items``, else one at random, with its probability."""
        by_id = {
            ranked.ticket_id: ranked for ranked in items if ranked.ticket_id not in self._unreadable
        }
        ticket_id = self._ledger.tickets.take_first(by_id)
        if ticket_id is not None:
            ranked = by_id[ticket_id]
            given = ranked.selection_probability
            if given is not None:
                ranked = replace(ranked, selection_probability=given * fraction)
            return ranked
        probability = fraction / max(1, self._ledger.open)
        ticket_id = self._ledger.tickets.take_random(self._random)
        if ticket_id is None:
            return None
        return Ranked(ticket_id, reason=fallback, selection_probability=probability)


def _blind(question: Question) -> Question:
    """A random check as it is shown: without what the model thinks, for people agree with that."""
    ranked = question.ranked
    if not reasons.blind(ranked.reason):
        return question
    unseen = replace(ranked, suggestion=(), probabilities=())
    return replace(question, ranked=unseen, hidden=ranked.probabilities)


_NOT_OPEN = frozenset({SUSPECT, REVIEW, SYNTHETIC})
"""Reasons of questions whose ticket is answered, or in no pool."""


def disputed_as(said: Sequence[Answer]) -> Ranked:
    """Return how a ticket is shown in a review: labels by how many of the annotators named them.

    What more than half of them named is suggested.
    """
    named = Counter(label for one in said if one.verdict == "accept" for label in one.labels)
    voters = sum(one.verdict != "ignore" for one in said)
    shares = tuple((label, votes / voters) for label, votes in named.most_common())
    suggested = tuple(label for label, share in shares if share > 0.5)
    return Ranked(said[0].ticket_id, suggested, shares, REVIEW)


def reopened(ticket: Ticket, answer: Answer) -> Question:
    """Return the question that an undone answer belonged to."""
    return Question(ticket, _picked_as(answer), answer.revision, answer)


def looked_up(found: Found, updates: Updates, annotator: str) -> Question:
    """The question of a ticket that the annotator looked for, whether it is answered or not."""
    if found.answer is not None:
        question = reopened(found.ticket, found.answer)
        return _openly(question, own=found.answer.annotator == annotator)
    known = (item for item in updates.items if item.ticket_id == found.ticket.id)
    ranked = replace(
        next(known, Ranked(found.ticket.id)), reason=CHOSEN, score=None, selection_probability=None
    )
    return Question(found.ticket, ranked, updates.revision)


def _openly(question: Question, *, own: bool) -> Question:
    """The question, which is not asked blindly now that the annotator looked for it."""
    if own and question.ranked.reason != RECHECK:
        return question
    ranked = replace(question.ranked, reason=CHOSEN)
    return replace(question, ranked=ranked if own else replace(ranked, selection_probability=None))


def _picked_as(answer: Answer) -> Ranked:
    return answer.ranked or Ranked(answer.ticket_id)

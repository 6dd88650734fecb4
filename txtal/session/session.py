"""One session: the state machine between questions and answers.

It knows no screen, no SQL and no model. A ledger records answers and hands out tickets; a learner
is poked after each answer and polled for rankings; a screen, a line-by-line prompt, a simulation or
a test drives it. Nothing here waits for the learner, and the ticket on the screen never changes
under the reader: a new ranking counts from the next question on. Only a ticket that was shown
before there was a model is given its suggestion as soon as there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from txtal.errors import DatabaseError, LockedError
from txtal.session import questions, steps
from txtal.session.calls import Calls
from txtal.session.clock import steady_time
from txtal.session.current import NO_REJECT, Current
from txtal.session.finding import AtOnce, Finding
from txtal.session.given import Given
from txtal.session.notices import Notices
from txtal.session.protocols import Ledger
from txtal.session.questions import Questions
from txtal.session.setup import Background, Hooks, Policy
from txtal.session.updates import Updates
from txtal.types import (
    Answer,
    LabelChange,
    Question,
    Ranking,
    Relabelled,
    Scheme,
    Verdict,
)

IDLE_SECONDS = 300
"""Without a key for so long, nobody is there: the time isn't counted."""

Following = tuple[Question | None, DatabaseError | None]
"""The next question, or why there is none."""


class Session:
    """Shows and records, one question at a time. Call :meth:`begin` first."""

    def __init__(
        self,
        ledger: Ledger,
        scheme: Scheme,
        policy: Policy | None = None,
        background: Background | None = None,
        hooks: Hooks | None = None,
        *,
        guidelines: str = "",
        clock: Callable[[], float] = steady_time,
    ) -> None:
        self.ledger = ledger
        self.policy = policy or Policy()
        self.background = background or Background()
        self.guidelines = guidelines
        """The labelling guidelines, as Markdown."""
        self.current = Current(scheme, clock)
        self.given = Given()
        self.notices = Notices()
        self.updates = Updates(
            ledger, self.background, self.notices, lambda: bool(self.scheme.labels)
        )
        self.questions = Questions(
            ledger, self.updates, self.background.inflow, self.policy, self.notices
        )
        self.finding = Finding(self.background.lookups or AtOnce(ledger.finder))
        self.calls = Calls(hooks or Hooks(), self.notices)

    # --- what there is to see ---------------------------------------------------------------

    @property
    def scheme(self) -> Scheme:
        """The labels there are now."""
        return self.current.scheme

    @property
    def question(self) -> Question | None:
        """The question at hand."""
        return self.current.question

    @property
    def locked(self) -> bool:
        """Whether there is no question because another process was writing: look again soon."""
        return self.current.locked

    @property
    def ranking(self) -> Ranking | None:
        """The newest there is."""
        return self.updates.ranking

    @property
    def saved(self) -> Answer | None:
        """The newest answer of this session that is on disk."""
        return self.given.saved

    @property
    def count(self) -> int:
        """Answers given in this session, less those of them undone."""
        return self.given.count

    @property
    def behind(self) -> int:
        """How many of this session's answers and undos the model hasn't learned from yet."""
        return self.given.behind(self.ranking.revision.newest if self.ranking else 0)

    @property
    def notice(self) -> str:
        """The newest thing to tell the annotator; empty when there is nothing."""
        return self.notices.text

    @notice.setter
    def notice(self, text: str) -> None:
        self.notices.tell(text)

    # --- showing ----------------------------------------------------------------------------

    def begin(self) -> None:
        """Show the first question, from the ranking the last session left if there is one."""
        self.updates.begin(ranked=self.policy.order == "ranking")
        self.current.show(self.questions.next())

    def update(self) -> bool:
        """Take in what others have sent; show a question if a fault left none. True on news."""
        with suppress(DatabaseError):  # busy: the lease has long to run yet, and labels can wait
            self.ledger.tickets.keep()
            before = self.ledger.total
            self.ledger.look()
            self.updates.loaded(self.ledger.total - before)
            if self._take_scheme():
                self.notice = "the labels were changed by another session"
        news = self.updates.take_in()
        guess = self.updates.guess(self.question) if news else None
        if guess is not None:
            self.current.take_guess(guess, self.updates.revision)
        if self.question is None:
            self.show_next()
            news = news or self.question is not None
        return news

    def _take_scheme(self) -> bool:
        scheme = self.ledger.new_scheme()
        if scheme is not None:
            self.current.take_scheme(scheme)
        return scheme is not None

    def show_next(self) -> None:
        """Show the next question, but let a fault wait: the answer before it is on disk."""
        self.present(*self.next_or_why())

    def next_or_why(self) -> Following:
        try:
            return self.questions.next(), None
        except DatabaseError as error:
            return None, error

    def present(self, question: Question | None, fault: DatabaseError | None) -> None:
        """Show what comes next, or say why there is nothing."""
        if self.current.locked:
            self.current.locked, self.notice = False, ""
        if fault is not None:
            self.current.locked = isinstance(fault, LockedError)
            self.notices.tell(str(fault), warns=True)
        self.current.show(question)

    def show_instead(self, question: Question) -> None:
        """Show this question; the one at hand comes back after it."""
        if self.question is not None:
            self.questions.put_back.append(self.question)
        self.current.show(question)

    # --- answering --------------------------------------------------------------------------

    def accept(self) -> None:
        """Record that the suggestion is right (multilabel: exactly the chosen labels, or none)."""
        labels = self.current.suggestion
        if labels or self.scheme.task == "multilabel":
            self.answer("accept", labels)
        elif self.current.refuses_reject:
            self.notice = (
                f"no suggestion here, this ticket measures accuracy: give its {self.scheme.noun}"
            )
        else:
            self.notice = f"no suggestion yet: press the key of a {self.scheme.noun}"

    def reject(self) -> None:
        """Record that the suggested label (multilabel: each chosen one) does not apply."""
        kept, labels = self.current.kept_on_reject, self.current.suggestion
        if kept is not None:  # what the model suggests against it is rejected
            self.answer(kept.verdict, self.current.offered(kept.labels))
        elif self.current.refuses_reject:
            self.notice = NO_REJECT
        elif labels:
            self.answer("reject", labels)
        elif self.scheme.task == "multilabel":
            self.notice = (
                "mark the labels that don't apply, then reject; if none applies, accept with none "
                "marked"
            )
        else:
            self.notice = f"no suggestion to reject yet: press the key of a {self.scheme.noun}"

    def ignore(self) -> None:
        """Record no label for this ticket, and don't show it again."""
        self.answer("ignore", ())

    def choose(self, label_id: int) -> None:
        """Answer with this label; for multilabel, choose it or no longer."""
        if self.scheme.task == "multilabel":
            self.current.toggle(label_id)
        else:
            self.answer("accept", (label_id,))

    def answer(self, verdict: Verdict, labels: tuple[int, ...]) -> None:
        """Record and show the next. When this returns the answer is on disk, or refused.

        Raises DatabaseError with nothing recorded and the question still there; LockedError says
        that the same call may be made again.
        """
        question = self.question
        if question is None:
            self.notice = "there is no ticket to answer"
            return
        given = self.current.answered(question, verdict, labels)
        self.notice = ""
        refusal = self.calls.refusal(question.ticket, given, self.scheme)
        if refusal:
            self.notice = refusal
            return
        trouble, self.notice = self.notice, ""  # that of the recipe's validate, if it failed
        with self.questions.restored_on_failure(), self.ledger.together():
            # One commit for the answer and for the lease of what comes next.
            answer, following = self.ledger.record(given), self.next_or_why()
        self.given.add(question.ticket, answer)
        self.updates.poke(answer.id)
        self.present(*following)
        if trouble and not self.notice:
            self.notices.tell(trouble, warns=True)
        self.calls.call_back(question.ticket, answer, self.scheme)

    def undo(self) -> None:
        """Undo the annotator's newest step, of whatever session; show the ticket of one answer."""
        steps.undo(self)

    def redo(self) -> None:
        """Record again what the annotator undid last, of whatever session, as it was."""
        steps.redo(self)

    def change_labels(self, wanted: LabelChange) -> Relabelled:
        """Change the label scheme. Tickets whose answers that undoes are shown next.

        Raises UsageError when it can't be done, DatabaseError as :meth:`answer` does.
        """
        done = self.ledger.change_labels(wanted)
        self.questions.taken_back.extend(done.undone)
        self.given.relabel(done)
        self._take_scheme()
        self.updates.poke(self.ledger.newest())
        if self.question and self.question.ticket.id in {one.ticket_id for one in done.restored}:
            self.show_next()
        return done

    # --- going to a ticket ------------------------------------------------------------------

    def revisit(self, ticket_id: int) -> None:
        """Show this ticket now, answered or not; what is at hand comes back after it.

        Another answer takes the place of the annotator's own.
        """
        if self.question is not None and self.question.ticket.id == ticket_id:
            return
        found = self.ledger.tickets.hold(ticket_id)
        if found is None:
            self.notice = "this ticket is open in another session"
            return
        self.show_instead(questions.looked_up(found, self.updates, self.ledger.annotator))

    def leave(self) -> None:
        """Go back to the question that was put back for the one at hand, if there is one."""
        if self.questions.put_back:
            self.show_next()

"""One sitting: the state machine between questions and answers.

It knows no screen, no SQL and no model. A ledger records answers and hands out tickets; a learner
is poked after each answer and polled for rankings; a screen, a line-by-line prompt, a simulation or
a test drives it. Nothing here waits for the learner, and the ticket on the screen never changes
under the reader: a new ranking counts from the next question on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from txtal.errors import DatabaseError, LockedError, TxtalError
from txtal.session import lookup, questions
from txtal.session.protocols import Inflow, Learner, Ledger, Loader, OnAnswer, Validate
from txtal.session.questions import Drawing, Order
from txtal.session.updates import News
from txtal.types import (
    ALIKE,
    AUDIT,
    ONE_OF,
    RECHECK,
    SUSPECT,
    Answer,
    Draft,
    Explanation,
    Found,
    LabelChange,
    Loading,
    Question,
    Ranked,
    Ranking,
    Scheme,
    Ticket,
    Undone,
    Verdict,
)
from txtal.types.query import Query

IDLE_SECONDS = 300
"""Without a key for so long, nobody is there: the time isn't counted."""

_Following = tuple[Question | None, DatabaseError | None]
"""What is asked next, or why it can't be."""


class Session:
    """Asks and records, one question at a time. Call :meth:`begin` first."""

    def __init__(
        self,
        ledger: Ledger,
        scheme: Scheme,
        *,
        learner: Learner | None = None,
        inflow: Inflow | None = None,
        loader: Loader | None = None,
        order: Order = "ranking",
        audit: float = 0.1,
        recheck: float = 0.0,
        synthesise: float = 0.0,
        seed: int | str = 0,
        on_answer: Iterable[OnAnswer] = (),
        validate: Validate | None = None,
        guidelines: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.ledger = ledger
        self.scheme = scheme
        self.learner = learner
        self.inflow = inflow
        """Where tickets arrive from, one by one; None when the pool is all there is."""
        self.order = order
        self.guidelines = guidelines
        """What the annotator is to go by, as Markdown."""
        self.clock = clock
        self.question: Question | None = None
        self.chosen: tuple[int, ...] = ()
        """Labels toggled on the question at hand (multilabel)."""
        self.flagged = False
        self.comment = ""
        self.notice = ""
        """The latest thing to tell the annotator; empty when there is nothing."""
        self.locked = False
        """Whether there is no question because another process was writing: look again soon."""
        self.saved: Answer | None = None
        """The newest answer of this sitting that is on disk."""
        self.count = 0
        """Answers given in this sitting, less those of them undone."""
        self.errors: list[Exception] = []
        """What went wrong in the recipe's callbacks or the stream; the shell logs it."""
        self.news = News(ledger, learner, inflow, loader, tell=self._tell, errors=self.errors)
        self.drawing = Drawing(
            ledger,
            self.news,
            inflow,
            order=order,
            audit=audit if learner else 0.0,
            recheck=recheck,
            synthesise=synthesise,
            seed=seed,
            tell=self._tell,
        )
        self._on_answer = tuple(on_answer)
        self._validate = validate
        self._answered: Ticket | None = None
        self._recorded: list[int] = []
        self._shown = 0.0
        self._paused: float | None = None

    def _tell(self, notice: str) -> None:
        self.notice = notice

    # --- asking -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Ask the first question, from the ranking the last sitting left if there is one."""
        self.news.begin(ranked=self.order == "ranking")
        self._ask()

    def update(self) -> bool:
        """Take in what others have sent; ask if a fault left no question. True on news."""
        with suppress(DatabaseError):  # busy: the lease has long to run yet, and labels can wait
            self.ledger.tickets.keep()
            self.ledger.look()
            if self._take_scheme():
                self.notice = "the labels were changed by another session"
        news = self.news.take_in()
        if self.question is None:
            self._ask_or_say_why()
            news = news or self.question is not None
        return news

    def _take_scheme(self) -> bool:
        """Take in a change of the labels; the question stays, with what is left to choose from."""
        scheme = self.ledger.new_scheme()
        if scheme is None:
            return False
        self.scheme = scheme
        self.chosen = self._offered(self.chosen)
        return True

    def _offered(self, labels: Iterable[int]) -> tuple[int, ...]:
        """Those of the labels that the scheme still has."""
        return tuple(label for label in labels if label in self.scheme.ids)

    def _ask(self) -> None:
        self._present(self.drawing.next())

    def _ask_or_say_why(self) -> None:
        """Ask, but let a fault of the database wait: the answer before it is already on disk."""
        self._present(*self._next_or_why())

    def _next_or_why(self) -> _Following:
        try:
            return self.drawing.next(), None
        except DatabaseError as error:
            return None, error

    def _present(self, question: Question | None, fault: DatabaseError | None = None) -> None:
        """Show what is asked next, or say why there is nothing."""
        if self.locked:
            self.locked, self.notice = False, ""
        self.question = None
        if fault is not None:
            self.locked = isinstance(fault, LockedError)
            self.notice = str(fault)
        if question is not None:
            self._show(question)

    def _show(self, question: Question) -> None:
        self.question = question
        previous = question.previous
        multilabel = self.scheme.task == "multilabel"
        chosen = previous.labels if previous else question.ranked.suggestion
        self.chosen = self._offered(chosen) if multilabel else ()
        self.flagged = previous.flagged if previous else False
        self.comment = previous.comment if previous else ""
        self._shown = self.clock()

    # --- answering --------------------------------------------------------------------------

    @property
    def suggestion(self) -> tuple[int, ...]:
        """What `accept` would say of the question at hand; empty when there is nothing yet."""
        if self.question is None:
            return ()
        if self.scheme.task == "binary":
            return self.scheme.ids
        if self.scheme.task == "multilabel":
            return self.chosen
        return self._offered(self.question.ranked.suggestion)[:1]

    def accept(self) -> None:
        """The suggestion is right (multilabel: exactly the chosen labels apply, or none)."""
        labels = self.suggestion
        if labels or self.scheme.task == "multilabel":
            self.answer("accept", labels)
        else:
            self.notice = "no suggestion yet: press the key of a label"

    def reject(self) -> None:
        """The suggested label (multilabel: each chosen one) does not apply."""
        labels = self.suggestion
        if self.keeps_on_reject:
            self._keep_answer()
        elif self._measures_quality and self.scheme.task in ONE_OF:
            # "Not A" can't be scored, and leaving out what is hard would flatter the estimate.
            self.notice = "this ticket measures quality: give its label, or ignore it"
        elif labels:
            self.answer("reject", labels)
        elif self.scheme.task == "multilabel":
            self.notice = "choose the labels that don't apply first, or accept none with accept"
        else:
            self.notice = "no suggestion to reject yet: press the key of a label"

    @property
    def keeps_on_reject(self) -> bool:
        """Whether the suggestion is against an earlier answer, which stands if it is rejected."""
        question = self.question
        return (
            question is not None
            and question.ranked.reason == SUSPECT
            and self.scheme.task in ONE_OF
        )

    def _keep_answer(self) -> None:
        """Say what was said before once more: the doubt of it is rejected."""
        assert self.question is not None
        previous = self.question.previous
        if previous is not None:
            self.answer(previous.verdict, self._offered(previous.labels))

    @property
    def _measures_quality(self) -> bool:
        return self.question is not None and self.question.ranked.reason == AUDIT

    def ignore(self) -> None:
        """Say nothing of this ticket and go on; it isn't asked again."""
        self.answer("ignore", ())

    def choose(self, label_id: int) -> None:
        """This label: the answer, or for multilabel toggled on or off."""
        if self.scheme.task != "multilabel":
            self.answer("accept", (label_id,))
        elif label_id in self.chosen:
            self.chosen = tuple(label for label in self.chosen if label != label_id)
        else:
            self.chosen = tuple(i for i in self.scheme.ids if i in self.chosen or i == label_id)

    def toggle_flag(self) -> None:
        """Mark the question at hand to be looked at again; kept with its answer."""
        self.flagged = not self.flagged

    def pause(self, since: float | None = None) -> None:
        """Stop the clock, as of ``since`` if nobody has been there from then on."""
        if self._paused is None:
            self._paused = self.clock() if since is None else max(since, self._shown)

    def resume(self) -> None:
        """Let the clock go on: the pause is no part of the time an answer took."""
        if self._paused is not None:
            self._shown += self.clock() - self._paused
            self._paused = None

    def answer(self, verdict: Verdict, labels: tuple[int, ...]) -> None:
        """Record and go on. When this returns the answer is on disk, or refused by the recipe.

        Raises DatabaseError with nothing recorded and the question still there; LockedError says
        that the same call may be made again.
        """
        question = self.question
        if question is None:
            self.notice = "there is no ticket to answer"
            return
        refusal = self._refusal(question.ticket, verdict, labels)
        if refusal:
            self.notice = refusal
            return
        ranked = question.ranked
        given = Answer(
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
        trouble, self.notice = self.notice, ""  # that of the recipe's validate, if it failed
        answer, following = self._record(given)
        self.saved, self._answered = answer, question.ticket
        self._noted(answer.id, +1)
        self._present(*following)
        self.notice = self.notice or trouble
        self._call_back(question.ticket, answer)

    def _refusal(self, ticket: Ticket, verdict: Verdict, labels: tuple[int, ...]) -> str:
        """Why the recipe won't have this answer; what it fails to check is taken."""
        self.notice = ""
        if self._validate is None:
            return ""
        names = tuple(self.scheme.names[label] for label in labels)
        try:
            return str(
                self._validate(ticket, Draft(verdict, names, self.flagged, self.comment)) or ""
            )
        except Exception as error:  # noqa: BLE001 - a recipe's fault must not cost an answer
            self.recipe_failed("validate", error, "saved, but ")
            return ""

    def _record(self, answer: Answer) -> tuple[Answer, _Following]:
        """Write the answer and the lease of what is asked next, with one commit for both."""
        with self.drawing.restored_on_failure(), self.ledger.together():
            return self.ledger.record(answer), self._next_or_why()

    def undo(self) -> None:
        """Take back the annotator's newest answer, of whatever sitting, and ask it again."""
        with self.ledger.together():
            undone = self.ledger.undo()
            question = self._undone(undone) if undone else None
        if undone is None or question is None:
            self.notice = "nothing to undo"
            return
        if self.question is not None:
            self.drawing.put_back.append(self.question)
        self._show(question)
        self.notice = "undone; answer it again"
        self._noted(undone.row, -1 if undone.answer.id in self._recorded else 0)

    def _undone(self, undone: Undone) -> Question:
        """The question again: with the answer taken back, or with the one that it had replaced."""
        question = questions.reopened(undone.ticket, undone.answer)
        if question.ranked.reason == SUSPECT:
            found = self.ledger.tickets.hold(undone.ticket.id)
            return replace(question, previous=found.answer if found else None)
        return question

    def alike(self) -> list[int]:
        """Open tickets that are nearly identical to the one answered last, if it was accepted."""
        if self._answered is None or self.saved is None or self.saved.verdict != "accept":
            return []
        return self.ledger.finder.alike(self._answered)

    def answer_alike(self, ticket_ids: Iterable[int]) -> int:
        """Give the last answer to these tickets too, each its own. Returns how many it was."""
        if self.saved is None:
            return 0
        ranked = Ranked(self.saved.ticket_id, reason=ALIKE)
        same = replace(self.saved, ranked=ranked, flagged=False, comment="")
        given = self.ledger.record_alike(same, ticket_ids)
        for answer in given:
            self._noted(answer.id, +1)
        if self.question and self.question.ticket.id in {answer.ticket_id for answer in given}:
            self._ask_or_say_why()
        return len(given)

    def change_labels(self, wanted: LabelChange) -> None:
        """Change the label scheme. Tickets whose answers that takes back are asked next.

        Raises UsageError when it can't be done, DatabaseError as :meth:`answer` does.
        """
        taken_back = self.ledger.change_labels(wanted)
        self.drawing.taken_back.extend(taken_back)
        self.count -= sum(answer.id in self._recorded for answer in taken_back)
        self._take_scheme()
        self.news.poke(self.ledger.newest())

    def _noted(self, row: int, change: int) -> None:
        self.count += change
        self._recorded.append(row)
        self.news.poke(row)

    def _call_back(self, ticket: Ticket, answer: Answer) -> None:
        for callback in self._on_answer:
            try:
                callback(ticket, answer)
            except Exception as error:  # noqa: BLE001 - a recipe's fault must not stop the sitting
                self.recipe_failed("on_answer", error, "saved, but ")

    def recipe_failed(self, what: str, error: Exception, before: str = "") -> None:
        """Tell that a part of the recipe raised this; the shell logs it."""
        self.errors.append(error)
        kind = str(error) if isinstance(error, TxtalError) else type(error).__name__
        self.notice = f"{before}the recipe's {what} failed: {kind}; details in the log"

    # --- news -------------------------------------------------------------------------------

    @property
    def ranking(self) -> Ranking | None:
        """The newest there is."""
        return self.news.ranking

    @property
    def revision(self) -> int | None:
        """The stored id of the ranking's."""
        return self.news.revision

    @property
    def loading(self) -> Loading | None:
        """How far a file is that is loaded behind; None when there is none."""
        return self.news.loading

    @property
    def behind(self) -> int:
        """How many of this sitting's log rows the model hasn't learned from yet."""
        newest = self.ranking.revision.newest if self.ranking else 0
        return sum(1 for row in reversed(self._recorded[-500:]) if row > newest)

    @property
    def reasoned(self) -> int | None:
        """The label there is a reason to ask for: the suggestion, or else the likeliest."""
        if self.question is None:
            return None
        likely = (label for label, _ in self.question.ranked.probabilities)
        return next(iter(self._offered((*self.suggestion, *likely))), None)

    def ask_why(self) -> None:
        """Have the learner find out why it thinks of that label."""
        if self.learner and self.question and self.reasoned is not None:
            self.learner.explain(self.question.ticket.id, self.reasoned)

    @property
    def explanation(self) -> Explanation | None:
        """Why the label for the ticket at hand, once the learner has said so."""
        found = self.learner.explanation if self.learner else None
        if found is None or self.question is None or found.ticket_id != self.question.ticket.id:
            return None
        return found

    # --- finding ----------------------------------------------------------------------------

    def history(self, query: Query) -> list[Found]:
        """Answers that stand, of whatever sitting and annotator, the newest first."""
        return lookup.history(self.ledger, query)

    def search(self, query: Query) -> list[Found]:
        """Tickets by their words and meta, the best first; without those, what is asked next.

        ``is:unsure`` are those of what is asked next that the model is least sure of.
        """
        return lookup.search(self.ledger, self.scheme, self.news.items, query)

    def similar(self, query: Query) -> list[Found]:
        """Tickets like the one at hand that fit the query, the most alike first."""
        if self.question is None:
            return []
        ticket = self.question.ticket
        return lookup.similar(self.ledger, self.scheme, self.news.items, query, ticket)

    def revisit(self, ticket_id: int) -> None:
        """Ask this ticket now, whether it is answered or not; what is at hand comes back after it.

        Another answer takes the place of the annotator's own.
        """
        if self.question is not None and self.question.ticket.id == ticket_id:
            return
        found = self.ledger.tickets.hold(ticket_id)
        if found is None:
            self.notice = "another session is at this ticket"
            return
        if self.question is not None:
            self.drawing.put_back.append(self.question)
        self._show(questions.looked_up(found, self.news, self.ledger.annotator))

    @property
    def put_back(self) -> bool:
        """A question waits for the one at hand to be done with."""
        return bool(self.drawing.put_back)

    def leave(self) -> None:
        """Go back to the question that was put back for the one at hand, if there is one."""
        if self.put_back:
            self._ask_or_say_why()

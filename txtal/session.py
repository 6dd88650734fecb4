"""One sitting: the state machine between questions and answers.

It knows no screen, no SQL and no model. A ledger records answers and hands out tickets; a learner
is poked after each answer and polled for rankings; a screen, a line-by-line prompt, a simulation or
a test drives it. Nothing here waits for the learner, and the ticket on the screen never changes
under the reader: a new ranking counts from the next question on.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from txtal.errors import DamagedError, DatabaseError, LockedError, TxtalError
from txtal.query import Query
from txtal.text import count
from txtal.types import (
    ALIKE,
    AUDIT,
    CHOSEN,
    ONE_OF,
    OVERLAP,
    RECHECK,
    SUSPECT,
    SYNTHETIC,
    Answer,
    Composed,
    Draft,
    Explanation,
    Found,
    LabelChange,
    Outlook,
    Overview,
    Question,
    Ranked,
    Ranking,
    Scheme,
    Spending,
    Ticket,
    Undone,
    Verdict,
)

Order = Literal["ranking", "file", "suspects"]
"""``ranking``: what the learner ranks first. ``file``: the order of loading, with no model.
``suspects``: answered tickets once more, where the answer is probably wrong."""


MOST_FOUND = 200

IDLE_SECONDS = 300
"""Without a key for so long, nobody is there: the time isn't counted."""

_DRAWS = 8
"""Tickets drawn for one question, when those before it are damaged."""

OnAnswer = Callable[[Ticket, Answer], object]

Validate = Callable[[Ticket, Draft], str | None]
"""Says why an answer won't do, or nothing."""

_Following = tuple[Question | None, DatabaseError | None]
"""What is asked next, or why it can't be."""


class Ledger(Protocol):
    """What a session needs of the store; see :class:`txtal.store.ledger.Ledger`."""

    open: int
    total: int
    annotator: str

    def together(self) -> AbstractContextManager[None]: ...
    def record(self, answer: Answer) -> Answer: ...
    def undo(self) -> Undone | None: ...
    def newest(self) -> int: ...
    def ticket(self, ticket_id: int) -> Ticket: ...
    def take_first(self, ticket_ids: Iterable[int]) -> int | None: ...
    def take_next(self, after: int = 0) -> int | None: ...
    def take_random(self, rng: random.Random) -> int | None: ...
    def add_synthetic(self, composed: Composed) -> int | None: ...
    def take_earlier(self, rng: random.Random) -> Answer | None: ...
    def keep(self) -> None: ...

    @property
    def others(self) -> Mapping[str, int]: ...
    def look(self) -> bool: ...
    def take_shared(self) -> int | None: ...
    def grown(self, tickets: int) -> None: ...

    def change_labels(self, wanted: LabelChange) -> tuple[Answer, ...]: ...
    def new_scheme(self) -> Scheme | None: ...
    def examples(self, label_id: int) -> list[str]: ...
    def hold(self, ticket_id: int) -> Found | None: ...
    def history(self, query: Query, limit: int) -> list[Found]: ...
    def find(self, query: Query, limit: int) -> list[Found]: ...
    def like(self, ticket: Ticket, limit: int) -> list[Found]: ...
    def alike(self, ticket: Ticket) -> list[int]: ...
    def record_alike(self, answer: Answer, ticket_ids: Iterable[int]) -> list[Answer]: ...
    def overview(self) -> Overview: ...
    def save_ranking(self, ranking: Ranking) -> int: ...
    def last_ranking(self) -> tuple[int, Ranking] | None: ...


@dataclass(frozen=True, slots=True)
class LearnerStatus:
    """What the learner is doing, for the status line."""

    state: Literal["off", "starting", "vectorising", "training", "ready", "restarting", "failed"]
    detail: str = ""
    progress: float | None = None
    """Share done, 0 to 1, where it is known."""


class Learner(Protocol):
    """What a session needs of a learner: :mod:`txtal.learner.client` or ``.inline``."""

    status: LearnerStatus

    def poke(self, newest: int) -> None:
        """There are answers up to this id: make a new ranking when you can. Never waits."""

    explanation: Explanation | None
    """The newest answer to :meth:`explain`."""

    def explain(self, ticket_id: int, label_id: int) -> None:
        """Find out why the model thinks of this label, when you can. Never waits."""

    def poll(self) -> Ranking | None:
        """The newest ranking since the last call, if any. Never waits."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a stream stands."""

    spent: Spending
    waiting: int
    """Tickets that are to be asked."""
    unsettled: int
    """Tickets whose fate is open."""
    arrived: int
    """Tickets that came in this sitting."""
    bad: int
    duplicates: int
    over: bool
    """Whether nothing more will arrive."""


class Inflow(Protocol):
    """What a session needs of a stream; see :class:`txtal.inflow.Inflow`."""

    notice: str
    errors: list[Exception]

    def take_in(self) -> bool: ...
    def settle(self, scored: Sequence[Ranked], revision: int | None) -> None: ...
    def settle_start(self) -> None: ...
    def settle_unseen(self) -> None: ...
    def next(self) -> Ranked | None: ...
    @property
    def standing(self) -> Standing: ...


@dataclass(frozen=True, slots=True)
class Loading:
    """How far a file is that is loaded behind the session."""

    state: Literal["loading", "done", "failed"]
    added: int
    """Tickets of it that are new."""
    progress: float | None = None
    """Share done, 0 to 1, where it is known."""
    bad: int = 0
    bad_lines: tuple[str, ...] = ()
    """What is wrong with the first of them."""
    detail: str = ""
    """How it ended."""
    exit_code: int = 0


class Loader(Protocol):
    """What a session needs of a loader: :mod:`txtal.loader.client`."""

    def poll(self) -> Loading | None:
        """How far it is, if that has changed since the last call. Never waits."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A question whose ticket is leased but not read yet."""

    ranked: Ranked
    revision: int | None
    previous: Answer | None = None
    again: bool = False


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
        self.loading: Loading | None = None
        """How far a file is that is loaded behind; None when there is none."""
        self.order = order
        self.audit = audit if learner else 0.0
        self.recheck = recheck
        """Share of questions that were answered before and are asked again, unknown to whom."""
        self.synthesise = synthesise
        """Share of questions that are of texts composed of tickets'."""
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
        self.ranking: Ranking | None = None
        self.revision: int | None = None
        self.errors: list[Exception] = []
        """What went wrong in the recipe's callbacks; the shell logs it."""
        self._loader = loader
        self._on_answer = tuple(on_answer)
        self._validate = validate
        self._random = random.Random(seed)
        self._put_back: list[Question] = []
        self._again: deque[Answer] = deque()
        self._answered: Ticket | None = None
        self._unsaved: Ranking | None = None
        self._unreadable: set[int] = set()
        self._looked_at: set[int] = set()
        self._told: set[str] = set()
        self._recorded: list[int] = []
        self._said = ""
        self._shown = 0.0
        self._paused: float | None = None
        self._position = 0

    # --- asking -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Ask the first question, from the ranking the last sitting left if there is one."""
        stored = self.ledger.last_ranking() if self.order == "ranking" else None
        if stored is not None:
            self.revision, self.ranking = stored
        self.loading = self._loader.poll() if self._loader else None
        self._poke(self.ledger.newest())
        self._ask()

    def _poke(self, newest: int) -> None:
        if self.learner:
            self.learner.poke(newest)

    def update(self) -> bool:
        """Take in what the learner has sent; ask if a fault left no question. True on news."""
        with suppress(DatabaseError):  # busy: the lease has long to run yet, and labels can wait
            self.ledger.keep()
            self.ledger.look()
            if self._take_scheme():
                self.notice = "the labels were changed by another session"
        arrived = self._take_in() or self._told_of_loader()
        news = self._take_ranking() or self._told_of_learner() or arrived
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

    def _told_of_loader(self) -> bool:
        """Take in what was loaded meanwhile, and pass on what there is to say of it."""
        heard = self._loader.poll() if self._loader else None
        if heard is None:
            return False
        before = self.loading or Loading("loading", 0)
        with suppress(DatabaseError):  # they are counted again when nothing is found
            self.ledger.grown(heard.added - before.added)
        if heard.bad > before.bad:
            self.notice = f"{count(heard.bad, 'bad line')} so far; {heard.bad_lines[0]}"
        self.loading = heard
        if heard.detail:
            self.notice = heard.detail
        if heard.state != "loading" and self.learner:
            self.learner.poke(self.ledger.newest())
        return True

    def _told_of_learner(self) -> bool:
        """Pass on what the learner has to say, once."""
        said = self.learner.status.detail if self.learner else ""
        news = bool(said) and said != self._said
        self._said = said or self._said
        if news:
            self.notice = said
        return news

    def _take_in(self) -> bool:
        """Take in tickets that have arrived, and have the learner look at them."""
        if self.inflow is None:
            return False
        try:
            news = self.inflow.take_in()
            if self.learner is None or self.learner.status.state == "failed":
                self.inflow.settle_unseen()
            elif news:
                if self.ranking is None:
                    self.inflow.settle_start()
                self._poke(self.ledger.newest())
        except DatabaseError:
            return False  # busy: they are kept, and taken in at the next update
        if self.inflow.notice:
            self.notice, self.inflow.notice = self.inflow.notice, ""
        self.errors += self.inflow.errors
        self.inflow.errors.clear()
        return news

    def _take_ranking(self) -> bool:
        ranking = (self.learner.poll() if self.learner else None) or self._unsaved
        if ranking is None or self._is_stale(ranking):
            return False
        known = self.ranking is not None and ranking.revision == self.ranking.revision
        try:
            if not known or self.revision is None:
                self.revision = self.ledger.save_ranking(ranking)
            self._settle(ranking)
        except DatabaseError:
            self._unsaved = ranking  # the database is busy: try again at the next update
            return False
        self._unsaved = None
        self.ranking = ranking
        self._tell_outlook(ranking.revision.outlook)
        return True

    def _tell_outlook(self, outlook: Outlook | None) -> None:
        """Say why it may be time to stop, each reason once in a sitting."""
        if outlook and outlook.reached and outlook.reached not in self._told:
            self._told.add(outlook.reached)
            self.notice = outlook.notice

    def _settle(self, ranking: Ranking) -> None:
        """Settle what becomes of the tickets that were scored, and have the next ones scored."""
        if self.inflow and ranking.scored:
            self.inflow.settle(ranking.scored, self.revision)
            self._poke(self.ledger.newest())

    def _is_stale(self, ranking: Ranking) -> bool:
        return self.ranking is not None and ranking.revision.newest < self.ranking.revision.newest

    @property
    def behind(self) -> int:
        """How many of this sitting's log rows the model hasn't learned from yet."""
        newest = self.ranking.revision.newest if self.ranking else 0
        return sum(1 for row in reversed(self._recorded[-500:]) if row > newest)

    def _ask(self) -> None:
        self._present(self._next())

    def _ask_or_say_why(self) -> None:
        """Ask, but let a fault of the database wait: the answer before it is already on disk."""
        self._present(*self._next_or_why())

    def _next_or_why(self) -> _Following:
        try:
            return self._next(), None
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

    def _next(self) -> Question | None:
        """Lease what is to be asked next; None when there is nothing."""
        while self._put_back:
            question = self._put_back.pop()
            if self._lease_again(question):
                return question
        for _ in range(_DRAWS):
            drawn = self._draw()
            if drawn is None:
                return None
            try:
                ticket = self.ledger.ticket(drawn.ranked.ticket_id)
            except DamagedError as error:  # it can't be shown, but the others can
                self._unreadable.add(drawn.ranked.ticket_id)
                self.notice = str(error)
                continue
            return Question(ticket, drawn.ranked, drawn.revision, drawn.previous, drawn.again)
        return None

    def _lease_again(self, question: Question) -> bool:
        """Whether a question that was put back may be asked now."""
        ticket_id = question.ticket.id
        if question.again or question.ranked.reason in (SUSPECT, SYNTHETIC):  # not in the pool
            return self.ledger.hold(ticket_id) is not None
        return self.ledger.take_first([ticket_id]) is not None

    def _draw(self) -> _Drawn | None:
        """Lease the next ticket: one that is to be answered again, or a new one."""
        drawn = self._draw_taken_back()
        if drawn is None and self.order == "suspects":
            return self._draw_suspect()
        if drawn is None and self.recheck and self._random.random() < self.recheck:
            drawn = self._draw_earlier()
        if drawn is None and self.synthesise and self._random.random() < self.synthesise:
            drawn = self._draw_composed()
        if drawn is None:
            new = self._draw_shared() or self._draw_new()
            return _Drawn(new, self.revision) if new else None
        return drawn

    def _draw_taken_back(self) -> _Drawn | None:
        """Lease the next ticket whose answer a change of the labels took back."""
        while self._again:
            answer = self._again.popleft()
            if self.ledger.take_first([answer.ticket_id]) is not None:
                return _Drawn(_asked_as(answer), answer.revision, answer)
        return None

    def _draw_suspect(self) -> _Drawn | None:
        """Lease the likeliest to be wrong of the answers that this sitting hasn't looked at."""
        for ranked in self.ranking.suspects if self.ranking else ():
            if ranked.ticket_id in self._looked_at | self._unreadable:
                continue
            found = self.ledger.hold(ranked.ticket_id)
            if found is not None and found.answer is not None:
                self._looked_at.add(ranked.ticket_id)
                return _Drawn(ranked, self.revision, found.answer)
        return None

    def _draw_earlier(self) -> _Drawn | None:
        """Lease a ticket the annotator answered before: asked as it was asked then."""
        answer = self.ledger.take_earlier(self._random)
        if answer is None or answer.ticket_id in self._unreadable:
            return None
        return _Drawn(_asked_as(answer), answer.revision, again=True)

    def _draw_composed(self) -> _Drawn | None:
        """Store and lease the most doubtful of the composed texts that the dataset hasn't yet."""
        for composed in self.ranking.composed if self.ranking else ():
            ticket_id = self.ledger.add_synthetic(composed)
            if ticket_id is not None:
                ranked = replace(composed.ranked, ticket_id=ticket_id, reason=SYNTHETIC)
                return _Drawn(ranked, self.revision)
        return None

    def _draw_shared(self) -> Ranked | None:
        """Now and then, while one waits: a ticket that another has answered and everybody is asked.

        Every second time, so that nobody is left behind by a few others who go on.
        """
        if self.order == "file" or self._random.random() < 0.5:
            return None
        ticket_id = self.ledger.take_shared()
        return None if ticket_id is None else Ranked(ticket_id, reason=OVERLAP)

    def _draw_new(self) -> Ranked | None:
        """Lease an open ticket: file order, an audit, the ranking's best, or at random."""
        if self.inflow:
            return self._draw_waiting(self.inflow)
        if self.order == "file":
            ticket_id = self.ledger.take_next(self._position) or self.ledger.take_next(0)
            self._position = ticket_id or 0
            return None if ticket_id is None else Ranked(ticket_id, reason="file order")
        if self._random.random() < self.audit:
            sample = self.ranking.audit if self.ranking else ()
            return self._take(sample, AUDIT, self.audit)
        items = self.ranking.items if self.ranking else ()
        return self._take(items, "random", 1.0 - self.audit)

    def _draw_waiting(self, inflow: Inflow) -> Ranked | None:
        """Lease the ticket of the stream that has waited longest, with the newest suggestion."""
        waiting = inflow.next()
        if waiting is None:
            return None
        items = self.ranking.items if self.ranking else ()
        newest = next((item for item in items if item.ticket_id == waiting.ticket_id), waiting)
        return replace(waiting, suggestion=newest.suggestion, probabilities=newest.probabilities)

    def _take(self, items: tuple[Ranked, ...], fallback: str, share: float) -> Ranked | None:
        """The first open one of ``items``, else one at random, with the chance it had."""
        by_id = {
            ranked.ticket_id: ranked for ranked in items if ranked.ticket_id not in self._unreadable
        }
        ticket_id = self.ledger.take_first(by_id)
        if ticket_id is not None:
            ranked = by_id[ticket_id]
            chance = ranked.selection_probability
            if chance is not None:
                ranked = replace(ranked, selection_probability=chance * share)
            return ranked
        chance = share / max(1, self.ledger.open)
        ticket_id = self.ledger.take_random(self._random)
        if ticket_id is None:
            return None
        return Ranked(ticket_id, reason=fallback, selection_probability=chance)

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
        waiting = tuple(self._put_back), tuple(self._again), self._position, self._looked_at.copy()
        try:
            with self.ledger.together():
                return self.ledger.record(answer), self._next_or_why()
        except BaseException:  # nothing is written, and nothing was asked
            self._put_back, self._again = list(waiting[0]), deque(waiting[1])
            self._position, self._looked_at = waiting[2:]
            raise

    def undo(self) -> None:
        """Take back the annotator's newest answer, of whatever sitting, and ask it again."""
        with self.ledger.together():
            undone = self.ledger.undo()
            question = self._undone(undone) if undone else None
        if undone is None or question is None:
            self.notice = "nothing to undo"
            return
        if self.question is not None:
            self._put_back.append(self.question)
        self._show(question)
        self.notice = "undone; answer it again"
        self._noted(undone.row, -1 if undone.answer.id in self._recorded else 0)

    def _undone(self, undone: Undone) -> Question:
        """The question again: with the answer taken back, or with the one that it had replaced."""
        question = _again(undone.ticket, undone.answer)
        if question.ranked.reason == SUSPECT:
            found = self.ledger.hold(undone.ticket.id)
            return replace(question, previous=found.answer if found else None)
        return question

    def change_labels(self, wanted: LabelChange) -> None:
        """Change the label scheme. Tickets whose answers that takes back are asked next.

        Raises UsageError when it can't be done, DatabaseError as :meth:`answer` does.
        """
        taken_back = self.ledger.change_labels(wanted)
        self._again.extend(taken_back)
        self.count -= sum(answer.id in self._recorded for answer in taken_back)
        self._take_scheme()
        self._poke(self.ledger.newest())

    def _noted(self, row: int, change: int) -> None:
        self.count += change
        self._recorded.append(row)
        self._poke(row)

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

    # --- finding ----------------------------------------------------------------------------

    def history(self, query: Query) -> list[Found]:
        """Answers that stand, of whatever sitting and annotator, the newest first."""
        return self.ledger.history(query, MOST_FOUND)

    def search(self, query: Query) -> list[Found]:
        """Tickets by their words and meta, the best first; without those, what is asked next.

        ``is:unsure`` are those of what is asked next that the model is least sure of.
        """
        if query.words or query.meta:
            found = self.ledger.find(query, MOST_FOUND)
        else:
            items = self.ranking.items if self.ranking else ()
            known = [Found(self.ledger.ticket(item.ticket_id)) for item in items]
            known += self.ledger.history(query, MOST_FOUND) if query else []
            found = list({one.ticket.id: one for one in known}.values())
        fitting = [one for one in self._with_rank(found) if self._fits(one, query)]
        return sorted(fitting, key=_margin) if query.state == "unsure" else fitting

    def _with_rank(self, found: Iterable[Found]) -> list[Found]:
        ranked = {item.ticket_id: item for item in self.ranking.items} if self.ranking else {}
        return [replace(one, ranked=ranked.get(one.ticket.id)) for one in found]

    def _fits(self, found: Found, query: Query) -> bool:
        """Whether its answer, or else its suggestion, is as the query wants it."""
        answer, suggestion = found.answer, found.ranked.suggestion if found.ranked else ()
        names = [self.scheme.names.get(i, "") for i in (answer.labels if answer else suggestion)]
        guessed = bool(found.ranked and found.ranked.probabilities)
        state = {"open": answer is None, "unsure": answer is None and guessed}
        if answer is not None:
            state |= {answer.verdict: True, "flagged": answer.flagged}
            state |= {"commented": bool(answer.comment)}
        return (
            (not query.label or any(name.startswith(query.label) for name in names))
            and (not query.by or (answer is not None and answer.annotator.startswith(query.by)))
            and (not query.state or state.get(query.state, False))
        )

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

    def similar(self, query: Query) -> list[Found]:
        """Tickets like the one at hand that fit the query, the most alike first."""
        if self.question is None:
            return []
        like = self._with_rank(self.ledger.like(self.question.ticket, MOST_FOUND))
        return [
            one
            for one in like
            if self._fits(one, query)
            and all(word.casefold() in one.ticket.text.casefold() for word in query.words)
        ]

    def revisit(self, ticket_id: int) -> None:
        """Ask this ticket now, whether it is answered or not; what is at hand comes back after it.

        Another answer takes the place of the annotator's own.
        """
        if self.question is not None and self.question.ticket.id == ticket_id:
            return
        found = self.ledger.hold(ticket_id)
        if found is None:
            self.notice = "another session is at this ticket"
            return
        if self.question is not None:
            self._put_back.append(self.question)
        if found.answer is None:
            items = self.ranking.items if self.ranking else ()
            known = (item for item in items if item.ticket_id == ticket_id)
            ranked = replace(next(known, Ranked(ticket_id)), reason=CHOSEN, score=None,
                             selection_probability=None)  # fmt: skip
            self._show(Question(found.ticket, ranked, self.revision))
        else:
            own = found.answer.annotator == self.ledger.annotator
            self._show(_openly(_again(found.ticket, found.answer), own=own))

    @property
    def put_back(self) -> bool:
        """A question waits for the one at hand to be done with."""
        return bool(self._put_back)

    def leave(self) -> None:
        """Go back to the question that was put back for the one at hand, if there is one."""
        if self._put_back:
            self._ask_or_say_why()

    def alike(self) -> list[int]:
        """Open tickets that are nearly identical to the one answered last, if it was accepted."""
        if self._answered is None or self.saved is None or self.saved.verdict != "accept":
            return []
        return self.ledger.alike(self._answered)

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


def _margin(found: Found) -> float:
    """How much likelier the likeliest label is than the next; of a single one, than not."""
    likely = [share for _, share in found.ranked.probabilities[:2]] if found.ranked else []
    return abs(likely[0] - likely[1]) if len(likely) > 1 else abs(2 * sum(likely) - 1)


def _again(ticket: Ticket, answer: Answer) -> Question:
    """The question a taken back answer was an answer to."""
    return Question(ticket, _asked_as(answer), answer.revision, answer)


def _openly(question: Question, *, own: bool) -> Question:
    """The question, which is not asked blindly now that the annotator looked for it."""
    if own and question.ranked.reason != RECHECK:
        return question
    ranked = replace(question.ranked, reason=CHOSEN)
    return replace(question, ranked=ranked if own else replace(ranked, selection_probability=None))


def _asked_as(answer: Answer) -> Ranked:
    return answer.ranked or Ranked(answer.ticket_id)

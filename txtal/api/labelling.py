"""Questions and answers without a screen: for a notebook's own loop, and for a service.

It is the same :class:`txtal.session.session.Session` that the terminal shows, over the same store:
tickets are leased, so that a notebook, a service and terminals on one file never show the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from txtal import logs
from txtal.errors import UsageError
from txtal.learner.client import LearnerProcess
from txtal.session.current import NO_REJECT, Current
from txtal.session.protocols import Learner
from txtal.session.session import Session
from txtal.session.setup import Background, Policy
from txtal.store import datasets, schema
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import foreseen
from txtal.types import ONE_OF, Answer, Dataset, LearnerSettings, Question, Scheme, Verdict

RECIPE = "python"
"""What the session is noted under."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A ticket to answer, with labels by name."""

    ticket: int
    """Its id."""
    text: str
    meta: Mapping[str, Any]
    suggestion: tuple[str, ...]
    """Labels that the model would accept; empty without a model and in a random check."""
    probabilities: Mapping[str, float]
    """The probabilities of the most probable labels."""
    reason: str
    """Why it was picked: ``audit`` for a random check, or the strategy's name."""

    @classmethod
    def of(cls, question: Question, scheme: Scheme) -> Asked:
        """Convert a question; labels that are no longer in the scheme are left out."""
        names, ranked = scheme.names, question.ranked
        return cls(
            question.ticket.id,
            question.ticket.text,
            question.ticket.meta,
            tuple(names[label] for label in ranked.suggestion if label in names),
            {names[label]: value for label, value in ranked.probabilities if label in names},
            ranked.reason,
        )


class Labelling:
    """One annotator's session in one dataset. Close it, or use it in a ``with`` block.

    Don't use it from several threads at once.
    """

    def __init__(
        self,
        session: Session,
        ended: ExitStack,
        asked: Callable[[Question], object] = lambda question: None,
    ) -> None:
        """``asked`` is called for each question before it is handed out."""
        self.session = session
        self._ended = ended
        self._asked = asked

    @property
    def annotator(self) -> str:
        """Who answers."""
        return self.session.ledger.annotator

    def ask(self) -> Asked | None:
        """Return the ticket to answer, the same until it is answered; None when none is open.

        It never waits for the model: before the first ranking tickets come at random.
        """
        self.session.update()
        question = self.session.question
        if question is None:
            return None
        self._asked(question)
        return Asked.of(question, self.session.scheme)

    def __iter__(self) -> Iterator[Asked]:
        """Yield tickets as long as there are some. Answer each before the next is taken."""
        while (asked := self.ask()) is not None:
            yield asked

    def answer(
        self,
        *labels: str,
        verdict: Verdict = "accept",
        comment: str = "",
        flagged: bool = False,
    ) -> Answer:
        """Record what the annotator says of the ticket at hand; when this returns it is on disk.

        ``reject`` says that the labels don't apply, or the suggestion where none is named;
        ``ignore`` names no label. Raises UsageError for what the dataset's task doesn't allow, and
        DatabaseError with nothing recorded.
        """
        session = self.session
        if session.question is None:
            raise UsageError("there is no ticket to answer: call ask() first")
        ids = _checked(session.current, verdict, labels)
        before = session.saved
        session.current.comment, session.current.flagged = comment, flagged
        session.answer(verdict, ids)
        if session.saved is None or session.saved is before:
            raise UsageError(session.notice or "the answer was refused")
        return session.saved

    def reject(self, *labels: str, comment: str = "", flagged: bool = False) -> Answer:
        """Record that these labels don't apply, or that the suggestion doesn't."""
        return self.answer(*labels, verdict="reject", comment=comment, flagged=flagged)

    def ignore(self, comment: str = "") -> Answer:
        """Record no label for the ticket; it isn't shown again."""
        return self.answer(verdict="ignore", comment=comment)

    def undo(self) -> None:
        """Undo the newest answer; its ticket is shown again. Raises DatabaseError."""
        self.session.undo()

    def close(self) -> None:
        """End the session and give back its ticket; every answer is on disk already."""
        self._ended.close()

    def __enter__(self) -> Labelling:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def start(
    database: Path,
    dataset: str,
    annotator: str,
    settings: LearnerSettings,
    *,
    model: bool = True,
    overlap: float = 0.0,
) -> Labelling:
    """Begin a session in a dataset. ``model`` false asks at random and starts no process.

    Raises UsageError where there is no such dataset or it has no labels, and DatabaseError.
    """
    with ExitStack() as opened:
        conn = schema.open_database(database)
        opened.callback(conn.close)
        with foreseen(database):
            found = with_labels(datasets.get(conn, dataset))
        learner = _learner(database, dataset, settings, opened) if model else None
        ledger = StoreLedger(
            conn, database, found, annotator=annotator, recipe=RECIPE, overlap=overlap
        )
        opened.callback(ledger.leave)
        policy = Policy(audit=settings.audit, seed=f"{settings.seed}:{ledger.file.session_id}")
        session = Session(ledger, found.scheme, policy, Background(learner))
        session.begin()
        return Labelling(session, opened.pop_all())


def with_labels(dataset: Dataset) -> Dataset:
    """Return the dataset. Raises UsageError where it has no labels to answer with."""
    if not dataset.scheme.labels:
        raise UsageError(
            f"{dataset.name}: has no labels yet; `txtal label add {dataset.name} NAME` adds one"
        )
    return dataset


def _learner(database: Path, dataset: str, settings: LearnerSettings, opened: ExitStack) -> Learner:
    learner = LearnerProcess(database, dataset, settings, log=logs.path())
    learner.start()
    opened.callback(learner.close)
    return learner


def _checked(current: Current, verdict: Verdict, labels: Iterable[str]) -> tuple[int, ...]:
    """Return the ids of what an answer names. Raises UsageError for what can't be answered."""
    scheme, named = current.scheme, tuple(dict.fromkeys(labels))
    ids = {label.name: label.id for label in scheme.labels}
    unknown = [name for name in named if name not in ids]
    if unknown:
        raise UsageError(f"no label is called {unknown[0]!r}; there are: {', '.join(ids)}")
    chosen = tuple(ids[name] for name in named)
    if verdict == "ignore":
        if named:
            raise UsageError("an ignored ticket has no labels: leave them out")
        return ()
    if verdict == "reject":
        return _rejected(current, chosen)
    if scheme.task == "binary":
        return scheme.ids
    if scheme.task in ONE_OF and len(chosen) != 1:
        raise UsageError(f"name exactly one label of: {', '.join(ids)}")
    return chosen


def _rejected(current: Current, chosen: tuple[int, ...]) -> tuple[int, ...]:
    """Return what a reject is of. Raises UsageError where there is nothing to reject."""
    if current.refuses_reject:
        raise UsageError(NO_REJECT)
    rejected = chosen or current.suggestion
    if not rejected:
        raise UsageError("there is no suggestion to reject: name the labels that don't apply")
    return rejected

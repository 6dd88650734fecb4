"""Looking things up beside the session: a key never waits for it.

What is looked for is taken down on the screen's side and looked for elsewhere, in a thread of the
store's (:class:`txtal.store.lookups.BackgroundLookups`) or, in the line mode and in tests, at once.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from txtal.session import lookup
from txtal.session.lookup import Kind, Listed, Scope
from txtal.session.protocols import Job, Lookups, TicketFinder
from txtal.types import Found, LookedUp, Question, Ranked, reasons

if TYPE_CHECKING:
    from txtal.session.session import Session

LIST, NEAR = "list", "near"
"""What is looked for at once, each by itself; of each the newest counts."""

NEAR_SECONDS = 0.1
"""After a ticket's appearance: looking at once would hold up its drawing."""

BLIND = "off for a random check: the list would show what the model thinks; answer it first"
STREAM = "off in a stream: its tickets come one by one, and none is ranked beside the others"
NO_MODEL = "no model groups these tickets"
FAILED = "training failed, so there are no groups"
"""Why there is no cluster."""


class AtOnce:
    """Looks things up when it is asked to."""

    def __init__(self, finder: TicketFinder) -> None:
        self._finder = finder
        self._there: dict[str, LookedUp] = {}

    def begin(self, lane: str, job: Job, *, after: float = 0.0) -> None:
        """Do it; the outcome waits to be taken."""
        try:
            self._there[lane] = LookedUp(job(self._finder))
        except Exception as error:  # noqa: BLE001 - as in a thread: who takes it hears of it
            self._there[lane] = LookedUp(error=error)

    def stir(self) -> None:
        """Do nothing: it is there."""

    def take(self, lane: str) -> LookedUp | None:
        """Return the outcome, once."""
        return self._there.pop(lane, None)

    def wait(self, lane: str) -> None:
        """Return: it is there."""


class Finding:
    """What a session looks for: the list on the screen, and what is nearly the same."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._near: tuple[int, tuple[Found, ...]] = (0, ())

    # --- lists ------------------------------------------------------------------------------

    def begin(self, session: Session, kind: Kind, typed: str) -> bool:
        """Begin to look for a list; False where the learner hasn't said yet what is in it."""
        cluster = gathered(session) if kind == "cluster" else ()
        if cluster is None:
            return False
        scope = Scope.of(session, cluster)
        self._lookups.begin(LIST, partial(lookup.listed, scope=scope, kind=kind, typed=typed))
        return True

    def listed(self, *, wait: bool = False) -> Listed | None:
        """Return the list if it is there by now; ``wait`` for a moment where a key acts on it."""
        if wait:
            self._lookups.wait(LIST)
        found = _value(self._lookups.take(LIST))
        return found if isinstance(found, Listed) else None

    # --- what is nearly the same ------------------------------------------------------------

    def look_near(self, session: Session) -> None:
        """Begin to look for open tickets nearly the same as the one at hand."""
        scope = Scope.of(session)
        if scope.ticket is not None:
            self._lookups.begin(NEAR, partial(_near_ones, scope=scope), after=NEAR_SECONDS)
            self._near = scope.ticket.id, ()

    def stir(self) -> None:
        """Begin what was to wait for a moment, if that is over."""
        self._lookups.stir()

    def take_near(self) -> bool:
        """Take in what was found; whether anything was."""
        listed = _value(self._lookups.take(NEAR))
        if not isinstance(listed, Listed):
            return False
        self._near = self._near[0], listed.found
        return bool(listed.found)

    def near(self, question: Question | None) -> tuple[Found, ...]:
        """Return open tickets nearly the same as this one, as far as they were found."""
        ticket_id, found = self._near
        return found if question is not None and question.ticket.id == ticket_id else ()


def _near_ones(finder: TicketFinder, scope: Scope) -> Listed | None:
    """Look for them; None where there are none, so that nobody is woken for nothing."""
    listed = lookup.listed(finder, scope, "near", "")
    return listed if listed.found else None


def _value(outcome: LookedUp | None) -> object:
    """Return what was found. Raises what looking for it raised."""
    if outcome is not None and outcome.error is not None:
        raise outcome.error
    return outcome.value if outcome else None


def can_gather(session: Session) -> str:
    """Return why there is no cluster of the ticket at hand; empty where there is one."""
    question, learner = session.question, session.background.learner
    if question is None:
        return "there is no ticket to find others like"
    if reasons.blind(question.ranked.reason):
        return BLIND
    if session.background.inflow is not None:
        return STREAM
    if learner is None:
        return NO_MODEL
    if learner.status.state == "failed":
        return FAILED
    return ""


def gather(session: Session) -> None:
    """Have the learner find the cluster of the ticket at hand."""
    learner, question = session.background.learner, session.question
    if learner is not None and question is not None:
        learner.cluster = None
        learner.gather(question.ticket.id)


def gathered(session: Session) -> tuple[Ranked, ...] | None:
    """Return the cluster of the ticket at hand, once the learner has found it."""
    learner, question = session.background.learner, session.question
    found = learner.cluster if learner else None
    if found is None or question is None or found.ticket_id != question.ticket.id:
        return None
    return found.items

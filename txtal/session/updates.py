"""What a session hears while it goes on: of the learner, the stream and the loader.

Nothing here waits for them, and nothing is lost where the database is busy: it is taken in later.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from txtal.errors import DatabaseError
from txtal.session.notices import Notices
from txtal.session.protocols import Inflow, Learner, Ledger
from txtal.session.setup import Background
from txtal.text import count
from txtal.types import Loading, Outlook, Question, Ranked, Ranking


class Updates:
    """Takes in what others have sent, pokes the learner, and keeps the newest ranking."""

    def __init__(
        self,
        ledger: Ledger,
        background: Background,
        notices: Notices,
        has_labels: Callable[[], bool],
    ) -> None:
        """``has_labels``: whether there is anything yet that a learner could learn."""
        self._has_labels = has_labels
        self.ranking: Ranking | None = None
        self.revision: int | None = None
        """The stored id of the ranking's."""
        self.loading: Loading | None = None
        """How far a file is that is loaded behind; None when there is none."""
        self._ledger = ledger
        self._background = background
        self._notices = notices
        self._unsaved: Ranking | None = None
        self._reached: set[str] = set()
        """Reasons to stop that have been told."""
        self._said = ""
        """What the learner said last."""
        self._unranked = 0
        """Tickets that others have loaded since they were ranked last."""

    @property
    def _learner(self) -> Learner | None:
        return self._background.learner

    @property
    def _inflow(self) -> Inflow | None:
        return self._background.inflow

    @property
    def learns(self) -> bool:
        """Whether there is a learner."""
        return self._learner is not None

    def begin(self, *, ranked: bool) -> None:
        """Start the learner; until its first ranking comes, that of the last session is used."""
        stored = self._ledger.last_ranking() if ranked else None
        if stored is not None:
            self.revision, self.ranking = stored
        self.loading = self._background.loader.poll() if self._background.loader else None
        self.poke(self._ledger.newest())

    def poke(self, newest: int) -> None:
        """Let the learner know of answers up to this id, once there are labels to learn."""
        if self._learner and self._has_labels():
            self._learner.poke(newest)

    def loaded(self, count: int) -> None:
        """Have tickets ranked that others have loaded, once they are a hundredth of all.

        Fewer are ranked after the next answer, as those are that a loader of our own brings.
        """
        self._unranked += count
        ours = self.loading is not None and self.loading.state == "loading"
        if self._unranked and not ours and self._unranked * 100 >= self._ledger.total:
            self._unranked = 0
            self.poke(self._ledger.newest())

    def take_in(self) -> bool:
        """Take in what has been sent since; whether anything has."""
        arrived = self._take_tickets() or self._told_of_loader()
        return self._take_ranking() or self._told_of_learner() or self._told_of_votes() or arrived

    @property
    def items(self) -> tuple[Ranked, ...]:
        """Tickets that the ranking would have asked, the next one first; none without one."""
        return self.ranking.items if self.ranking else ()

    def guess(self, question: Question | None) -> Ranked | None:
        """Return what the model thinks of a question that was asked before there was one."""
        if question is None or self.ranking is None or question.revision is not None:
            return None
        held = (one for one in self.ranking.held if one.ticket_id == question.ticket.id)
        return next((one for one in held if one.probabilities), None)

    # --- the stream and the loader ----------------------------------------------------------

    def _take_tickets(self) -> bool:
        """Take in tickets that have arrived, and have the learner look at them."""
        if self._inflow is None:
            return False
        try:
            news = self._inflow.take_in()
            if self._learner is None or self._learner.status.state == "failed":
                self._inflow.settle_unseen()
            elif news:
                if self.ranking is None:
                    self._inflow.settle_start()
                self.poke(self._ledger.newest())
        except DatabaseError:
            return False  # busy: they are kept, and taken in at the next update
        if self._inflow.notice:
            self._notices.tell(self._inflow.notice, warns=True)
            self._inflow.notice = ""
        self._notices.errors += self._inflow.errors
        self._inflow.errors.clear()
        return news

    def _told_of_loader(self) -> bool:
        """Take in what was loaded meanwhile, and pass on what there is to say of it."""
        heard = self._background.loader.poll() if self._background.loader else None
        if heard is None:
            return False
        before = self.loading or Loading("loading", 0)
        with suppress(DatabaseError):  # they are counted again when nothing is found
            self._ledger.grown()
        if heard.bad > before.bad:
            said = f"{count(heard.bad, 'bad line')} so far; {heard.bad_lines[0]}"
            self._notices.tell(said, warns=True)
        self.loading = heard
        if heard.detail:
            self._notices.tell(heard.detail, warns=heard.state == "failed")
        if heard.state != "loading":
            self.poke(self._ledger.newest())
        return True

    # --- the learner ------------------------------------------------------------------------

    def _take_ranking(self) -> bool:
        ranking = (self._learner.poll() if self._learner else None) or self._unsaved
        if ranking is None or self._is_stale(ranking):
            return False
        known = self.ranking is not None and ranking.revision == self.ranking.revision
        try:
            if not known or self.revision is None:
                self.revision = self._ledger.save_ranking(ranking)
            self._settle(ranking)
        except DatabaseError:
            self._unsaved = ranking  # the database is busy: try again at the next update
            return False
        self._unsaved = None
        self.ranking = ranking
        self._tell_outlook(ranking.revision.outlook)
        return True

    def _is_stale(self, ranking: Ranking) -> bool:
        return self.ranking is not None and ranking.revision.newest < self.ranking.revision.newest

    def _settle(self, ranking: Ranking) -> None:
        """Settle what becomes of the tickets that were scored, and have the next ones scored."""
        if self._inflow and ranking.scored:
            self._inflow.settle(ranking.scored, self.revision)
            self.poke(self._ledger.newest())

    def _tell_outlook(self, outlook: Outlook | None) -> None:
        """Notify why it may be time to stop, each reason once per session."""
        if outlook and outlook.reached and outlook.reached not in self._reached:
            self._reached.add(outlook.reached)
            self._notices.tell(outlook.notice)

    def _is_in_trouble(self) -> bool:
        return self._learner is not None and self._learner.status.state in ("failed", "restarting")

    def _told_of_votes(self) -> bool:
        """Pass on what those have to say who vote behind the session."""
        said = self._background.annotators.poll() if self._background.annotators else None
        if said is None:
            return False
        self._notices.tell(said)
        return True

    def _told_of_learner(self) -> bool:
        """Pass on what the learner has to say, once."""
        if self._learner and self._learner.notices:
            self._notices.tell("; ".join(self._learner.notices))
            self._learner.notices.clear()
            return True
        said = self._learner.status.detail if self._learner else ""
        news = bool(said) and said != self._said
        self._said = said or self._said
        if news:
            self._notices.tell(said, warns=self._is_in_trouble())
        return news

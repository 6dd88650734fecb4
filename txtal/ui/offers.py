"""Offering to give an answer to nearly identical tickets, once it is saved."""

from __future__ import annotations

from txtal.errors import DatabaseError
from txtal.session import bulk
from txtal.session.session import Session
from txtal.text import count
from txtal.ui import answering, words
from txtal.ui.shell import Shell


class Offers:
    """Asks about each ticket once; what was declined is not asked again."""

    def __init__(self, session: Session) -> None:
        self._seen = session.saved
        self._offered: set[int] = set()

    def make(self, shell: Shell) -> None:
        """Ask, if an answer was saved since and others are open that it would fit."""
        session = shell.session
        saved = session.saved
        if saved is self._seen or saved is None:
            return
        self._seen = saved
        try:
            alike = bulk.alike(session)
            if self._offered.issuperset(alike):
                return
            first = session.ledger.finder.found(alike[:1])[0]
        except DatabaseError:
            return  # busy: nothing is lost by not asking
        self._offered.update(alike)
        name = words.labels(session.scheme, saved.labels)
        which = "this ticket, which differs"
        if len(alike) > 1:
            which = f"{count(len(alike), 'ticket')} such as this one, which differ"
        shell.choose(
            f"Same answer ({name}) for {which} from the last in no more than case, signs and "
            "numbers?",
            lambda: shell.save(lambda: answering.answer_alike(shell, alike)),
            lambda: None,
            about=first,
        )

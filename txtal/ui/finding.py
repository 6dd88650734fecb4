"""Finding answers and tickets again in a session, and going to one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from txtal.errors import DatabaseError
from txtal.text import count
from txtal.types import Found, query
from txtal.ui import words
from txtal.ui.field import Field

if TYPE_CHECKING:
    from txtal.ui.screen import Screen


class Finding:
    """What the screen does with lists of answers and tickets."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._declined: set[int] = set()

    @property
    def actions(self) -> dict[str, Callable[[str], None]]:
        """What each of these actions of :data:`txtal.ui.keys.ACTIONS` does."""
        return {
            "history": lambda _: self._open("history"),
            "search": lambda _: self._open("search"),
            "similar": lambda _: self._open("similar"),
            "open": lambda _: self._go_to_marked(),
        }

    def _open(self, purpose: str) -> None:
        if not self._screen.waiting:
            self._screen.see(mode="list", purpose=purpose, field=Field(), cursor=0)
            self.look_up()

    def look_up(self) -> None:
        """List what fits what is typed."""
        typed = self._screen.look.field.text
        try:
            self._screen.see(found=tuple(self._looked_up(query.parse(typed))), cursor=0)
        except DatabaseError as error:
            self._screen.see(found=(), notice=str(error))

    def _looked_up(self, wanted: query.Query) -> list[Found]:
        session = self._screen.session
        match self._screen.look.purpose:
            case "history":
                return session.history(wanted)
            case "similar":
                return session.similar(wanted)
            case _:
                return session.search(wanted)

    def _go_to_marked(self) -> None:
        look = self._screen.look
        if look.found:
            self._screen.see(mode="ticket")
            ticket_id = look.found[look.cursor].ticket.id
            self._screen.save(lambda: self._screen.session.revisit(ticket_id))

    def offer_alike(self) -> None:
        """Once an answer is saved: ask whether near-identical tickets have the same."""
        session = self._screen.session
        try:
            alike = session.alike()
        except DatabaseError:
            return  # busy: nothing is lost by not asking
        if not self._declined.issuperset(alike):
            assert session.saved is not None
            self._declined.update(alike)
            name = words.labels(session.scheme, session.saved.labels)
            self._screen.confirm(
                f"Same answer ({name}) for {count(len(alike), 'ticket')} that differ from that one "
                "in no more than case, signs and numbers?",
                lambda: self._screen.save(lambda: self._answer_alike(alike)),
            )

    def _answer_alike(self, alike: list[int]) -> None:
        given = self._screen.session.answer_alike(alike)
        self._screen.see(notice=f"{count(given, 'ticket')} more answered so; u takes one back")

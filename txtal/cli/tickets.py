"""Naming tickets on the command line: by their text, their number, or what their meta holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from txtal.errors import UsageError

if TYPE_CHECKING:
    from txtal.store.sqlite import Connection
    from txtal.types import Dataset, Ticket

_MOST = 1000


def named(conn: Connection, dataset: Dataset, what: str) -> list[Ticket]:
    """Return the tickets that ``what`` names: a text, a number, an id, or ``key:value`` of meta.

    Words alone name none: too many tickets may hold them.
    """
    from txtal.store import lookup, tickets
    from txtal.types.query import parse

    exact = tickets.find(conn, dataset.id, what)
    if exact is not None:
        return [tickets.get(conn, exact)]
    number = what.removeprefix("#")
    if number.isascii() and number.isdigit():
        return [tickets.get(conn, one) for one in tickets.there(conn, dataset.id, [int(number)])]
    query = parse(what)
    if not query.meta and query.words == (what,):
        query = parse(f'id:"{what}"')  # as the screen shows it
    if not query.meta:
        return []
    found = lookup.matching(conn, dataset.id, query, _MOST)
    return [
        ticket
        for ticket in (tickets.get(conn, one) for one in found)
        if all(str(ticket.meta.get(key)) == value for key, value in query.meta)
    ]


def one(conn: Connection, dataset: Dataset, what: str) -> Ticket | None:
    """Return the only ticket of :func:`named`; None when there is none.

    Raises UsageError when there are several.
    """
    found = named(conn, dataset, what)
    if len(found) > 1:
        numbers = ", ".join(f"{ticket.id}" for ticket in found[:5])
        raise UsageError(f"{what!r} names {len(found)} tickets ({numbers} …): give one's number")
    return found[0] if found else None

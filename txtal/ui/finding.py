"""Actions that list answers and tickets, and go to one of them."""

from __future__ import annotations

from txtal.session import lookup
from txtal.session.session import Session
from txtal.text import clean
from txtal.types import Found, query
from txtal.ui import answering_many
from txtal.ui.modes import Purpose
from txtal.ui.shell import Shell


def history(shell: Shell, typed: str) -> None:
    """List answers."""
    shell.open_list("history", typed)


def search(shell: Shell, typed: str) -> None:
    """List tickets."""
    shell.open_list("search", typed)


def similar(shell: Shell, typed: str) -> None:
    """List tickets like the one at hand."""
    shell.open_list("similar", typed)


def go(shell: Shell, typed: str) -> None:
    """Go to the selected answer or ticket; with marks, answer what is marked."""
    if shell.marked():
        shell.pick("bulk", subject=len(shell.marked()))
        return
    found = shell.found_at(typed)
    if found is not None:
        ticket_id = found.ticket.id
        shell.save(lambda: shell.session.revisit(ticket_id))


def answer_numbers(shell: Shell, typed: str) -> None:
    """Answer several of the list that was read out: ``1-3, 7 > refund``."""
    numbers, _, name = typed.partition(">")
    found = shell.numbered(numbers)
    label = shell.label_at(name.strip()) if found else None
    if label is not None:
        answering_many.begin(shell, label.id, found)


def look_up(session: Session, purpose: Purpose, typed: str) -> tuple[list[Found], str]:
    """Return what fits what is typed and, of nothing, what there is to say of that.

    Raises UsageError for a query that can't be meant.
    """
    wanted = query.parse(typed)
    found = _look_up(session, purpose, wanted)
    if found or not wanted:
        return found, ""
    if purpose == "history" and wanted.state in ("open", "unsure"):
        return found, f"these are answers, and none is {wanted.state}: search for tickets"
    return found, clean(lookup.nothing(session, wanted))


def _look_up(session: Session, purpose: Purpose, wanted: query.Query) -> list[Found]:
    match purpose:
        case "history":
            return lookup.history(session, wanted)
        case "similar":
            return lookup.similar(session, wanted)
        case _:
            return lookup.search(session, wanted)

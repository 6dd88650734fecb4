"""Actions that list answers and tickets, and go to one of them."""

from __future__ import annotations

from txtal.session import finding
from txtal.ui import answering_many
from txtal.ui.shell import Shell


def history(shell: Shell, typed: str) -> None:
    """List answers."""
    shell.open_list("history", typed)


def search(shell: Shell, typed: str) -> None:
    """List tickets."""
    shell.open_list("search", typed)


def similar(shell: Shell, typed: str) -> None:
    """List tickets that share words with the one at hand."""
    shell.open_list("similar", typed)


def near(shell: Shell, typed: str) -> None:
    """List open tickets nearly the same as the one at hand."""
    if shell.session.finding.near(shell.session.question):
        shell.open_list("near", typed)
    else:
        shell.tell("no open ticket is nearly the same as this one")


def cluster(shell: Shell, typed: str) -> None:
    """List open tickets that the model would answer like the one at hand."""
    refusal = finding.can_gather(shell.session)
    if refusal:
        shell.tell(refusal)
    else:
        finding.gather(shell.session)
        shell.open_list("cluster", typed)


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

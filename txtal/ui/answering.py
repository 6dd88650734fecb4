"""Actions that record an answer, undo one, or note something with it."""

from __future__ import annotations

from collections.abc import Callable

from txtal.session import bulk
from txtal.text import count
from txtal.ui.shell import Shell


def accept(shell: Shell, typed: str) -> None:
    """Accept the suggestion."""
    _on_ticket(shell, shell.session.accept, suggested=True)


def reject(shell: Shell, typed: str) -> None:
    """Reject the suggestion."""
    _on_ticket(shell, shell.session.reject, suggested=True)


def ignore(shell: Shell, typed: str) -> None:
    """Record no label."""
    _on_ticket(shell, shell.session.ignore)


def _on_ticket(shell: Shell, record: Callable[[], None], *, suggested: bool = False) -> None:
    if shell.session.question is not None:
        shell.answer(record, suggested=suggested)


def take_off(shell: Shell, typed: str) -> None:
    """Unchoose the label that stands last among the chosen ones."""
    current = shell.session.current
    _on_ticket(shell, current.take_off)


def undo(shell: Shell, typed: str) -> None:
    """Undo the newest answer."""
    shell.answer(shell.session.undo)


def redo(shell: Shell, typed: str) -> None:
    """Record again what was undone last."""
    shell.answer(shell.session.redo)


def flag(shell: Shell, typed: str) -> None:
    """Flag the ticket at hand, or no longer."""
    current = shell.session.current
    _on_ticket(shell, current.toggle_flag)
    if current.question is not None:
        shell.echo("flagged" if current.flagged else "no longer flagged")


def comment(shell: Shell, typed: str) -> None:
    """Write a comment on the ticket at hand."""
    shell.type_line("comment", shell.session.current.comment, 0, typed)


def same(shell: Shell, typed: str) -> None:
    """Give the last answer to the tickets that are nearly identical."""
    alike = bulk.alike(shell.session)
    if alike:
        shell.save(lambda: answer_alike(shell, alike))
    else:
        shell.tell("no ticket is nearly identical to the last one")


def answer_alike(shell: Shell, alike: list[int]) -> None:
    """Give the last answer to these tickets too."""
    given = bulk.answer_alike(shell.session, alike)
    shell.tell(f"{count(given, 'more ticket')} answered the same way")

"""Actions that show something to read, stop the clock, or end the session."""

from __future__ import annotations

from txtal.session import explaining
from txtal.ui import read_out
from txtal.ui.shell import Shell

INTERRUPTED = 130


def show_help(shell: Shell, typed: str) -> None:
    """List the keys."""
    shell.read("help")


def why(shell: Shell, typed: str) -> None:
    """Show why this ticket and this label; the words come when the learner has found them."""
    if shell.session.question is not None:
        if explaining.explanation(shell.session) is None:
            explaining.ask_why(shell.session)
        shell.read("why")


def guidelines(shell: Shell, typed: str) -> None:
    """Show the labelling guidelines."""
    if shell.session.guidelines:
        shell.read("guidelines")
    else:
        shell.tell("there are no guidelines; --guidelines FILE.md shows some here")


def standing(shell: Shell, typed: str) -> None:
    """Show progress, pace and accuracy."""
    shell.read("standing")


def advice(shell: Shell, typed: str) -> None:
    """Show the faults that the labels may have; they come when the learner has looked for them."""
    learner = shell.session.background.learner
    if learner is None:
        shell.tell("no model looks for faults of the labels here; `txtal advise` does")
        return
    if learner.advice is None:
        learner.advise()
    shell.read("advice")


def notices(shell: Shell, typed: str) -> None:
    """Show every notice of the session."""
    shell.read("notices")


def view(shell: Shell, typed: str) -> None:
    """Show the whole ticket."""
    shell.view()


def thread(shell: Shell, typed: str) -> None:
    """Show the messages before the ticket, or no longer."""
    shell.fold_thread()


def back(shell: Shell, typed: str) -> None:
    """Go back to the ticket before."""
    shell.back()


def status(shell: Shell, typed: str) -> None:
    """Say where things stand, in one line."""
    shell.echo(read_out.status(shell.session))


def pause(shell: Shell, typed: str) -> None:
    """Stop the clock."""
    shell.pause()


def leave(shell: Shell, typed: str) -> None:
    """End the session."""
    shell.leave(0)


def interrupt(shell: Shell, typed: str) -> None:
    """End the session from anywhere."""
    shell.leave(INTERRUPTED)

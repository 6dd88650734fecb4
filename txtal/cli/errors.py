"""The one place where failures become text on standard error and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click

from txtal import logs
from txtal.errors import TxtalError


def guarded(command: Callable[[], int | None]) -> int:
    """Run the command and return the program's exit code, having told what went wrong.

    ``TXTAL_DEBUG=1`` lets unforeseen errors through with their traceback.
    """
    try:
        return command() or 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _tell("interrupted")
        return 130
    except TxtalError as error:
        _tell(str(error))
        return error.exit_code
    except BrokenPipeError:
        # The reader went away (`| head`); keep Python from complaining again while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("TXTAL_DEBUG"):
            raise
        logs.record(error)
        _tell(f"unexpected {type(error).__name__}; where it happened is in {logs.path()}")
        return 1


def _tell(message: str) -> None:
    from txtal.text import clean

    click.echo(f"txtal: {clean(message)}", err=True)

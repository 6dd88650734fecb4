"""``--as-of``: a dataset as it stood after an answer, or at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from txtal.errors import UsageError

if TYPE_CHECKING:
    from txtal.store.sqlite import Connection

F = TypeVar("F", bound=Callable[..., Any])


def as_of(command: F) -> F:
    """Add the option; see :func:`go_back`."""
    return click.option(
        "--as-of",
        metavar="TIME|ANSWER",
        help="As it stood after answer #120, or at 2026-11-30T14:00.",
    )(command)


def go_back(conn: Connection, dataset_id: int, when: str | None) -> None:
    """Have the connection read the dataset as it stood; nothing if no time is named.

    Raises UsageError for what is neither an answer's number nor a time, or before all answers.
    """
    from txtal.store import past

    if when is None:
        return
    number = when.strip().removeprefix("#")
    if number.isascii() and number.isdigit():
        newest = past.check(conn, dataset_id, int(number))
    else:
        newest = past.newest_at(conn, dataset_id, _moment(when))
    past.go_back(conn, newest)


def _moment(when: str) -> float:
    from datetime import datetime

    try:
        return datetime.fromisoformat(when.strip()).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(
            f"--as-of {when!r} is neither an answer's number, such as 120, nor a time, such as "
            "2026-11-30T14:00"
        ) from None

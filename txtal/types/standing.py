"""How far the learner, a stream and a file being loaded are, for the status line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from txtal.types.streams import Spending


@dataclass(frozen=True, slots=True)
class LearnerStatus:
    """What the learner is doing, for the status line."""

    state: Literal["off", "starting", "vectorising", "training", "ready", "restarting", "failed"]
    detail: str = ""
    progress: float | None = None
    """Share done, 0 to 1, where it is known."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a stream stands."""

    spent: Spending
    waiting: int
    """Tickets that are to be asked."""
    pending: int
    """Tickets whose fate is open."""
    arrived: int
    """Tickets that arrived in this session."""
    bad: int
    duplicates: int
    over: bool
    """Whether nothing more will arrive."""


@dataclass(frozen=True, slots=True)
class Loading:
    """How far a file is that is loaded behind the session."""

    state: Literal["loading", "done", "failed"]
    added: int
    """Tickets of it that are new."""
    progress: float | None = None
    """Share done, 0 to 1, where it is known."""
    bad: int = 0
    bad_lines: tuple[str, ...] = ()
    """What is wrong with the first of them."""
    detail: str = ""
    """How it ended."""
    exit_code: int = 0

"""Streams: tickets that arrive during a session, and the decisions about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from txtal.types.answers import Ranked
from txtal.types.tickets import Ticket

Fate = Literal["ask", "let go", "predict"]
"""The decision about a ticket that arrives: show it, set it aside, or store the model's label."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Which of the tickets that arrive during a session are shown."""

    follow: bool = False
    """Whether the source is a file that grows, rather than one that ends."""
    budget: float = 0.1
    """Fraction of the arriving tickets to show."""
    band: tuple[float, float] | None = None
    """Probabilities between which a ticket is shown; outside them the model's label is stored."""


@dataclass(frozen=True, slots=True)
class Spending:
    """The state of a stream's budget: everything that the next decision depends on."""

    decided: int = 0
    """Tickets that a decision was made about."""
    asked: int = 0
    """How many of them are to be shown."""
    predicted: int = 0
    """How many of them got the model's label."""
    credit: float = 0.0
    """How many tickets the budget allows now; negative if it is overdrawn."""
    threshold: float | None = None
    """Score above which a ticket is shown; None before the first was scored."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The decision about a ticket that arrived, and its reason."""

    ranked: Ranked
    """With the reason, the score and the selection probability, if it is to be shown."""
    fate: Fate
    probability: float | None = None
    """The model's probability for its label; None without a model."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """A ticket that only the model has labelled."""

    ticket: Ticket
    labels: tuple[int, ...]
    """Label ids; empty if no label applies."""
    probability: float
    revision: int | None
    at: float
    precision: float | None = None
    """Proven lower bound on the proportion of right predictions; None if nothing is proven."""

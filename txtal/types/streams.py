"""Tickets that arrive while the session is on, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from txtal.types.answers import Ranked
from txtal.types.tickets import Ticket

Fate = Literal["ask", "let go", "predict"]
"""What becomes of a ticket that arrives: a human is asked, nobody, or the model's word stands."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How tickets are dealt with that arrive while the session is on."""

    follow: bool = False
    """Whether the SOURCE is a file that grows, rather than one that ends."""
    budget: float = 0.1
    """Share of the arriving tickets to ask."""
    band: tuple[float, float] | None = None
    """Probabilities between which a human is asked; outside them the model's label is stored."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What a stream has come to: all that the next decision needs."""

    decided: int = 0
    """Tickets whose fate is settled."""
    asked: int = 0
    """Of them, those to be asked."""
    predicted: int = 0
    credit: float = 0.0
    """Questions the budget has room for now; below 0, those it is overdrawn by."""
    threshold: float | None = None
    """Above this score a ticket is worth asking; None before the first was scored."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a ticket that arrived, and why."""

    ranked: Ranked
    """With the reason, score and chance with which it is asked, if it is."""
    fate: Fate
    probability: float | None = None
    """Of what the model would answer; None without a model."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """A ticket whose label is the model's word alone."""

    ticket: Ticket
    labels: tuple[int, ...]
    """Label ids; none where no label applies."""
    probability: float
    revision: int | None
    at: float
    precision: float | None = None
    """At least such a share of the predictions is right; None where nothing is proven."""

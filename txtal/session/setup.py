"""What a session is made of: how it picks tickets, who works beside it, what a recipe hooks in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from txtal.session.protocols import Inflow, Learner, Loader, Lookups, OnAnswer, Teller, Validate

Order = Literal["ranking", "file", "suspects", "disputed"]
"""``ranking``: what the learner ranks first. ``file``: the order of loading, with no model.
``suspects``: answered tickets once more, where the answer is probably wrong. ``disputed``: those on
which annotators differ, the most disputed first, with no model."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How tickets are picked."""

    order: Order = "ranking"
    audit: float = 0.1
    """Fraction of the questions drawn at random to measure accuracy."""
    recheck: float = 0.0
    """Fraction that were answered before and are shown again, unknown to the annotator."""
    synthesise: float = 0.0
    """Fraction that are texts composed of tickets."""
    patterns_share: float = 0.0
    """Fraction, of those that aren't drawn at random, that match a pattern."""
    seed: int | str = 0
    open_task: bool = False
    """The dataset has no labels and no task yet: both come with the first answer."""


@dataclass(frozen=True, slots=True)
class Background:
    """Who works beside the session."""

    learner: Learner | None = None
    inflow: Inflow | None = None
    """Where tickets arrive from, one by one; None when the pool is all there is."""
    loader: Loader | None = None
    lookups: Lookups | None = None
    """Looks things up in a thread; None where that may take its time."""
    annotators: Teller | None = None
    """Rules and a command that vote."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a recipe has called for each answer."""

    on_answer: Sequence[OnAnswer] = ()
    validate: Validate | None = None

"""What becomes of a ticket that arrives: a budgeted threshold that adapts. No store, no model.

Selective sampling by variable uncertainty with a budget (Žliobaitė, Bifet, Pfahringer and Holmes
2014, "Active learning with drifting streaming data", IEEE TNNLS 25, VarUncertainty): a ticket is
picked when the model's uncertainty about it is above a threshold, which rises after each that is
and falls after each that isn't. Theirs rises and falls by the same step s, and so would pick every
other ticket if their budget didn't stop it; ours falls by s b / (1 - b), so that it comes to rest
where the share b of tickets is above it (a quantile by stochastic approximation, Robbins and Monro
1951).
Their estimate of what was spent forgets; ours is a credit that grows by the budget with each ticket
and pays for each ticket picked, so that what a start costs is saved again, and while there is some
left the threshold falls faster.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from txtal.errors import UsageError
from txtal.types import AUDIT, START, Ranked, Settled, Spending, Task

STEP = 0.1
"""How much of itself the threshold rises by after a ticket above it. The paper's 0.01 leaves more
of a budget unspent while a model that has just begun grows sure of itself."""

EASED = 20.0
"""With this credit the threshold comes to rest where twice the share of tickets is above it."""

SAVED = 1_000
"""The most tickets whose budget is saved while none is worth picking."""


FEW = 24
"""With fewer answers no model is good enough to judge what arrives."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Decides what becomes of tickets."""

    task: Task
    budget: float = 0.1
    """Fraction of the tickets to pick."""
    audit: float = 0.1
    """Fraction of those that is drawn uniformly at random, whatever the model thinks of them."""
    band: tuple[float, float] | None = None

    @property
    def drawn(self) -> float:
        """The probability of any ticket to be drawn for the audit."""
        return self.budget * self.audit

    @property
    def chosen(self) -> float:
        """The fraction of all other tickets to pick for their scores."""
        return (self.budget - self.drawn) / (1 - self.drawn) if self.drawn < 1 else 0.0


def settle(
    rule: Rule, spent: Spending, ranked: Ranked, coin: random.Random
) -> tuple[Settled, Spending]:
    """Decide what becomes of the next ticket; return that, and where the stream stands with it.

    ``ranked`` is what the learner says: a suggestion and a score, where it has a model, and the
    reason ``start`` for a ticket to begin with.
    """
    spent = replace(
        spent,
        decided=spent.decided + 1,
        credit=min(spent.credit + rule.budget, max(1.0, rule.budget * SAVED)),
    )
    probability = certainty(rule.task, ranked)
    if coin.random() < rule.drawn:
        return _picked(spent, ranked, AUDIT, rule.drawn, probability)
    if ranked.reason == START:
        return _picked(spent, ranked, START, 1 - rule.drawn, probability)
    blank = ranked.score is None  # to the model, which knows none of its words
    if rule.band and probability is not None and not blank:
        inside = rule.band[0] <= probability <= rule.band[1]
        if not inside:
            predicted = replace(spent, predicted=spent.predicted + 1)
            return Settled(ranked, "predict", probability), predicted
        wanted, selection = True, 1 - rule.drawn
    elif probability is None:
        wanted, selection = coin.random() < rule.chosen, (1 - rule.drawn) * rule.chosen
    elif blank or ranked.score is None:
        wanted, selection = False, 0.0
    else:
        threshold = ranked.score if spent.threshold is None else spent.threshold
        wanted, selection = ranked.score > threshold or rule.chosen == 1, 1 - rule.drawn
        share = min(0.5, rule.chosen * (1 + max(0.0, spent.credit) / EASED))
        spent = replace(spent, threshold=_moved(threshold, wanted, max(share, rule.chosen)))
    if wanted and spent.credit > 0:
        return _picked(spent, ranked, ranked.reason, selection, probability)
    return Settled(ranked, "let go", probability), spent


def _picked(
    spent: Spending, ranked: Ranked, reason: str, selection: float, probability: float | None
) -> tuple[Settled, Spending]:
    asked = replace(ranked, reason=reason, selection_probability=selection)
    spent = replace(spent, asked=spent.asked + 1, credit=spent.credit - 1)
    return Settled(asked, "ask", probability), spent


def _moved(threshold: float, above: bool, share: float) -> float:
    """Move the threshold after a ticket above it, or one that wasn't."""
    if above or share == 1:
        return threshold * (1 + STEP)
    return threshold * (1 - min(0.5, STEP * share / (1 - share)))


def certainty(task: Task, ranked: Ranked) -> float | None:
    """Return the probability that is compared with a band; None without a model.

    exclusive: that of the most probable label. binary: that of the label. multilabel: that of
    the label nearest to one half, the most uncertain one.
    """
    shares = [share for _, share in ranked.probabilities]
    if not shares:
        return None
    return shares[0] if task != "multilabel" else min(shares, key=lambda p: abs(p - 0.5))


def band(text: str) -> tuple[float, float]:
    """Read the bounds in ``0.4,0.6`` or ``0.4..0.6``. Raises UsageError for anything else."""
    low, _, high = text.replace("..", ",").partition(",")
    try:
        bounds = float(low), float(high)
    except ValueError:
        bounds = 1.0, 0.0
    if not 0 <= bounds[0] < bounds[1] <= 1:
        raise UsageError(
            f"a band needs two probabilities, the lower first, as in --band 0.4,0.6 or the "
            f"strategy band=0.4..0.6 (got {text!r})"
        )
    return bounds

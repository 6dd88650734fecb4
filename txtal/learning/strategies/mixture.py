"""Several strategies in turn: ``margin:0.8+random:0.2``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from txtal.learning.arrays import Floats, Indices
from txtal.learning.select import best_first
from txtal.learning.strategies.order import in_order
from txtal.learning.strategies.pool import Pool, score

if TYPE_CHECKING:
    from txtal.learning.strategies.table import Strategy

HEAD = 1000
"""Places that are drawn; the other tickets come after, by margin."""


def mixture(strategies: Sequence[Strategy], proportions: Sequence[float]) -> Strategy:
    """Return a strategy that mixes several by their proportions.

    Every place in the ranking goes to a strategy drawn with its proportion as probability, which
    fills it with the best of its tickets that has no place yet. One that has no tickets left, or
    only -inf, leaves its places to the others.
    """

    def mixed(pool: Pool) -> Floats:
        scored = [score(strategy, pool) for strategy in strategies]
        rankings = [best_first(scores, pool.rng)[:HEAD] for scores in scored]
        scores = in_order(pool, interleave(rankings, np.array(proportions), pool.rng))
        scores[np.isneginf(scored).all(axis=0)] = -np.inf
        return scores

    return mixed


def interleave(
    rankings: Sequence[Indices], proportions: npt.NDArray[np.floating], rng: np.random.Generator
) -> Indices:
    """Take rows, ``HEAD`` at most, from the front of rankings drawn by their proportions."""
    waiting = [iter(rows.tolist()) for rows in rankings]
    # The first of several exponential times is each one's with its proportion as probability; the
    # second is distributed so among those left, and so on.
    drawn = rng.exponential(1 / proportions, (HEAD, len(proportions))).argsort(axis=1)
    picks: dict[int, None] = {}
    for turns in drawn:
        row = next((row for turn in turns for row in waiting[turn] if row not in picks), None)
        if row is None:
            break
        picks[row] = None
    return np.array(list(picks), np.int64)

"""Which tickets are scored after an answer: all of a small pool, the most promising of a large.

Scoring a million tickets takes seconds. So above ``MOST`` tickets a strategy is given those of the
neighbours' sample, the best that the last sweep found, and for the rest a new uniform sample. A
sweep goes through the pool a block at a time, whenever the learner has nothing better to do: the
strategy scores each block as a pool of its own, and the best of every block are kept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from txtal.learning.arrays import Features, Floats, Indices, Mask

MOST = 30_000
"""The most tickets scored after an answer."""

BLOCK = 16_384
"""Tickets scored in one step of a sweep, in a tenth of a second or less."""

KEPT = 50
"""The best tickets of each block that are kept."""

Scorer = Callable[[Indices], tuple[Floats, Features]]
"""Returns the scores and features of some rows."""


def uniform(waiting: Indices, size: int, rng: np.random.Generator) -> Indices:
    """Draw ``size`` of the rows uniformly, or take all if there are no more; ascending."""
    if len(waiting) <= size:
        return waiting
    return np.sort(rng.choice(waiting, size, replace=False))


class Sweep:
    """Where a sweep of a large pool stands, and what it found."""

    def __init__(self) -> None:
        self._best: dict[int, Indices] = {}
        self._next = 0
        self._left = 0

    def again(self, rows: int) -> None:
        """Go through all blocks again, from where the sweep is, as an answer changed the scores."""
        self._left = -(-rows // BLOCK) if rows > MOST else 0
        self._next %= max(1, self._left)

    def forget(self) -> None:
        """Drop the stored best rows after the row numbers have changed."""
        self._best.clear()
        self._left = 0

    def candidates(
        self, waiting: Indices, sample: Indices, is_waiting: Mask, rng: np.random.Generator
    ) -> Indices:
        """Return the rows to score, ascending: all that are ``waiting``, or ``MOST`` of them.

        The rows of ``sample`` that wait are among them, and the best of earlier sweeps.
        """
        if len(waiting) <= MOST:
            return waiting
        wanted = np.concatenate([sample, *self._best.values()])
        wanted = np.unique(wanted[is_waiting[wanted]])[:MOST]
        others = np.setdiff1d(rng.choice(waiting, MOST, replace=False), wanted)
        return np.sort(np.concatenate([wanted, uniform(others, MOST - len(wanted), rng)]))

    def ahead(self, is_waiting: Mask) -> list[slice]:
        """Return the blocks that :meth:`step` is going to score, in this order."""
        blocks = -(-len(is_waiting) // BLOCK)
        begins = ((self._next + i) % blocks * BLOCK for i in range(self._left))
        slices = (slice(begin, begin + BLOCK) for begin in begins)
        return [block for block in slices if is_waiting[block].any()]

    def step(self, is_waiting: Mask, score: Scorer, best: Callable[..., Indices]) -> bool:
        """Score the next block; return whether there was one left.

        ``best`` picks from scores and features, as :func:`txtal.learning.select.select` does.
        """
        if not self._left:
            return False
        block, rows = self._next, len(is_waiting)
        begin = block * BLOCK
        waiting = begin + np.flatnonzero(is_waiting[begin : begin + BLOCK])
        if len(waiting):
            scores, features = score(waiting)
            picked = best(scores, features)
            self._best[block] = waiting[picked[np.isfinite(scores[picked])]]
        self._next = (block + 1) % -(-rows // BLOCK)
        self._left -= 1
        return True

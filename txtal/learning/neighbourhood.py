"""Which tickets lie close together: the nearest neighbours within a sample of the pool.

Found once and kept as long as the features stay the same; what herding and propagation stand on.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from txtal.learning.arrays import Features, Floats, Indices, Rows, unit_rows, usable_sample

SIZE = 12_000
"""Tickets in the sample of a larger pool: finding neighbours takes its square."""

NEAREST = 100
"""Neighbours kept of each ticket."""

_BLOCK = 1_000
_NONE: Indices = np.empty(0, np.int64)


class Near(NamedTuple):
    """Neighbours, nearest first."""

    places: Indices
    """(n, NEAREST): places in the sample."""
    cosines: Floats
    """(n, NEAREST)."""


class Neighbourhood:
    """A uniform sample of the pool's usable tickets, and the neighbours of any ticket in it."""

    def __init__(self, features: Rows, seed: int = 0) -> None:
        self.rows: Indices = np.sort(usable_sample(features, SIZE, np.random.default_rng(seed)))
        """(m,): rows of the features that are in the sample, ascending."""
        self._features = features
        self._outside: dict[int, tuple[Indices, Floats]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def grown(self, features: Rows) -> None:
        """There are more rows, after those there were; the sample stays as it is."""
        self._features = features

    @cached_property
    def features(self) -> Features:
        """The sample's features (m, d), as the vectoriser made them."""
        return np.asarray(self._features[self.rows])

    @cached_property
    def unit(self) -> Features:
        """The same, scaled to length one."""
        return unit_rows(self.features)

    @cached_property
    def near(self) -> Near:
        """The neighbours of every ticket in the sample; the first is itself, or its twin."""
        return _nearest(self.unit, self.unit)

    def near_to(self, rows: Indices) -> Near:
        """The neighbours of any rows of the features; in the sample a ticket is its own nearest.

        Those of rows outside the sample are remembered: answers are asked for again and again.
        """
        found, places = self.inside(rows)
        count = self.near.places.shape[1]
        near = Near(
            np.empty((len(rows), count), np.int64), np.empty((len(rows), count), np.float32)
        )
        near.places[found], near.cosines[found] = (
            self.near.places[places],
            self.near.cosines[places],
        )
        for index in np.setdiff1d(np.arange(len(rows)), found):
            near.places[index], near.cosines[index] = self._near_outside(int(rows[index]))
        return near

    def _near_outside(self, row: int) -> tuple[Indices, Floats]:
        if row not in self._outside:
            near = _nearest(unit_rows(self._features[[row]]), self.unit)
            self._outside[row] = near.places[0], near.cosines[0]
        return self._outside[row]

    def inside(self, rows: Indices) -> tuple[Indices, Indices]:
        """Which of ``rows`` are in the sample, as indices into ``rows``, and their places there."""
        if not len(self):
            return _NONE, _NONE
        places = np.minimum(np.searchsorted(self.rows, rows), len(self) - 1)
        found = np.flatnonzero(self.rows[places] == rows)
        return found, places[found]


def _nearest(unit: Features, sample: Features) -> Near:
    count = min(NEAREST, len(sample))
    places = np.empty((len(unit), count), np.int64)
    cosines = np.empty((len(unit), count), np.float32)
    for begin in range(0, len(unit), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        every = unit[block] @ sample.T
        some = np.argpartition(-every, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(every, some, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        places[block] = np.take_along_axis(some, order, axis=1)
        cosines[block] = np.take_along_axis(values, order, axis=1)
    return Near(places, cosines)

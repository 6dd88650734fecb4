"""The nearest neighbours within a sample of the pool, for herding and label propagation.

Found once and kept as long as the features stay the same. Tickets added to a pool that is small
enough to be its own sample are compared with the others, and those not with each other again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from txtal.learning.arrays import (
    Features,
    Floats,
    Indices,
    Rows,
    unit_rows,
    usable_rows,
    usable_sample,
)

SIZE = 12_000
"""Tickets in the sample of a larger pool: finding neighbours takes its square."""

NEAREST = 100
"""Neighbours kept of each ticket."""

_BLOCK = 1_000
_NONE: Indices = np.empty(0, np.int64)


class Nearest(NamedTuple):
    """Neighbours, nearest first."""

    places: Indices
    """(n, NEAREST): places in the sample."""
    cosines: Floats
    """(n, NEAREST)."""


class Neighbourhood:
    """A uniform sample of the pool's usable tickets, and the neighbours of any ticket in it."""

    def __init__(self, features: Rows, seed: int = 0, rows: Indices | None = None) -> None:
        """``rows`` are those of the sample, ascending; drawn when they aren't given."""
        drawn = usable_sample(features, SIZE, np.random.default_rng(seed)) if rows is None else rows
        self.rows: Indices = np.sort(drawn)
        """(m,): rows of the features that are in the sample, ascending."""
        self.pool = int(features.shape[0])
        """Rows of the features that the sample was drawn from."""
        self._features = features
        self._near: Nearest | None = None
        self._outside: dict[int, tuple[Indices, Floats]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def grown(self, features: Rows) -> None:
        """Take in features with more rows after those there were; the sample stays as it is."""
        self._features = features

    def extended(self, features: Rows) -> Neighbourhood | None:
        """Return a neighbourhood with every row added since; None for a pool above ``SIZE``.

        Of such a pool another sample is due.
        """
        if features.shape[0] > SIZE:
            return None
        new = self.pool + np.flatnonzero(usable_rows(features[self.pool :]))
        wider = Neighbourhood(features, rows=np.concatenate([self.rows, new]))
        if self._near is not None:
            wider._near = _widened(self._near, wider.unit)
        return wider

    def to_arrays(self) -> dict[str, Any] | None:
        """Return arrays without objects, for a file; None while the neighbours aren't found."""
        if self._near is None:
            return None
        places = self._near.places.astype(np.uint16 if len(self) <= 1 << 16 else np.uint32)
        pool = np.array(self.pool)
        return {"rows": self.rows, "places": places, "cosines": self._near.cosines, "pool": pool}

    @classmethod
    def from_arrays(cls, features: Rows, arrays: Mapping[str, Any]) -> Neighbourhood | None:
        """Undo :meth:`to_arrays`; None for arrays that can't be of these features."""
        try:
            rows, pool = np.asarray(arrays["rows"], np.int64), int(arrays["pool"])
            near = Nearest(
                np.asarray(arrays["places"], np.int64), np.asarray(arrays["cosines"], np.float32)
            )
        except (KeyError, TypeError, ValueError):
            return None
        shape = (len(rows), min(NEAREST, len(rows))) if rows.ndim == 1 else ()
        if not len(rows) or near.places.shape != shape or near.cosines.shape != shape:
            return None
        ascending = rows[0] >= 0 and (np.diff(rows) > 0).all()
        known = rows[-1] < pool <= features.shape[0] and near.places.max() < len(rows)
        if not (ascending and known and near.places.min() >= 0 and np.isfinite(near.cosines).all()):
            return None
        kept = cls(features, rows=rows)
        kept.pool, kept._near = pool, near
        return kept

    @cached_property
    def features(self) -> Features:
        """The sample's features (m, d), as the vectoriser made them."""
        return np.asarray(self._features[self.rows])

    @cached_property
    def unit(self) -> Features:
        """The same, scaled to length one."""
        return unit_rows(self.features)

    def find(self) -> Nearest:
        """Find the neighbours, once, and return those of every ticket in the sample.

        The nearest is the ticket itself, or its twin.
        """
        if self._near is None:
            self._near = _nearest(self.unit, self.unit)
        return self._near

    @property
    def near(self) -> Nearest:
        """What :meth:`find` returns."""
        return self.find()

    def near_to(self, rows: Indices) -> Nearest:
        """Find the neighbours of any rows of the features; one in the sample is its own nearest.

        Those of rows outside the sample are kept, as the same answers come again at each fit.
        """
        found, places = self.inside(rows)
        near = _none(len(rows), len(self))
        near.places[found], near.cosines[found] = (
            self.near.places[places],
            self.near.cosines[places],
        )
        outside = np.setdiff1d(np.arange(len(rows)), found)
        self._find_outside(rows[outside])
        for index in outside.tolist():
            near.places[index], near.cosines[index] = self._outside[int(rows[index])]
        return near

    def _find_outside(self, rows: Indices) -> None:
        """Find the neighbours of those of these rows that weren't asked for before."""
        new = np.array([row for row in rows.tolist() if row not in self._outside], np.int64)
        if not len(new):
            return
        near = _nearest(unit_rows(np.asarray(self._features[new])), self.unit)
        for row, places, cosines in zip(new.tolist(), near.places, near.cosines, strict=True):
            self._outside[row] = places, cosines

    def inside(self, rows: Indices) -> tuple[Indices, Indices]:
        """Find which of ``rows`` are in the sample: their indices, and places in it."""
        if not len(self):
            return _NONE, _NONE
        places = np.minimum(np.searchsorted(self.rows, rows), len(self) - 1)
        found = np.flatnonzero(self.rows[places] == rows)
        return found, places[found]


def _widened(near: Nearest, unit: Features) -> Nearest:
    """Find the neighbours of all of ``unit``, given those of its first rows among themselves.

    The others are compared with everything, the first ones only with the others.
    """
    first = len(near.places)
    others = np.arange(first, len(unit))
    wider = _none(len(unit), len(unit))
    wider.places[first:], wider.cosines[first:] = _nearest(unit[first:], unit)
    for block in _blocks(first):
        cosines = np.hstack([near.cosines[block], unit[block] @ unit[first:].T])
        added = np.broadcast_to(others, (len(cosines), len(others)))
        places = np.hstack([near.places[block], added])
        best = _highest(cosines, wider.places.shape[1])
        wider.places[block] = np.take_along_axis(places, best, axis=1)
        wider.cosines[block] = np.take_along_axis(cosines, best, axis=1)
    return wider


def _nearest(unit: Features, sample: Features) -> Nearest:
    near = _none(len(unit), len(sample))
    for block in _blocks(len(unit)):
        every = unit[block] @ sample.T
        near.places[block] = _highest(every, near.places.shape[1])
        near.cosines[block] = np.take_along_axis(every, near.places[block], axis=1)
    return near


def _none(rows: int, sample: int) -> Nearest:
    """Make room for the neighbours of so many rows in so large a sample."""
    shape = rows, min(NEAREST, sample)
    return Nearest(np.empty(shape, np.int64), np.empty(shape, np.float32))


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(begin, min(begin + _BLOCK, rows)) for begin in range(0, rows, _BLOCK))


def _highest(values: Floats, count: int) -> Indices:
    """Return the columns of each row's ``count`` highest values, the highest first."""
    some = np.argpartition(-values, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(values, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)

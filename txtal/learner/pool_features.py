"""The features of a pool, made in parts, and the nearest neighbours among them.

Nobody waits for a million tickets. In a pool above ``SMALL`` a first part is vectorised and used
from then on; the rest follows in parts, in the learner's idle time. The parts are random, so the
features made so far are always a fair sample of the pool, however its file was sorted.

Neighbours take seconds to find, so they are kept in memory and beside the features on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from txtal.errors import LearnerError
from txtal.learner.apart import Apart
from txtal.learning import neighbourhood
from txtal.learning.arrays import Indices
from txtal.learning.herding import Herding
from txtal.learning.neighbourhood import Neighbourhood
from txtal.learning.propagation import Propagation
from txtal.vectors.cache import DatasetFeatures, FeatureCache
from txtal.vectors.spec import Spec

SMALL = 30_000
"""Up to this many tickets are vectorised at once, and all of them scored after each answer."""

FIRST = 16_384
"""Tickets of a larger pool that are vectorised before the first ranking."""

MEANWHILE = 2_000
"""The same while tickets are still being loaded, because all features will be made again soon."""

PART = 8_192
"""Tickets vectorised at a time after that, in a few tenths of a second."""

SLOWLY = 256
"""Both, with a sentence model, which may take a second for a few texts."""

FIRST_BEHIND = PART_BEHIND = 64
"""Both, for features that aren't used yet, so that a ranking never waits long for them."""

MOST_BEHIND = 20_000
"""The maximum number of open tickets of a large pool that a sentence model reads."""

Fetch = Callable[[Sequence[int]], Sequence[str]]
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """A sample of the pool with its nearest neighbours, and what is computed from them."""

    sample: Neighbourhood
    propagation: Propagation
    herding: Herding
    tickets: int
    """How many tickets there were when the sample was drawn."""

    @classmethod
    def among(cls, sample: Neighbourhood, tickets: int) -> Neighbours:
        """Wrap a sample whose neighbours may have been found before."""
        return cls(sample, Propagation(sample), Herding(sample), tickets)

    @classmethod
    def of(cls, features: DatasetFeatures, tickets: int) -> Neighbours:
        """Draw a sample of the features; its neighbours are found when first needed."""
        return cls.among(Neighbourhood(features.matrix), tickets)

    def kept_up(self, features: DatasetFeatures, tickets: int) -> Neighbours:
        """Return the neighbours after more tickets: the same, extended, or of a new sample."""
        if len(features.matrix) == self.sample.pool:
            return self
        if self._still_fair(tickets):
            self.sample.grown(features.matrix)
            return self
        wider = self.sample.extended(features.matrix)
        return self.of(features, tickets) if wider is None else self.among(wider, tickets)

    def _still_fair(self, tickets: int) -> bool:
        """Return whether a sample of part of the pool represents today's tickets well enough."""
        return self.tickets > neighbourhood.SIZE and tickets < 1.5 * self.tickets

    def to_arrays(self) -> dict[str, Any] | None:
        """Return arrays for a file; None if the neighbours haven't been found yet."""
        arrays = self.sample.to_arrays()
        return None if arrays is None else {**arrays, "tickets": np.array(self.tickets)}

    @classmethod
    def from_arrays(cls, features: DatasetFeatures, arrays: Mapping[str, Any]) -> Neighbours | None:
        """Restore from :meth:`to_arrays`; None if the arrays don't belong to these features."""
        sample, tickets = Neighbourhood.from_arrays(features.matrix, arrays), arrays.get("tickets")
        if sample is None or tickets is None or tickets.shape != ():
            return None
        return cls.among(sample, int(tickets))


@dataclass(frozen=True, eq=False)
class Vectorised:
    """The features in use, with the neighbours among them."""

    features: DatasetFeatures
    neighbours: Neighbours


class PoolFeatures:
    """The features and neighbours of a dataset, updated as tickets are added."""

    def __init__(
        self,
        cache: FeatureCache,
        spec: Spec,
        fetch: Fetch,
        progress: Progress,
        loading: Callable[[], bool] = lambda: False,
        *,
        behind: bool = False,
    ) -> None:
        """``fetch`` reads texts, in any thread; ``loading`` tells whether tickets are to come.

        ``behind``: others serve, so that these are never made at once; see :mod:`..behind`.
        """
        self._cache = cache
        self.spec = spec
        self._fetch = fetch
        self._growth = Growth(cache, spec, progress, loading, self._prepare, behind=behind)
        self._there: Vectorised | None = None
        self._prepared: tuple[str, Neighbours] | None = None
        """Neighbours among features that were made again and aren't in use yet, by their name."""
        self._stored: Neighbours | None = None
        """The neighbours that are on the disk."""

    @property
    def last(self) -> int:
        """The highest ticket id passed to :meth:`meet`."""
        return self._growth.last

    @property
    def complete(self) -> bool:
        """Whether every ticket that was met has its features."""
        return self._growth.complete

    def meet(self, new: Sequence[int], answered: Sequence[int]) -> Vectorised:
        """Return what there is, now that the dataset has ``new`` tickets, too.

        The features of answered tickets are among it, except while all are being made again. Raises
        UsageError for a bad spec, LearnerError when the texts can't be vectorised.
        """
        return self._adopt(self._growth.meet(new, answered, self._fetch))

    def grow(self) -> Vectorised | None:
        """Make the next part and return what there is then; None when nothing was left to make.

        Raises as :meth:`meet`.
        """
        features = self._growth.step(self._fetch)
        return None if features is None else self._adopt(features)

    def serves(self, features: DatasetFeatures) -> bool:
        """Return whether these features are the ones that serve now."""
        return self._there is not None and self._there.features is features

    def outdates(self, features: DatasetFeatures) -> bool:
        """Return whether there are so many more features than these that it is time to rank."""
        if self._there is None:
            return False
        now = self._there.features
        return (
            now.made != features.made
            or len(now.ids) >= 2 * len(features.ids)
            or (len(now.ids) > len(features.ids) and self.complete)
        )

    def find_neighbours(self) -> None:
        """Find the neighbours now rather than when they are first needed."""
        if self._there is not None:
            self._there.neighbours.sample.find()

    def store_neighbours(self) -> bool:
        """Write the neighbours beside the features, if they were found; return whether they were.

        On a full disk nothing is written.
        """
        if self._there is None or self._there.neighbours is self._stored:
            return False
        features, neighbours = self._there.features, self._there.neighbours
        arrays = neighbours.to_arrays()
        if arrays is None:
            return False
        with suppress(LearnerError):
            self._cache.remember(features, arrays, self.spec)
        self._stored = neighbours
        return True

    def _adopt(self, features: DatasetFeatures) -> Vectorised:
        """Use these features from now on, with their neighbours."""
        there = self._there
        if there is None or there.features.made != features.made:
            there = Vectorised(features, self._prepared_for(features))
        elif there.features is not features:
            kept_up = there.neighbours.kept_up(features, self._growth.tickets)
            there = Vectorised(features, kept_up)
        self._there = there
        return there

    def _prepared_for(self, features: DatasetFeatures) -> Neighbours:
        made, neighbours = self._prepared or ("", None)
        self._prepared = None
        if neighbours is None or made != features.made:
            neighbours = self._stored_or_new(features)
            neighbours.sample.find()
        return neighbours

    def _prepare(self, features: DatasetFeatures) -> None:
        """Find neighbours before the new features are used, while the old ones still are."""
        neighbours = self._stored_or_new(features)
        if self._there is not None:
            neighbours.sample.find()
        self._prepared = features.made, neighbours

    def _stored_or_new(self, features: DatasetFeatures) -> Neighbours:
        arrays = self._cache.remembered(features, self.spec)
        self._stored = Neighbours.from_arrays(features, arrays) if arrays else None
        tickets = self._growth.tickets
        if self._stored is None:
            return Neighbours.of(features, tickets)
        return self._stored.kept_up(features, tickets)


class Growth:
    """The features of a dataset, whose tickets arrive in several loads."""

    def __init__(
        self,
        cache: FeatureCache,
        spec: Spec,
        progress: Progress,
        loading: Callable[[], bool] = lambda: False,
        prepare: Callable[[DatasetFeatures], object] = lambda features: None,
        *,
        behind: bool = False,
    ) -> None:
        """``loading`` tells whether more tickets are to come; ``prepare`` does what new features
        need before they are used, in the thread that makes them.
        """
        self.features: DatasetFeatures | None = None
        self._cache = cache
        self._spec = spec
        self._progress = progress
        self._loading = loading
        self._prepare = prepare
        self._behind = behind
        self._anew: Apart[DatasetFeatures] | None = None
        self._ids: Indices = np.empty(0, np.int64)
        self._waiting: Indices = np.empty(0, np.int64)
        self._answered: Indices = np.empty(0, np.int64)
        self._rng = np.random.default_rng(0)

    @property
    def last(self) -> int:
        """The highest ticket id so far."""
        return int(self._ids[-1]) if len(self._ids) else 0

    @property
    def tickets(self) -> int:
        """The number of tickets so far."""
        return len(self._ids)

    @property
    def complete(self) -> bool:
        """Whether every ticket that was met has its features."""
        return self.features is not None and not len(self._waiting) and self._anew is None

    def meet(self, new: Sequence[int], answered: Sequence[int], fetch: Fetch) -> DatasetFeatures:
        """Return the features there are, now that the dataset has ``new`` tickets, too.

        Those of all tickets in a small pool, and in any pool those of answered tickets, except
        while all are being made again.
        """
        fresh = np.asarray(new, np.int64)
        self._ids = np.concatenate([self._ids, fresh])
        self._answered = np.unique(np.asarray(answered, np.int64))
        if self.tickets <= SMALL and not self._behind and not self._loading():
            if self.features is None or len(fresh) or len(self._waiting):
                self._progress(0, None)
                self.features = self._cache.ensure(
                    self._ids, fetch, self._spec, progress=self._progress
                )
                self._waiting = self._waiting[:0]
            return self.features
        return self._meet_many(fresh, fetch)

    def _meet_many(self, fresh: Indices, fetch: Fetch) -> DatasetFeatures:
        if self.features is None:
            self._progress(0, None)
            self.features, fresh = self._cache.open(self._spec), self._ids
        if self.features is None:
            return self._begin(fetch)
        self._wait_for(fresh[self.features.rows(fresh) < 0])
        urgent = self._answered[self.features.rows(self._answered) < 0]
        if not len(urgent) or self._anew is not None:
            return self.features
        return self._append(urgent, fetch)

    def step(self, fetch: Fetch) -> DatasetFeatures | None:
        """Make the next part and return the features there are; None when nothing was left to make.

        Outgrown features are made again in a thread, which a step only waits for.
        """
        features = self.features
        if features is None:
            return None
        if self._anew is not None:
            if not self._anew.is_done():
                return features
            made, self._anew = self._anew.result(), None
            return self._serve(made)
        if features.outgrown_by(self.tickets):
            if self._loading():
                return None  # features made now would be made again
            self._anew = Apart("features", partial(self._make, fetch, self._ids, self._answered))
            return features
        if not len(self._waiting):
            return None
        size = SLOWLY if features.vectoriser.slow else PART
        size = PART_BEHIND if self._behind else size * self._cache.engine.width
        return self._append(self._waiting[:size], fetch)

    def _begin(self, fetch: Fetch) -> DatasetFeatures:
        return self._serve(self._make(fetch, self._ids, self._answered))

    def _make(self, fetch: Fetch, ids: Indices, answered: Indices) -> DatasetFeatures:
        """Fit again and make the first part, with the answered tickets."""
        drawn = np.random.default_rng(0).permutation(ids)
        loading = self._loading()
        first = FIRST_BEHIND if self._behind else FIRST
        pool = np.sort(drawn[:MEANWHILE]) if loading else ids
        wanted = np.concatenate([answered, pool if loading else drawn[:first]])
        made = self._cache.begin(pool, wanted, fetch, self._spec, progress=self._progress)
        self._prepare(made)
        return made

    def _serve(self, made: DatasetFeatures) -> DatasetFeatures:
        self.features = made
        self._waiting = self._waiting[:0]
        self._wait_for(self._ids[made.rows(self._ids) < 0])
        return made

    def _append(self, ids: Indices, fetch: Fetch) -> DatasetFeatures:
        grown = self._cache.append(ids, fetch, self._spec)
        if grown is None:  # somebody deleted the cache
            return self._begin(fetch)
        before, self.features = self.features, grown
        same = before is not None and grown.made == before.made
        if same and before and len(grown.ids) == len(before.ids) + len(ids):
            self._waiting = self._waiting[~np.isin(self._waiting, ids)]
        else:  # another process has made some, too, or all of them again
            self._waiting = self._waiting[:0]
            self._wait_for(self._ids[grown.rows(self._ids) < 0])
        self._progress(len(grown.ids), self.tickets)
        return grown

    def _wait_for(self, ids: Indices) -> None:
        waiting = self._rng.permutation(np.concatenate([self._waiting, ids]))
        there = 0 if self.features is None else len(self.features.ids)
        self._waiting = waiting[: max(0, MOST_BEHIND - there)] if self._behind else waiting

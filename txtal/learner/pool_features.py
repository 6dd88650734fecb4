"""The features of a dataset, kept up with its tickets: at once while they are few, else behind.

Nobody waits for a million tickets. Of a pool above ``SMALL`` a first part is vectorised, and what
there is serves from then on; the rest follows a part at a time, whenever the learner has nothing
better to do. The parts are drawn at random, so that whatever is there is a fair sample of the pool,
however its file was sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import numpy as np

from txtal.learning.arrays import Indices
from txtal.vectors.cache import FeatureCache, Features
from txtal.vectors.spec import Spec

SMALL = 30_000
"""Tickets up to which all are vectorised at once, and all are scored after each answer."""

FIRST = 16_384
"""Tickets of a larger pool that are vectorised before the first ranking."""

MEANWHILE = 2_000
"""The same while tickets are still being loaded: soon it will all be made anew."""

PART = 8_192
"""And at a time after that: a few tenths of a second."""

SLOWLY = 256
"""Both where a sentence model may take a second for a few texts."""

LOOK_SECONDS = 0.1
"""How long a step waits for features that are being made anew."""

Fetch = Callable[[Sequence[int]], Sequence[str]]
Progress = Callable[[int, int | None], None]


class Growth:
    """The features of one dataset, its tickets met one load after the other."""

    def __init__(
        self,
        cache: FeatureCache,
        spec: Spec,
        progress: Progress,
        loading: Callable[[], bool] = lambda: False,
        prepare: Callable[[Features], object] = lambda features: None,
    ) -> None:
        """``loading`` says whether more tickets are on their way; ``prepare`` does what features
        made anew need before they serve.
        """
        self.features: Features | None = None
        self._cache = cache
        self._spec = spec
        self._progress = progress
        self._loading = loading
        self._prepare = prepare
        self._anew: Future[Features] | None = None
        self._ids: Indices = np.empty(0, np.int64)
        self._waiting: Indices = np.empty(0, np.int64)
        self._answered: Indices = np.empty(0, np.int64)
        self._rng = np.random.default_rng(0)

    @property
    def last(self) -> int:
        """The highest id that was met."""
        return int(self._ids[-1]) if len(self._ids) else 0

    @property
    def tickets(self) -> int:
        """How many were met."""
        return len(self._ids)

    @property
    def complete(self) -> bool:
        """Whether every ticket that was met has its features."""
        return self.features is not None and not len(self._waiting) and self._anew is None

    def meet(self, new: Sequence[int], answered: Sequence[int], fetch: Fetch) -> Features:
        """The features there are, now that the dataset has ``new`` tickets, too.

        All there can be of a small pool, and of any the features of answered tickets, but while
        all are made anew.
        """
        fresh = np.asarray(new, np.int64)
        self._ids = np.concatenate([self._ids, fresh])
        self._answered = np.unique(np.asarray(answered, np.int64))
        if self.tickets <= SMALL and not self._loading():
            if self.features is None or len(fresh) or len(self._waiting):
                self._progress(0, None)
                self.features = self._cache.ensure(
                    self._ids, fetch, self._spec, progress=self._progress
                )
                self._waiting = self._waiting[:0]
            return self.features
        return self._meet_many(fresh, fetch)

    def _meet_many(self, fresh: Indices, fetch: Fetch) -> Features:
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

    def step(self, fetch: Fetch) -> bool:
        """Make the next part; whether there was one to make.

        Features that are outgrown are made anew in a thread, which a step only looks after.
        """
        features = self.features
        if features is None:
            return False
        if self._anew is not None:
            wait([self._anew], LOOK_SECONDS)
            if self._anew.done():
                made, self._anew = self._anew.result(), None
                self._serve(made)
            return True
        if features.outgrown_by(self.tickets):
            if self._loading():
                return False  # what is made now would be made again
            with_one = ThreadPoolExecutor(1, "anew")
            self._anew = with_one.submit(self._make, fetch, self._ids, self._answered)
            with_one.shutdown(wait=False)
            return True
        if not len(self._waiting):
            return False
        size = (SLOWLY if features.vectoriser.slow else PART) * self._cache.engine.width
        self._append(self._waiting[:size], fetch)
        return True

    def _begin(self, fetch: Fetch) -> Features:
        return self._serve(self._make(fetch, self._ids, self._answered))

    def _make(self, fetch: Fetch, ids: Indices, answered: Indices) -> Features:
        """Fit anew and make the first part, answered tickets among it; the old serve until then."""
        drawn = np.random.default_rng(0).permutation(ids)
        loading = self._loading()
        pool = np.sort(drawn[:MEANWHILE]) if loading else ids
        first = np.concatenate([answered, pool if loading else drawn[:FIRST]])
        made = self._cache.begin(pool, first, fetch, self._spec, progress=self._progress)
        self._prepare(made)
        return made

    def _serve(self, made: Features) -> Features:
        self.features = made
        self._waiting = self._waiting[:0]
        self._wait_for(self._ids[made.rows(self._ids) < 0])
        return made

    def _append(self, ids: Indices, fetch: Fetch) -> Features:
        grown = self._cache.append(ids, fetch, self._spec)
        if grown is None:  # somebody deleted them
            return self._begin(fetch)
        before, self.features = self.features, grown
        same = before is not None and grown.made == before.made
        if same and before and len(grown.ids) == len(before.ids) + len(ids):
            self._waiting = self._waiting[~np.isin(self._waiting, ids)]
        else:  # another process has made some, too, or all anew
            self._waiting = self._waiting[:0]
            self._wait_for(self._ids[grown.rows(self._ids) < 0])
        self._progress(len(grown.ids), self.tickets)
        return grown

    def _wait_for(self, ids: Indices) -> None:
        self._waiting = self._rng.permutation(np.concatenate([self._waiting, ids]))

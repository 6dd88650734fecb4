"""Sweeping a large pool, block by block: in this process, or on the workers of an engine.

Workers keep the blocks, and only the model travels. A block is sent once for as long as the
features stay the same; what comes back is a number per ticket.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from txtal.engine import LOCAL, Engine
from txtal.errors import EngineError, RecipeError, UsageError
from txtal.learner import candidates
from txtal.learner.candidates import Sweep, uniform
from txtal.learner.fit import Fit
from txtal.learner.ranking import Candidates, pool_of
from txtal.learner.source import DatasetSource
from txtal.learning import select
from txtal.learning.arrays import Cells, Floats, Indices
from txtal.learning.model import LinearModel
from txtal.learning.strategies import registry
from txtal.learning.strategies.pool import Pool, score
from txtal.types import RANDOM, Task
from txtal.vectors.cache import DatasetFeatures

Block = tuple[int, npt.NDArray[np.float16]]
"""The number of the first row, and the rows in half precision, as they are stored."""


@dataclass(frozen=True, eq=False)
class Sweeping:
    """Scores a block's open tickets, as :class:`txtal.engine.Work`."""

    strategy: str
    task: Task
    model: LinearModel
    answered: Floats
    """(m, d)."""
    cells: Cells
    """(m, k)."""
    labels: Sequence[str]
    """The names of the k labels."""
    closed: Indices
    """(c,), ascending: rows that are no longer open."""
    size: int
    """How many tickets a ranking holds."""
    seed: int

    def __call__(self, block: Block) -> Floats:
        """Return a score for every open ticket of the block, in order."""
        begin, rows = block
        waiting = ~np.isin(np.arange(begin, begin + len(rows)), self.closed)
        pool = Pool(
            features=np.asarray(rows[waiting], np.float32),
            task=self.task,
            model=self.model,
            answered=self.answered,
            cells=self.cells,
            labels=self.labels,
            size=self.size,
            rng=np.random.default_rng(self.seed),
        )
        with threadpool_limits(1):
            return score(registry.get(self.strategy), pool)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a header and arrays; see :class:`txtal.engine.Work`."""
        header = {
            "strategy": self.strategy,
            "task": self.task,
            "labels": list(self.labels),
            "size": self.size,
            "seed": self.seed,
            "unseen": self.model.unseen,
            "spread": self.model.spread,
        }
        arrays = {
            "coef": self.model.coef,
            "intercept": self.model.intercept,
            "trained": self.model.trained,
            "answered": self.answered,
            "cells": self.cells,
            "closed": self.closed,
        }
        if self.model.prior is not None:
            arrays["prior"] = self.model.prior
        return header, arrays

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Sweeping:
        """Restore from :meth:`to_arrays`. Raises EngineError if the strategy isn't installed."""
        try:
            registry.get(header["strategy"])
        except (UsageError, RecipeError) as error:
            raise EngineError(f"a worker can't run the strategy: {error}") from error
        weights = (arrays["coef"], arrays["intercept"], arrays["trained"])
        return cls(
            strategy=header["strategy"],
            task=header["task"],
            model=LinearModel(
                header["task"], *weights, header["unseen"], header["spread"], arrays.get("prior")
            ),
            answered=arrays["answered"],
            cells=arrays["cells"],
            labels=header["labels"],
            closed=arrays["closed"],
            size=header["size"],
            seed=header["seed"],
        )


class Blocks:
    """The blocks of a dataset's features, kept where the engine works."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._features: DatasetFeatures | None = None
        self._held: dict[int, Block] = {}

    def scores(
        self, work: Sweeping, features: DatasetFeatures, blocks: Sequence[slice]
    ) -> Iterator[Floats]:
        """Yield the scores of some blocks, in this order; each is read when it is needed."""
        if features is not self._features:
            self._features, self._held = features, {}
        return self._engine.map(work, (self._block(features, rows) for rows in blocks))

    def _block(self, features: DatasetFeatures, rows: slice) -> Block:
        if rows.start not in self._held:
            self._held[rows.start] = self._engine.keep(
                lambda: (rows.start, features.matrix.stored(rows))
            )
        return self._held[rows.start]


class Sweeper:
    """Scores a large pool between two rankings, and keeps the best tickets of each block."""

    def __init__(self, strategy: str, source: DatasetSource, engine: Engine, seed: int) -> None:
        self._name = strategy
        self._strategy = registry.get(strategy)
        self._source = source
        self._elsewhere = engine is not LOCAL and registry.can_travel(strategy)
        self._seed = seed
        self._sweep = Sweep()
        self._blocks = Blocks(engine)
        self._scores: Iterator[Floats] | None = None
        """The scores that workers compute; None if the sweep runs here or hasn't begun."""
        self._last: Candidates | None = None
        """The candidates of the last ranking."""

    def begin(self, last: Candidates) -> None:
        """Continue the sweep with the model of the last ranking."""
        self._last, self._scores = last, None
        if registry.traits(self._name).swept:
            self._sweep.again(len(last.fit.features.ids))

    def candidates(self, fit: Fit, rng: np.random.Generator) -> Indices:
        """Return the open rows (c,) to score now, ascending; see :meth:`Sweep.candidates`."""
        snapshot = fit.snapshot
        if self._last is not None and self._last.fit.features.made != fit.features.made:
            self._sweep.forget()
        if self._name == RANDOM:
            return uniform(snapshot.open_rows, candidates.MOST, rng)
        sample = fit.neighbours.sample.rows
        return self._sweep.candidates(snapshot.open_rows, sample, snapshot.is_open, rng)

    def step(self) -> bool:
        """Score the next block; return whether there was one."""
        last = self._last
        if last is None or not last.fit.model.ready:
            return False
        is_open = last.fit.snapshot.is_open
        if self._elsewhere and self._scores is None:
            blocks = self._sweep.ahead(is_open)
            self._scores = self._blocks.scores(self._work(last), last.fit.features, blocks)
        with self._source.computing():
            return self._sweep.step(
                is_open,
                lambda rows: self._scored(last.fit, rows),
                lambda *of: select.select(*of, rng=last.pool.rng),
            )

    def _scored(self, fit: Fit, rows: Indices) -> tuple[Floats, Floats]:
        """Return the scores (n,) and features (n, d) of these rows."""
        if self._scores is not None:
            return next(self._scores), fit.features.matrix[rows]
        pool = pool_of(fit, rows, self._source, np.random.default_rng(self._seed))
        return score(self._strategy, pool), pool.features

    def _work(self, last: Candidates) -> Sweeping:
        fit = last.fit
        return Sweeping(
            strategy=self._name,
            task=fit.task,
            model=fit.model,
            answered=fit.answered.features,
            cells=fit.answered.cells,
            labels=last.pool.labels,
            closed=np.flatnonzero(~fit.snapshot.is_open),
            size=last.pool.size,
            seed=self._seed,
        )

"""A sweep of a large pool by an engine: the blocks lie on the workers, and only the model travels.

A block is sent once for as long as the features stay the same; what comes back is a number a
ticket.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from txtal.engine import Engine
from txtal.errors import EngineError, RecipeError, UsageError
from txtal.learning.arrays import Floats, Indices, Mask
from txtal.learning.model import LinearModel
from txtal.learning.strategies import registry
from txtal.learning.strategies.pool import Pool, score
from txtal.vectors.cache import Features

Block = tuple[int, npt.NDArray[np.float16]]
"""The number of its first row, and the rows as they are kept, in half precision."""


@dataclass(frozen=True, eq=False)
class Sweeping:
    """The scores of a block's open tickets, as :class:`txtal.engine.Work`."""

    strategy: str
    pool: Pool
    """Everything but features: those are the block's."""
    closed: Indices
    """(m,), ascending: rows that nobody is to be asked any more."""
    seed: int

    def __call__(self, block: Block) -> Floats:
        """A score for every open ticket of the block, in order."""
        begin, rows = block
        waiting = ~np.isin(np.arange(begin, begin + len(rows)), self.closed)
        pool = Pool(
            features=np.asarray(rows[waiting], np.float32),
            task=self.pool.task,
            model=self.pool.model,
            answered=self.pool.answered,
            cells=self.pool.cells,
            labels=self.pool.labels,
            size=self.pool.size,
            rng=np.random.default_rng(self.seed),
        )
        with threadpool_limits(1):
            return score(registry.get(self.strategy), pool)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """See :class:`txtal.engine.Work`."""
        pool, model = self.pool, self.pool.model
        assert isinstance(model, LinearModel)
        header = {
            "strategy": self.strategy,
            "task": pool.task,
            "labels": list(pool.labels),
            "size": pool.size,
            "seed": self.seed,
            "unseen": model.unseen,
            "spread": model.spread,
        }
        arrays = {
            "coef": model.coef,
            "intercept": model.intercept,
            "trained": model.trained,
            "answered": pool.answered,
            "cells": pool.cells,
            "closed": self.closed,
        }
        return header, arrays

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Sweeping:
        """Make it again from :meth:`to_arrays`. Raises EngineError without its strategy here."""
        try:
            registry.get(header["strategy"])
        except (UsageError, RecipeError) as error:
            raise EngineError(f"a worker can't run the strategy: {error}") from error
        weights = (arrays["coef"], arrays["intercept"], arrays["trained"])
        model = LinearModel(header["task"], *weights, header["unseen"], header["spread"])
        nothing = np.empty((0, model.coef.shape[1]), np.float32)
        pool = Pool(
            features=nothing,
            task=header["task"],
            model=model,
            answered=arrays["answered"],
            cells=arrays["cells"],
            labels=header["labels"],
            size=header["size"],
        )
        return cls(header["strategy"], pool, arrays["closed"], header["seed"])


class Blocks:
    """The blocks of a dataset's features, held where the engine works."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._features: Features | None = None
        self._held: dict[int, Block] = {}

    def scores(
        self, work: Sweeping, features: Features, blocks: Sequence[slice]
    ) -> Iterator[Floats]:
        """Of some blocks, in this order; read as they are needed."""
        if features is not self._features:
            self._features, self._held = features, {}
        return self._engine.map(work, (self._block(features, rows) for rows in blocks))

    def _block(self, features: Features, rows: slice) -> Block:
        if rows.start not in self._held:
            self._held[rows.start] = self._engine.keep(
                lambda: (rows.start, features.matrix.stored(rows))
            )
        return self._held[rows.start]


def closed_rows(is_open: Mask) -> Indices:
    """The rows that aren't open, ascending."""
    return np.flatnonzero(~is_open)

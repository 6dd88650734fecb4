"""What a strategy sees of the tickets it scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from txtal.errors import LearnerError
from txtal.learning import grades
from txtal.learning.arrays import Cells, Features, Floats, Indices, Mask, usable_rows
from txtal.learning.herding import Herding
from txtal.learning.model import LinearModel, Predictor, fit
from txtal.learning.strategies.bootstrap import bootstrap
from txtal.types import Task

if TYPE_CHECKING:
    from txtal.learning.strategies.table import Strategy


def _no_texts() -> Sequence[str]:
    raise LearnerError("this pool has no texts to read; pass read_texts when you build it")


class Place(NamedTuple):
    """Where a pool's tickets are among all of a dataset's features."""

    herding: Herding
    """The neighbours in a sample of those features."""
    rows: Indices
    """(n,): the row of each ticket of the pool."""
    answered: Indices
    """(m,): the rows of the answered tickets."""


@dataclass(frozen=True, eq=False)
class Pool:
    """The tickets that may be shown next, and what is known so far.

    What takes time is computed when a strategy first reads it, and then kept.
    """

    features: Features
    """(n, d): one row per ticket, perhaps memory-mapped."""
    task: Task
    model: Predictor | None = None
    """The current model; None while there is too little to learn from."""
    answered: Features | None = None
    """(m, d): the features of the answered tickets."""
    cells: Cells | None = None
    """(m, k): their answers."""
    labels: Sequence[str] = ()
    """The names of the k labels, for strategies that take one."""
    size: int = 50
    """Length of a ranking: how many tickets a strategy for diverse batches picks."""
    place: Place | None = None
    """Saves strategies that use neighbours from finding them again."""
    read_texts: Callable[[], Sequence[str]] = _no_texts
    """Returns the n texts; called at most once."""
    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    _members: list[LinearModel] = field(default_factory=list, init=False, repr=False)

    def __len__(self) -> int:
        return int(self.features.shape[0])

    @property
    def current_model(self) -> Predictor:
        """Return the model. Raises LearnerError when there is none yet."""
        if self.model is None:
            raise LearnerError(
                "no model yet, so there are no probabilities to score by; show tickets in starting"
                " order until there is one"
            )
        return self.model

    @cached_property
    def proba(self) -> Floats:
        """Return the model's probabilities (n, k). Raises LearnerError when there is no model."""
        return self.current_model.predict_proba(self.features)

    @cached_property
    def yes_proba(self) -> Floats:
        """Return the probability (n, q) of a yes to each question with a regression of its own.

        multilabel, binary: whether each label applies. rating: whether the grade is each one or
        above it, for all but the lowest. An exclusive task is learned as a whole and has none.
        """
        return grades.at_least(self.proba)[:, 1:] if self.task == "rating" else self.proba

    @property
    def chances(self) -> Floats:
        """The name of :attr:`yes_proba` until 0.1, which recipes may still use."""
        return self.yes_proba

    @cached_property
    def texts(self) -> Sequence[str]:
        """Return the n texts."""
        return self.read_texts()

    @cached_property
    def usable(self) -> Mask:
        """Return which tickets (n,) have features to learn from; see :func:`usable_rows`."""
        return usable_rows(self.features)

    def sample(self, size: int) -> Indices:
        """Draw at most ``size`` usable rows uniformly by ``rng``, in random order."""
        return self.rng.permutation(np.flatnonzero(self.usable))[:size]

    def committee(self, size: int) -> Sequence[LinearModel]:
        """Fit ``size`` linear models, each to a bootstrap of the answers; see :func:`bootstrap`.

        Raises LearnerError when there are no answers.
        """
        if self.answered is None or self.cells is None or not len(self.cells):
            raise LearnerError(
                "no answers yet, so there is no committee to score by; show tickets in starting"
                " order until there are some"
            )
        while len(self._members) < size:
            rows = bootstrap(self.cells, self.rng)
            self._members.append(fit(self.answered[rows], self.cells[rows], self.task))
        return tuple(self._members[:size])


def score(strategy: Strategy, pool: Pool) -> Floats:
    """Return the strategy's scores (n,), higher is shown sooner, cleaned for ranking.

    A score that isn't a number, and any score of a ticket with a blank text or broken features,
    becomes -inf: a model is least certain where it knows nothing, and such tickets would come
    first. Raises LearnerError when the strategy returns another shape.
    """
    scores = np.array(strategy(pool), np.float32)
    if scores.shape != (len(pool),):
        raise LearnerError(
            f"the strategy {getattr(strategy, '__name__', strategy)!r} returned scores of shape"
            f" {scores.shape} for {len(pool)} tickets; return one number for each"
        )
    scores[~np.isfinite(scores) | ~pool.usable] = -np.inf
    return scores

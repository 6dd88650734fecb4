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
from txtal.learning.model import Classifier, LinearModel, fit
from txtal.learning.strategies.bootstrap import bootstrap
from txtal.types import Task

if TYPE_CHECKING:
    from txtal.learning.strategies.registry import Strategy


def _no_texts() -> Sequence[str]:
    raise LearnerError("This pool has no texts to read. Pass read_texts to build it with some.")


class Place(NamedTuple):
    """Where a pool lies among all of a dataset's features."""

    herding: Herding
    """The neighbours within a sample of those features."""
    rows: Indices
    """(n,): the row of each of the pool's tickets."""
    answered: Indices
    """(m,): the rows of the answered ones."""


@dataclass(frozen=True, eq=False)
class Pool:
    """The tickets that may be asked next, and what is known so far.

    What costs time is computed when a strategy first looks at it, and then kept.
    """

    features: Features
    """(n, d): a row a ticket, perhaps memory-mapped."""
    task: Task
    model: Classifier | None = None
    """The current model; None while there is too little to learn from."""
    answered: Features | None = None
    """(m, d): the features of the tickets answered so far."""
    cells: Cells | None = None
    """(m, k): their answers."""
    labels: Sequence[str] = ()
    """The names of the k labels, for strategies that are told one."""
    size: int = 50
    """How many tickets a ranking holds: what strategies that pick a diverse batch pick."""
    place: Place | None = None
    """Spares strategies that look at neighbours the work of finding them again."""
    read_texts: Callable[[], Sequence[str]] = _no_texts
    """Reads the n texts; called at most once."""
    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    _members: list[LinearModel] = field(default_factory=list, init=False, repr=False)

    def __len__(self) -> int:
        return int(self.features.shape[0])

    @cached_property
    def proba(self) -> Floats:
        """Probabilities (n, k) by the current model. Raises LearnerError when there is none."""
        if self.model is None:
            raise LearnerError(
                "There is no model yet, so there are no probabilities to score by. "
                "Ask in starting order until there is one."
            )
        return self.model.predict_proba(self.features)

    @cached_property
    def chances(self) -> Floats:
        """Of a yes to each question (n, q) that the model answers with a regression by itself.

        multilabel, binary: whether each label applies. rating: whether the grade is each one or
        above it, for all but the lowest. An exclusive task is learned as a whole and has none.
        """
        return grades.at_least(self.proba)[:, 1:] if self.task == "rating" else self.proba

    @cached_property
    def texts(self) -> Sequence[str]:
        """The n texts."""
        return self.read_texts()

    @cached_property
    def usable(self) -> Mask:
        """Which tickets (n,) have anything to learn from; see :func:`usable_rows`."""
        return usable_rows(self.features)

    def sample(self, size: int) -> Indices:
        """At most ``size`` usable rows, drawn uniformly by ``rng``, in random order."""
        return self.rng.permutation(np.flatnonzero(self.usable))[:size]

    def committee(self, size: int) -> Sequence[LinearModel]:
        """``size`` linear models, each of a bootstrap of the answers; see :func:`bootstrap`.

        Raises LearnerError when there are no answers.
        """
        if self.answered is None or self.cells is None or not len(self.cells):
            raise LearnerError(
                "There are no answers yet, so there is no committee to ask. "
                "Ask in starting order until there are some."
            )
        while len(self._members) < size:
            rows = bootstrap(self.cells, self.rng)
            self._members.append(fit(self.answered[rows], self.cells[rows], self.task))
        return tuple(self._members[:size])


def score(strategy: Strategy, pool: Pool) -> Floats:
    """The strategy's scores (n,), higher asked sooner, fit to rank by.

    A score that isn't a number, and any score of a ticket with a blank text or broken features,
    becomes -inf: a model is never less certain than where it knows nothing, and such tickets
    would fill the screen. Raises LearnerError when the strategy returns another shape.
    """
    scores = np.array(strategy(pool), np.float32)
    if scores.shape != (len(pool),):
        raise LearnerError(
            f"The strategy {getattr(strategy, '__name__', strategy)!r} returned scores of shape "
            f"{scores.shape} for {len(pool)} tickets. It must return one number for each."
        )
    scores[~np.isfinite(scores) | ~pool.usable] = -np.inf
    return scores

"""The strategies that come with txtal: one row each, with all that is to know of them by name.

Standard library only: the command line lists and checks names by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from txtal.learning import selective

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from txtal.learning.strategies.pool import Pool

    Scores: TypeAlias = npt.NDArray[np.floating]
    Strategy: TypeAlias = Callable[[Pool], Scores]

Argument: TypeAlias = Callable[[str], dict[str, Any]]
"""Reads what follows ``=`` in a strategy's name and returns keyword arguments for its function.
Raises UsageError for what it can't read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What the learner needs to know of a strategy before it asks for scores."""

    pointwise: bool | str = False
    """Whether it scores each ticket by itself, as a stream needs; or the name of the strategy that
    does so in its place."""
    from_nothing: bool = False
    """Whether it picks well without a model, so that nothing is shown in starting order."""
    swept: bool = True
    """Whether a large pool is worth scoring to its end, a block at a time. Not for a strategy that
    looks at a sample only, however large the pool."""
    travels: bool = False
    """Whether other machines can score a block: it needs neither texts nor neighbours there."""
    picked_as: str | None = None
    """The name that a ticket's reason gives, if not its own."""
    argument: Argument | None = None
    """Reads what follows ``=`` in its name; None for a strategy that takes no argument."""


@dataclass(frozen=True, slots=True)
class StrategyRow(Traits):
    """A strategy: its function and its traits."""

    function: str | Strategy
    """``module:function`` in this package, imported when it is first wanted; or the function."""

    def load(self) -> Strategy:
        """Return the function, imported if need be."""
        if not isinstance(self.function, str):
            return self.function
        module, _, name = self.function.partition(":")
        function: Strategy = getattr(import_module(f".{module}", __package__), name)
        return function


def band(text: str) -> dict[str, Any]:
    """Read ``0.4..0.6``. Raises UsageError for anything but two probabilities, the lower first."""
    low, high = selective.band(text)
    return {"low": low, "high": high}


def label(text: str) -> dict[str, Any]:
    """Take the text as a label's name; only the pool knows which labels there are."""
    return {"label": text}


BUILT_IN = {
    "auto": StrategyRow(
        "herding:herding",
        pointwise="margin",
        from_nothing=True,
        swept=False,
        picked_as="herding",
    ),
    "herding": StrategyRow("herding:herding", from_nothing=True, swept=False),
    "random": StrategyRow("uncertainty:random", pointwise=True, from_nothing=True, swept=False),
    "least-confidence": StrategyRow("uncertainty:least_confidence", pointwise=True, travels=True),
    "margin": StrategyRow("uncertainty:margin", pointwise=True, travels=True),
    "margin-max": StrategyRow("uncertainty:margin_max", pointwise=True, travels=True),
    "entropy": StrategyRow("uncertainty:entropy", pointwise=True, travels=True),
    "qbc": StrategyRow("committee:qbc", travels=True),
    "qbc-kl": StrategyRow("committee:qbc_kl", travels=True),
    "spread": StrategyRow("committee:spread", travels=True),
    "expected-model-change": StrategyRow(
        "change:expected_model_change", pointwise=True, travels=True
    ),
    "expected-error-reduction": StrategyRow(
        "error_reduction:expected_error_reduction", travels=True
    ),
    "density": StrategyRow("density:density", travels=True),
    "kmeans": StrategyRow("diversity:kmeans", travels=True),
    "badge": StrategyRow("diversity:badge", travels=True),
    "coreset": StrategyRow("coverage:coreset", travels=True),
    "typiclust": StrategyRow("coverage:typiclust", travels=True),
    "synthesis": StrategyRow("synthesis:synthesis", travels=True),
    "balance": StrategyRow("balance:balance", travels=True),
    "high-score": StrategyRow("balance:high_score", travels=True, argument=label),
    "band": StrategyRow("band:band", travels=True, argument=band),
}
"""By the name that ``--strategy`` takes."""

"""What may follow ``=`` in the name of a built-in strategy. Standard library only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from txtal.learning import selective


def band(text: str) -> dict[str, Any]:
    """``0.4..0.6``; raises UsageError for anything but two probabilities, the lower first."""
    low, high = selective.band(text)
    return {"low": low, "high": high}


def label(text: str) -> dict[str, Any]:
    """A label's name; which there are only the pool knows."""
    return {"label": text}


BUILT_IN: dict[str, Callable[[str], dict[str, Any]]] = {"band": band, "high-score": label}
"""By the strategy that takes it."""

"""What may follow ``=`` in the name of a built-in strategy. Standard library only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from txtal.errors import UsageError


def band(text: str) -> dict[str, Any]:
    """``0.4..0.6``; raises UsageError for anything but two probabilities, the lower first."""
    low, _, high = text.partition("..")
    try:
        bounds = {"low": float(low), "high": float(high)}
    except ValueError:
        bounds = {"low": 1.0, "high": 0.0}
    if not 0 <= bounds["low"] < bounds["high"] <= 1:
        raise UsageError(
            f"There is no band {text!r}. Give two probabilities, the lower first: band=0.4..0.6"
        )
    return bounds


def label(text: str) -> dict[str, Any]:
    """A label's name; which there are only the pool knows."""
    return {"label": text}


BUILT_IN: dict[str, Callable[[str], dict[str, Any]]] = {"band": band, "high-score": label}
"""By the strategy that takes it."""

"""The weight of an answer, given the probability with which its ticket was picked."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite


def importance(probabilities: Sequence[float | None], tickets: int) -> list[float]:
    """Return LURE's weights of answers, with mean 1, in the order in which they were given.

    ``probabilities`` are their selection probabilities among the open ones of ``tickets`` tickets.
    An unknown one counts as 1, so that the answer represents only itself (Farquhar, Gal and
    Rainforth 2021, "On Statistical Bias in Active Learning", ICLR).
    """
    asked = len(probabilities)
    found = []
    for order, given in enumerate(probabilities, start=1):
        probability = given if given is not None and isfinite(given) and given > 0 else 1.0
        excess = 1 / ((tickets - order + 1) * probability) - 1
        found.append(max(0.0, 1 + (tickets - asked) / max(tickets - order, 1) * excess))
    return found

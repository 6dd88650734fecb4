"""What an answer counts for, given the probability with which its ticket was picked."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite


def importance(chances: Sequence[float | None], tickets: int) -> list[float]:
    """Return LURE's weights of answers in the order they were asked, 1 in the mean.

    ``chances`` are those that each had of being asked then, given what was open of ``tickets``.
    One that isn't known counts as certain: the answer stands for itself (Farquhar, Gal and
    Rainforth 2021, "On Statistical Bias in Active Learning", ICLR).
    """
    asked = len(chances)
    found = []
    for order, given in enumerate(chances, start=1):
        chance = given if given is not None and isfinite(given) and given > 0 else 1.0
        excess = 1 / ((tickets - order + 1) * chance) - 1
        found.append(max(0.0, 1 + (tickets - asked) / max(tickets - order, 1) * excess))
    return found

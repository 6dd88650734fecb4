"""Shares and agreement with their 95 % intervals; standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

from txtal.types import Estimate


def wilson(successes: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The score interval (low, high) of a share, 95 % by default; (0, 1) when ``n`` is 0.

    Wilson 1927 (JASA 22); it keeps its coverage for small n and for shares near 0 and 1 (Brown,
    Cai and DasGupta 2001, Statistical Science 16, section 3.1.1).
    """
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two answers to a ticket are the same."""

    share: Estimate
    kappa: Estimate
    """Cohen's: 0 is what chance would give, 1 is always."""


def agreement(pairs: Sequence[tuple[Hashable, Hashable]]) -> Agreement | None:
    """Of pairs of answers; None without any.

    Kappa is Cohen 1960 (Educational and Psychological Measurement 20), (p - e) / (1 - e), with e
    what the answers' own frequencies would give by chance. Its interval is that of the share, the
    chance taken as given: for a handful of pairs that all agree, the usual standard error would be
    zero. Where only one answer ever occurs, kappa is 1 if all agree.
    """
    n = len(pairs)
    if not n:
        return None
    same = sum(one == other for one, other in pairs)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(count * second[answer] for answer, count in first.items()) / n**2
    low, high = wilson(same, n)
    share = Estimate(n, same / n, low, high)
    if chance == 1:
        return Agreement(share, Estimate(n, 1.0, 1.0, 1.0))
    beyond = [(value - chance) / (1 - chance) for value in (same / n, low, high)]
    return Agreement(share, Estimate(n, *beyond))

"""Shares and agreement with their 95% intervals; standard library only."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from statistics import fmean
from typing import Any

from txtal.types import Estimate


def wilson(successes: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """The score interval (low, high) of a share, 95% by default; (0, 1) when ``n`` is 0.

    Wilson 1927 (JASA 22); it keeps its coverage for small n and for shares near 0 and 1 (Brown,
    Cai and DasGupta 2001, Statistical Science 16, section 3.1.1).
    """
    return score_interval(successes / n, n, z) if n else (0.0, 1.0)


def score_interval(share: float, n: float, z: float = 1.96) -> tuple[float, float]:
    """Return :func:`wilson` of a share of ``n``, which may be an effective sample size."""
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
    zero. Where only one answer ever occurs, all agree, and chance may
    be why: kappa is 1, and its interval begins at 0.
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
        return Agreement(share, Estimate(n, 1.0, 0.0, 1.0))
    beyond = [(value - chance) / (1 - chance) for value in (same / n, low, high)]
    return Agreement(share, Estimate(n, *beyond))


RESAMPLES = 500
"""Draws of the tickets, with replacement, from which the interval of alpha is read."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far several annotators say the same of tickets."""

    share: Estimate
    """Pairs of answers to a ticket that are the same: the mean over tickets."""
    alpha: Estimate
    """Krippendorff's: 0 is what chance would give, 1 is always. Of grades by their distance."""


def reliability(
    units: Sequence[Sequence[Hashable]], *, graded: bool = False, resamples: int = RESAMPLES
) -> Reliability | None:
    """Of the answers to each ticket; None unless some have two.

    Krippendorff's alpha is 1 - D_o / D_e, the disagreement there is by that of answers dealt out by
    chance; of any number of annotators, whoever is missing where (Krippendorff 2011, "Computing
    Krippendorff's alpha-reliability"). Nominal; of grades (``graded``: numbers) interval, so that 4
    and 5 are nearly agreed. Its interval is the percentiles of ``resamples`` bootstraps of the
    tickets (Hayes and Krippendorff 2007, Communication Methods and Measures 1), to each of which
    half a ticket in dispute is added: of few tickets on which all agree, the bootstrap alone says
    that nobody ever disagrees. (Jeffreys' prior adds as much to a share.)
    """
    pairable = [tuple(unit) for unit in units if len(unit) > 1]
    n = len(pairable)
    if not n:
        return None
    same = fmean(_same(unit) for unit in pairable)
    share = Estimate(n, same, *wilson(same * n, n))
    measure = _alpha_of_grades if graded else _alpha
    kinds = Counter(tuple(sorted(unit, key=repr)) for unit in pairable)
    rng = random.Random(0)  # the same answers have the same interval
    said = Counter(answer for unit in pairable for answer in unit)
    drawn = sorted(
        measure(_with_dispute(_resampled(kinds, n, rng), said, rng)) for _ in range(resamples)
    )
    low, high = drawn[round(0.025 * resamples)], drawn[round(0.975 * resamples) - 1]
    alpha = measure(kinds)
    return Reliability(share, Estimate(n, alpha, min(low, alpha), max(high, alpha)))


_MANY = 2_000
"""Tickets above which they are drawn as parts of the kinds there are, not one by one."""


def _resampled(
    kinds: Mapping[tuple[Any, ...], int], n: int, rng: random.Random
) -> Mapping[tuple[Any, ...], int]:
    """Draw ``n`` tickets with replacement; returns how many of each kind it was.

    Of many tickets each count is drawn from its Poisson distribution by the normal approximation:
    the Poisson bootstrap (Hanley and MacGibbon 2006, Computer Methods and Programs in Biomedicine
    83), whose cost is that of the kinds and not of the tickets.
    """
    if n <= _MANY:
        return Counter(rng.choices(list(kinds), list(kinds.values()), k=n))
    return {kind: _poisson(count, rng) for kind, count in kinds.items()}


def _with_dispute(
    units: Mapping[tuple[Any, ...], int], said: Mapping[Any, int], rng: random.Random
) -> Mapping[tuple[Any, ...], float]:
    """The tickets and half a one more, on average, with two different answers."""
    one = rng.choices(list(said), list(said.values()))[0]
    others = [answer for answer in said if answer != one]
    other = rng.choice(others) if others else _unheard_of(one)
    disputed: Counter[tuple[Any, ...]] = Counter(units)
    disputed[one, other] += rng.gammavariate(0.5, 1)  # type: ignore[assignment]
    return disputed


def _unheard_of(answer: Any) -> Any:
    """An answer that isn't this one, where no other was given."""
    return answer + 1 if isinstance(answer, int) else None


def _poisson(mean: int, rng: random.Random) -> int:
    if mean > 30:
        return max(0, round(rng.gauss(mean, sqrt(mean))))
    limit, product, draws = exp(-mean), rng.random(), 0
    while product > limit:  # Knuth 1969, section 3.4.1
        product *= rng.random()
        draws += 1
    return draws


def _same(unit: Sequence[Hashable]) -> float:
    m = len(unit)
    return sum(count * (count - 1) for count in Counter(unit).values()) / (m * (m - 1))


def _alpha(units: Mapping[tuple[Any, ...], float]) -> float:
    """Nominal, of tickets by what was answered to them and how many there are of such."""
    total: defaultdict[Any, float] = defaultdict(float)
    observed = 0.0
    for unit, times in units.items():
        observed += times * len(unit) * (1 - _same(unit))
        for answer in unit:
            total[answer] += times
    n = sum(total.values())
    chance = (n * n - sum(count * count for count in total.values())) / (n - 1)
    return 1 - observed / chance if chance else 1.0


def _alpha_of_grades(units: Mapping[tuple[Any, ...], float]) -> float:
    """Interval: by the squared difference."""
    n, total, squares, observed = 0.0, 0.0, 0.0, 0.0
    for unit, times in units.items():
        m, mean = len(unit), fmean(unit)
        observed += times * 2 * m / (m - 1) * sum((grade - mean) ** 2 for grade in unit)
        n += times * m
        total += times * sum(unit)
        squares += times * sum(grade * grade for grade in unit)
    chance = 2 * (n * squares - total * total) / (n - 1)
    return 1 - observed / chance if chance else 1.0

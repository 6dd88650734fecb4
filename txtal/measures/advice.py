"""Whether it is worth going on, in words: the session's notice, the panel and ``txtal stats``."""

from __future__ import annotations

from collections.abc import Iterator

from txtal.text import decimals, in_full, percent
from txtal.types import Estimate, Forecast, Outlook


def reached_target(target: float, estimate: Estimate) -> str:
    """The accuracy wished for is there."""
    return (
        f"the target of {in_full(target)} is reached: about {percent(estimate.value, 0)} right "
        f"({percent(estimate.low, 0)} to {percent(estimate.high, 0)}); press q to quit, or continue"
    )


def little_gain(answers: int, gain: float, changed: float) -> str:
    """So many more answers would bring little; so many before changed that share."""
    return (
        f"it may be time to stop: {answers} more answers would gain about {points(gain)} of "
        f"macro-F1; the last {answers} changed {percent(changed)} of the suggestions"
    )


def flat_audit(answers: int) -> str:
    """The audit's estimate has not risen for so long."""
    return (
        f"the audit's estimate has not risen for {answers:,} answers: it may be time to stop, or "
        "to look at `txtal suspects`"
    )


def ahead(outlook: Outlook) -> Iterator[str]:
    """What there is to expect, a line each."""
    gain = outlook.gain
    if gain.value is not None and gain.low is not None and gain.high is not None:
        span = f"{100 * gain.low:.1f} to {100 * gain.high:.1f}"
        yield f"50 more answers: about {100 * gain.value:+.1f} points of macro-F1 ({span})"
    yield (
        f"the last 100 changed {percent(outlook.changed)} of the suggestions "
        f"(kappa {decimals(outlook.kappa, 2)}; seen at {outlook.answers:,} answers)"
    )
    if outlook.target is not None:
        yield f"answers to reach {in_full(outlook.target)}: {_needed(outlook.needed)}"


def points(share: float) -> str:
    """``0.8 points``."""
    return f"{100 * share:.1f} points"


def _needed(needed: Forecast | None) -> str:
    if needed is None:
        return "not enough audit answers to estimate"
    if needed.value == 0:
        return "reached"
    low, high = (_answers(one) for one in (needed.low, needed.high))
    if needed.value is None:
        return f"may be out of reach (at best {low})"
    return f"about {_answers(needed.value)} more answers ({low} to {high})"


def _answers(number: float | None) -> str:
    if number is None or number > _MANY:
        return "very many"
    return f"{number:,.0f}"


_MANY = 100_000

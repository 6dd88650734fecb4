"""What the runs of a simulation come to, in words: one plain sentence, and the rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from txtal.measures.quality import shared
from txtal.simulation.comparison import ERROR, Comparison, Outcome, Reached, merit
from txtal.simulation.runs import Config, Full, Point
from txtal.text import clean, count, decimals
from txtal.text import percent as in_percent
from txtal.types import Overlap


def names(configs: Iterable[Config]) -> dict[Config, str]:
    """What to call each: its strategy, and of the rest what isn't the same for all."""
    every = list(dict.fromkeys(configs))

    def differ(values: Iterable[object]) -> bool:
        return len(set(values)) > 1

    vectorisers = differ(config.vectoriser for config in every)
    noises = differ(config.noise for config in every)
    batches = differ(config.batch for config in every)

    def name(config: Config) -> str:
        parts = [config.strategy]
        if vectorisers:
            parts.append(config.vectoriser.rpartition("@")[0])
        if batches:
            parts.append(f"batch {config.batch}")
        if noises:
            parts.append(f"noise {config.noise:g}")
        return clean(" ".join(parts))

    return {config: name(config) for config in every}


def conclusion(comparisons: Sequence[Comparison], overlap: Overlap | None = None) -> str:
    """Whether active learning pays, with which strategy, and the numbers: a sentence a noise.

    ``overlap`` of the test texts with the pool's is remarked on, and where it is large nothing is
    concluded: memory was measured.
    """
    if overlap is not None and overlap.share >= MEMORY:
        return (
            f"Whether active learning pays here isn't known: {shared(overlap, IN_POOL)}. "
            "The figures show how well the model remembers; measure on other texts."
        )
    several = len(comparisons) > 1
    said = []
    for each in comparisons:
        sentence = _sentence(each)
        if several or each.noise:
            sentence = f"{noise_name(each.noise)}, {sentence}"
        said.append(upper(sentence))
    if overlap is not None and overlap.share >= REMARKABLE:
        said.append(f"But {shared(overlap, IN_POOL)}: on new texts all figures would be lower.")
    return " ".join(said)


IN_POOL = "in the pool, too"

MEMORY = 0.5
"""Share of the test texts that the pool has, from which nothing is concluded."""

REMARKABLE = 0.05
"""Share from which the conclusion speaks of it."""


def upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def noise_name(noise: float) -> str:
    return f"With {percent(noise)} wrong answers" if noise else "Without wrong answers"


def percent(share: float) -> str:
    return f"{100 * share:.3g}%" if share < 0.01 else in_percent(share, 0)


def _sentence(it: Comparison) -> str:
    called = names(outcome.config for outcome in it.outcomes)
    base = called[it.baseline]
    others = [o for o in it.outcomes if o.config.strategy != it.baseline.strategy]
    if not others:
        return f"only {it.baseline.strategy} was run: name another strategy to compare it with."
    reached = [(outcome, outcome.reached) for outcome in others if outcome.reached]
    if not reached:
        nearest = max(others, key=it.merit)
        if it.asked and not it.reached:
            return (
                f"nothing reached {it.called} {it.target:g} within {count(it.budget, 'label')}: "
                "ask for less with --target, or allow more with --budget."
            )
        return (
            f"{_PAYS[0]}: no other strategy reached {_goal(it, base)} within "
            f"{count(it.budget, 'label')}{_base_too(it, base)}; the nearest was "
            f"{called[nearest.config]} with {decimals(it.end(nearest))} at the end"
            f"{_half(it, nearest, base)}{_seeds(nearest)}."
        )
    goal = merit(it.target, it.measure)
    lasting = [one for one in reached if it.merit(one[0]) >= goal]
    best, its = min(lasting or reached, key=lambda one: (one[1].labels, -it.merit(one[0])))
    verdict = (
        _pays(it, best, its) if lasting else "it isn't clear whether active learning pays here"
    )
    lost = "above" if it.measure == ERROR else "below"
    again = (
        f", but was {lost} it again at the end ({decimals(it.end(best))}){_half(it, best, base)}"
    )
    needed = count(its.labels, "label") if it.asked else f"{its.labels:,}"
    return (
        f"{verdict}: {called[best.config]} reached {_goal(it, base)} with {needed}"
        f"{_base_too(it, base)}: {_fewer(it, its.saved)}{_itself(it, base)}"
        f"{'' if lasting else again}"
        f"{_like_with_like(it, best, called)}{_seeds(best)}."
    )


_PAYS = (
    "active learning doesn't pay here",
    "active learning hardly pays here",
    "active learning pays here",
)
WORTHWHILE = 0.1
"""Share of answers saved below which it hardly pays."""

WAVERING = 0.05
"""Share of answers the baseline may save against itself without a word about it."""


def _pays(it: Comparison, best: Outcome, its: Reached) -> str:
    """Compare it with the soonest that the target was reached without it, all else being equal."""
    twin = _twin(it, best)
    without = [it.reference, it.first, twin.labels if twin else None]
    saved = 1 - its.labels / min(labels for labels in without if labels is not None)
    return _PAYS[(saved > 0) + (saved >= WORTHWHILE)]


def _twin(it: Comparison, best: Outcome) -> Outcome | None:
    """The baseline's strategy with the features and batches of the best."""
    wanted = replace(best.config, strategy=it.baseline.strategy)
    return next((outcome for outcome in it.outcomes if outcome.config == wanted), None)


def _itself(it: Comparison, base: str) -> str:
    """A curve that wavers reaches its own end before the end; then savings look too good."""
    if it.first is None or it.first > (1 - WAVERING) * it.reference:
        return ""
    return f" ({base} itself first had it with {it.first:,})"


def _goal(it: Comparison, base: str) -> str:
    if it.asked:
        return f"{it.called} {it.target:g}"
    return f"{base}'s {it.called} at {count(it.budget, 'label')} ({decimals(it.target)})"


def _base_too(it: Comparison, base: str) -> str:
    """What the baseline needed, where the goal doesn't say so."""
    if not it.asked:
        return ""
    if not it.reached:
        return f", {base} not with {it.budget:,}"
    return f", {base} with {it.reference:,}"


def _fewer(it: Comparison, saved: float) -> str:
    if saved > 0:
        return f"{'' if it.reached else 'at least '}{percent(saved)} fewer answers"
    return f"{percent(-saved)} more answers" if saved < 0 else "no fewer answers"


def _like_with_like(it: Comparison, best: Outcome, called: Mapping[Config, str]) -> str:
    """How the twin of the best did, if that isn't the baseline."""
    twin = _twin(it, best)
    if twin is None or twin.config == it.baseline:
        return ""
    needed = "never did" if twin.labels is None else f"needed {twin.labels:,}"
    return f" ({called[twin.config]} {needed})"


def _half(it: Comparison, outcome: Outcome, base: str) -> str:
    """How it was on the way, for what doesn't pay to the end may pay until then."""
    labels, value = it.half
    if outcome.labels_half is None or outcome.labels_half >= labels:
        return ""
    return (
        f"; what {base} had with {count(labels, 'label')} ({decimals(value)}) it had with "
        f"{outcome.labels_half:,}"
    )


def _seeds(outcome: Outcome) -> str:
    """What the numbers rest on."""
    if len(outcome.by_seed) == 1:
        return "; one seed only: use --seeds 3 or more before you rely on this"
    spread = spread_of(outcome) if outcome.labels is not None else ""
    return f"; mean of {len(outcome.by_seed)} seeds" + (f" ({spread})" if spread else "")


def spread_of(outcome: Outcome) -> str:
    """``73 to 110``: the least and most labels a seed needed."""
    needed = [labels for labels in outcome.by_seed if labels is not None]
    if not needed or len(outcome.by_seed) == 1:
        return ""
    if len(needed) < len(outcome.by_seed):
        return f"{min(needed):,} to never"
    return f"{min(needed):,} to {max(needed):,}"


# --- the table ----------------------------------------------------------------------------------


def summary_heads(it: Comparison) -> tuple[str, ...]:
    """The heads of :func:`summary_row`."""
    spread = ("seeds",) if len(it.outcomes[0].by_seed) > 1 else ()
    return (
        "at the end",
        "accuracy",
        it.called,
        f"labels to {decimals(it.target)}",
        *spread,
        "saved",
    )


def summary_row(it: Comparison, outcome: Outcome, called: Mapping[Config, str]) -> tuple[str, ...]:
    """What a configuration came to, as words."""
    spread = (spread_of(outcome) or "-",) if len(outcome.by_seed) > 1 else ()
    return (
        called[outcome.config],
        decimals(outcome.accuracy),
        decimals(it.end(outcome)),
        "not reached" if outcome.labels is None else f"{outcome.labels:,}",
        *spread,
        _saved(it, outcome.saved),
    )


def _saved(it: Comparison, saved: float | None) -> str:
    if saved is None:
        return "-"
    if saved < 0:
        return f"-{percent(-saved)}"
    return ("" if it.reached else "at least ") + percent(saved)


def saved_against(it: Comparison, called: Mapping[Config, str]) -> str:
    """What savings are a share of."""
    base, labels = called[it.baseline], count(it.reference, "label")
    if not it.asked:
        return f"saved: of the {labels} that {base} was given"
    if it.reached:
        return f"saved: of the {labels} that {base} needed"
    return f"saved: of the {labels} with which {base} did not reach it, so at least"


def told(it: Point | Full) -> str:
    """The measures of a model, in words."""
    if it.mean_absolute_error is None:
        return f"accuracy {decimals(it.accuracy)}, macro-F1 {decimals(it.macro_f1)}"
    return f"accuracy {decimals(it.accuracy)}, mean absolute error {it.mean_absolute_error:.3f}"

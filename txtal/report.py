"""What the runs of a simulation come to: labels saved, one plain sentence, and a page of HTML.

Pure functions of the runs. The page is one file that needs nothing else: no script, no font, no
picture from elsewhere. Every text in it that comes from the data or the command is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil
from statistics import fmean
from typing import Any, Literal

from txtal import charts
from txtal import page as html
from txtal.charts import COLOURS, Level, marker
from txtal.page import row_cells, safe
from txtal.simulation import Config, Full, Run
from txtal.text import clean, count

Measure = Literal["accuracy", "macro_f1"]

MEASURES: Mapping[Measure, str] = {"accuracy": "accuracy", "macro_f1": "macro-F1"}

BASELINE = "random"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one configuration came to."""

    config: Config
    accuracy: float
    """At the end, mean over the seeds, as is macro_f1."""
    macro_f1: float
    labels: int | None
    """Labels with which the mean macro-F1 reached the target; None if it never did."""
    by_seed: tuple[int | None, ...]
    """The same for each seed by itself."""
    saved: float | None
    """1 - labels / the reference."""
    labels_half: int | None
    """Labels with which it reached what the baseline had at half of the budget."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The configurations with the same noise, held against one of them."""

    noise: float
    baseline: Config
    budget: int
    target: float
    """The macro-F1 to reach: asked for, or the baseline's at the end."""
    asked: bool
    reached: bool
    """Whether the baseline reached it; if not, what is saved is at least that."""
    reference: int
    """Labels that savings are measured against: what the baseline needed, or the budget."""
    half: tuple[int, float]
    """The labels and mean macro-F1 of the baseline's point at half of the budget."""
    outcomes: tuple[Outcome, ...]

    @property
    def first(self) -> int | None:
        """Labels with which the baseline itself first reached the target."""
        return next(o.labels for o in self.outcomes if o.config == self.baseline)


# --- the figures --------------------------------------------------------------------------------


def levels(runs: Sequence[Run], measure: Measure) -> list[Level]:
    """The mean, least and greatest of runs that were measured after the same numbers of labels."""
    found: dict[int, list[float]] = {}
    for run in runs:
        for point in run.curve:
            found.setdefault(point.labels, []).append(getattr(point, measure))
    return [Level(n, fmean(values), min(values), max(values)) for n, values in found.items()]


def labels_needed(curve: Sequence[tuple[int, float]], target: float) -> int | None:
    """Labels with which a curve first reaches ``target``, rounded up; None if it never does.

    Between two points the curve is a straight line. Before the first nothing is known: a curve
    that begins above the target needed at most the labels of its first point.
    """
    before: tuple[int, float] | None = None
    for labels, value in curve:
        if value >= target:
            if before is None:
                return labels
            share = (target - before[1]) / (value - before[1])
            return ceil(round(before[0] + share * (labels - before[0]), 6))
        before = labels, value
    return None


def compare(runs: Sequence[Run], target: float | None = None) -> list[Comparison]:
    """A comparison for each level of noise, in the order of the runs.

    The baseline is the first configuration with random, or the first at all. Without a target it
    is the baseline's mean macro-F1 at the end, so that the budget is what the baseline needed.
    """
    noises: dict[float, dict[Config, list[Run]]] = {}
    for run in runs:
        noises.setdefault(run.config.noise, {}).setdefault(run.config, []).append(run)
    return [_comparison(noise, groups, target) for noise, groups in noises.items()]


def _comparison(
    noise: float, groups: Mapping[Config, Sequence[Run]], asked: float | None
) -> Comparison:
    baseline = next((c for c in groups if c.strategy == BASELINE), next(iter(groups)))
    curve = _means(groups[baseline])
    budget, last = curve[-1]
    target = last if asked is None else asked
    needed = budget if asked is None else labels_needed(curve, target)
    reference = budget if needed is None else needed
    half = curve[(len(curve) - 1) // 2]
    outcomes = [
        _outcome(config, runs, target, reference, half[1]) for config, runs in groups.items()
    ]
    return Comparison(
        noise,
        baseline,
        budget,
        target,
        asked is not None,
        needed is not None,
        reference,
        half,
        tuple(outcomes),
    )


def _outcome(
    config: Config,
    runs: Sequence[Run],
    target: float,
    reference: int,
    half: float,
) -> Outcome:
    curve = _means(runs)
    labels = labels_needed(curve, target)
    return Outcome(
        config,
        levels(runs, "accuracy")[-1].mean,
        levels(runs, "macro_f1")[-1].mean,
        labels,
        tuple(labels_needed(_means([run]), target) for run in runs),
        None if labels is None else 1 - labels / reference,
        labels_needed(curve, half),
    )


def _means(runs: Sequence[Run]) -> list[tuple[int, float]]:
    return [(level.labels, level.mean) for level in levels(runs, "macro_f1")]


def to_json(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """The figures as ``simulate --json`` has them under ``summary``."""
    return {
        "measure": "macro_f1",
        "budget": comparisons[0].budget,
        "targets": [
            {
                "noise": comparison.noise,
                "target": round(comparison.target, 6),
                "baseline": asdict(comparison.baseline),
                "labels": comparison.reference,
                "half": {"labels": comparison.half[0], "macro_f1": round(comparison.half[1], 6)},
                "reached": comparison.reached,
            }
            for comparison in comparisons
        ],
        "configurations": [
            _outcome_json(outcome) for comparison in comparisons for outcome in comparison.outcomes
        ],
        "conclusion": conclusion(comparisons),
    }


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        **asdict(outcome.config),
        "seeds": len(outcome.by_seed),
        "accuracy": round(outcome.accuracy, 6),
        "macro_f1": round(outcome.macro_f1, 6),
        "labels": outcome.labels,
        "labels_by_seed": list(outcome.by_seed),
        "saved": None if outcome.saved is None else round(outcome.saved, 4),
        "labels_half": outcome.labels_half,
    }


# --- words --------------------------------------------------------------------------------------


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


def conclusion(comparisons: Sequence[Comparison]) -> str:
    """Whether active learning pays, with which strategy, and the numbers: a sentence a noise."""
    several = len(comparisons) > 1
    said = []
    for each in comparisons:
        sentence = _sentence(each)
        if several or each.noise:
            sentence = f"{noise_name(each.noise)}, {sentence}"
        said.append(_upper(sentence))
    return " ".join(said)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def noise_name(noise: float) -> str:
    return f"With {_percent(noise)} wrong answers" if noise else "Without wrong answers"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %" if share < 0.01 else f"{100 * share:.0f} %"


def _sentence(it: Comparison) -> str:
    called = names(outcome.config for outcome in it.outcomes)
    base = called[it.baseline]
    others = [o for o in it.outcomes if o.config.strategy != it.baseline.strategy]
    if not others:
        return f"only {it.baseline.strategy} was run: name another strategy to compare it with."
    reached = [outcome for outcome in others if outcome.labels is not None]
    if not reached:
        nearest = max(others, key=lambda outcome: outcome.macro_f1)
        if it.asked and not it.reached:
            return (
                f"nothing reached macro-F1 {it.target:g} within {count(it.budget, 'label')}: ask "
                "for less with --target, or allow more with --budget."
            )
        return (
            f"{_PAYS[0]}: no other strategy reached {_goal(it, base)} within "
            f"{count(it.budget, 'label')}{_base_too(it, base)}; the nearest was "
            f"{called[nearest.config]} with {nearest.macro_f1:.3f} at the end"
            f"{_half(it, nearest, base)}{_seeds(nearest)}."
        )
    lasting = [outcome for outcome in reached if outcome.macro_f1 >= it.target]
    best = min(lasting or reached, key=lambda outcome: (outcome.labels, -outcome.macro_f1))
    assert best.saved is not None
    verdict = _pays(it, best) if lasting else "it isn't clear whether active learning pays here"
    again = f", but was below it again at the end ({best.macro_f1:.3f}){_half(it, best, base)}"
    needed = count(best.labels or 0, "label") if it.asked else f"{best.labels:,}"
    return (
        f"{verdict}: {called[best.config]} reached {_goal(it, base)} with {needed}"
        f"{_base_too(it, base)}: {_fewer(it, best.saved)}{_itself(it, base)}"
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


def _pays(it: Comparison, best: Outcome) -> str:
    """Held against the soonest that the target was reached without it, all else being equal."""
    assert best.labels is not None
    twin = _twin(it, best)
    without = [it.reference, it.first, twin.labels if twin else None]
    saved = 1 - best.labels / min(labels for labels in without if labels is not None)
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
        return f"macro-F1 {it.target:g}"
    return f"{base}'s macro-F1 at {count(it.budget, 'label')} ({it.target:.3f})"


def _base_too(it: Comparison, base: str) -> str:
    """What the baseline needed, where the goal doesn't say so."""
    if not it.asked:
        return ""
    if not it.reached:
        return f", {base} not with {it.budget:,}"
    return f", {base} with {it.reference:,}"


def _fewer(it: Comparison, saved: float) -> str:
    if saved > 0:
        return f"{'' if it.reached else 'at least '}{_percent(saved)} fewer answers"
    return f"{_percent(-saved)} more answers" if saved < 0 else "no fewer answers"


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
        f"; what {base} had with {count(labels, 'label')} ({value:.3f}) it had with "
        f"{outcome.labels_half:,}"
    )


def _seeds(outcome: Outcome) -> str:
    """What the numbers rest on."""
    if len(outcome.by_seed) == 1:
        return "; one seed only, and chance plays its part: try --seeds 3"
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


# --- the page -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page says of how the runs were made."""

    source: str
    test: str
    tested: int
    classes: int
    seeds: int
    audit: float
    txtal: str
    fulls: Mapping[str, Full]


def page(runs: Sequence[Run], comparisons: Sequence[Comparison], facts: Facts) -> str:
    """The whole report."""
    title = f"Does active learning pay on {facts.source}?"
    called = names(run.config for run in runs)
    body = [
        f"<h1>{safe(title)}</h1>",
        f'<p class="answer">{safe(conclusion(comparisons))}</p>',
        *[_section(each, runs, facts) for each in comparisons],
        _made(facts),
        _points(runs, called),
    ]
    return html.page(title, body)


def _section(it: Comparison, runs: Sequence[Run], facts: Facts) -> str:
    configs = [outcome.config for outcome in it.outcomes]
    called = names(configs)
    several = len({run.config.noise for run in runs}) > 1
    heading = f"<h2>{safe(noise_name(it.noise))}</h2>" if several else ""
    charts = "".join(_figure(it, measure, runs, configs, facts) for measure in MEASURES)
    return (
        f"<section>{heading}{_legend(configs, called)}"
        f'<div class="charts">{charts}</div>{_table(it, called)}</section>'
    )


def _legend(configs: Sequence[Config], called: Mapping[Config, str]) -> str:
    items = "".join(
        f'<li><svg class="k{number % COLOURS}" viewBox="0 0 34 14" width="34" height="14" '
        f'aria-hidden="true"><path class="line{_dashed(config)}" d="M1 7H33"/>'
        f"{marker(number, 17, 7)}</svg>{safe(called[config])}</li>"
        for number, config in enumerate(configs)
    )
    return f'<ul class="legend">{items}</ul>'


def _dashed(config: Config) -> str:
    return " dashed" if config.strategy == BASELINE else ""


def _figure(
    it: Comparison,
    measure: Measure,
    runs: Sequence[Run],
    configs: Sequence[Config],
    facts: Facts,
) -> str:
    curves = [levels([run for run in runs if run.config == c], measure) for c in configs]
    title = f"{_upper(MEASURES[measure])} on the test file"
    features = it.baseline.vectoriser
    whose = f", {features}" if len(facts.fulls) > 1 else ""
    lines = [(getattr(facts.fulls[features], measure), f"all labels of the pool{whose}")]
    if measure == "macro_f1":
        lines.append((it.target, "target"))
    classes = [_dashed(config) for config in configs]
    drawn = charts.curves(curves, title, classes=classes, rules=lines)
    told = "band: min to max over seeds" if facts.seeds > 1 else "one seed: no band"
    return html.figure(title, f"against labels; {told}", drawn)


# --- tables and facts ---------------------------------------------------------------------------


def summary_heads(it: Comparison) -> tuple[str, ...]:
    """The heads of :func:`summary_row`."""
    spread = ("seeds",) if len(it.outcomes[0].by_seed) > 1 else ()
    return (
        "at the end",
        "accuracy",
        "macro-F1",
        f"labels to {it.target:.3f}",
        *spread,
        "saved",
    )


def summary_row(it: Comparison, outcome: Outcome, called: Mapping[Config, str]) -> tuple[str, ...]:
    """What a configuration came to, as words."""
    spread = (spread_of(outcome) or "-",) if len(outcome.by_seed) > 1 else ()
    return (
        called[outcome.config],
        f"{outcome.accuracy:.3f}",
        f"{outcome.macro_f1:.3f}",
        "not reached" if outcome.labels is None else f"{outcome.labels:,}",
        *spread,
        _saved(it, outcome.saved),
    )


def _saved(it: Comparison, saved: float | None) -> str:
    if saved is None:
        return "-"
    if saved < 0:
        return f"-{_percent(-saved)}"
    return ("" if it.reached else "at least ") + _percent(saved)


def _table(it: Comparison, called: Mapping[Config, str]) -> str:
    rows = "".join(
        f"<tr>{row_cells(summary_row(it, outcome, called))}"
        f'<td class="bar"><span style="width:{100 * max(0.0, outcome.saved or 0):.0f}%">'
        "</span></td></tr>"
        for outcome in it.outcomes
    )
    heads = "".join(f'<th scope="col">{safe(head)}</th>' for head in summary_heads(it))
    return (
        f'<div class="wide"><table><thead><tr>{heads}<th class="bar"></th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f"<p><small>{safe(_explained(it, called))}</small></p>"
    )


def saved_against(it: Comparison, called: Mapping[Config, str]) -> str:
    """What savings are a share of."""
    base, labels = called[it.baseline], count(it.reference, "label")
    if not it.asked:
        return f"saved: of the {labels} that {base} was given"
    if it.reached:
        return f"saved: of the {labels} that {base} needed"
    return f"saved: of the {labels} with which {base} did not reach it, so at least"


def _explained(it: Comparison, called: Mapping[Config, str]) -> str:
    origin = "as asked for" if it.asked else f"what {called[it.baseline]} had at the end"
    return (
        f"Target: a macro-F1 of {it.target:.3f}, {origin}. Labels: those with which the mean over "
        "the seeds first reached it, on straight lines between the points"
        f"{'; seeds: least and most' if len(it.outcomes[0].by_seed) > 1 else ''}. "
        f"{_upper(saved_against(it, called))}."
    )


def _made(facts: Facts) -> str:
    fulls = "; ".join(
        f"{vectoriser}: accuracy {full.accuracy:.3f}, macro-F1 {full.macro_f1:.3f}"
        for vectoriser, full in facts.fulls.items()
    )
    pool = next(iter(facts.fulls.values())).labels
    rows = (
        ("annotator", f"{facts.source}, {count(pool, 'text')} of {count(facts.classes, 'label')}"),
        ("measured on", f"{facts.test}, {count(facts.tested, 'text')}"),
        ("all labels of the pool", fulls),
        ("seeds", f"{facts.seeds}"),
        ("drawn at random for the audit", _percent(facts.audit)),
        ("made by", f"txtal {facts.txtal}, txtal simulate"),
    )
    return f"<h2>How it was made</h2>{html.facts(rows)}"


def _points(runs: Sequence[Run], called: Mapping[Config, str]) -> str:
    rows = "".join(
        f"<tr>{row_cells((called[config], *row))}</tr>"
        for config in called
        for row in _point_rows([run for run in runs if run.config == config])
    )
    heads = "".join(
        f'<th scope="col">{head}</th>'
        for head in ("run", "labels", *(f"{name}{part}" for name in MEASURES.values()
                                        for part in ("", ", least", ", greatest")))
    )  # fmt: skip
    return (
        "<details><summary>Every point, in numbers</summary>"
        f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        "</div></details>"
    )


def _point_rows(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    for pair in zip(*(levels(runs, measure) for measure in MEASURES), strict=True):
        figures = [f"{v:.3f}" for level in pair for v in (level.mean, level.low, level.high)]
        yield (f"{pair[0].labels:,}", *figures)

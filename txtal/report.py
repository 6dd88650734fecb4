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
from txtal.simulation import Config, Full, Point, Run
from txtal.text import clean, count

Measure = Literal["accuracy", "macro_f1", "mean_absolute_error"]

MEASURES: Mapping[Measure, str] = {"accuracy": "accuracy", "macro_f1": "macro-F1"}
ERROR: Measure = "mean_absolute_error"
NAMES: Mapping[Measure, str] = {**MEASURES, ERROR: "mean absolute error"}

BASELINE = "random"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one configuration came to."""

    config: Config
    accuracy: float
    """At the end, mean over the seeds, as is macro_f1."""
    macro_f1: float
    mean_absolute_error: float | None
    labels: int | None
    """Labels with which the mean of the measure reached the target; None if it never did."""
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
    measure: Measure
    """What is compared: macro-F1, and of ratings the mean absolute error."""
    baseline: Config
    budget: int
    target: float
    """The value to reach: asked for, or the baseline's at the end."""
    asked: bool
    reached: bool
    """Whether the baseline reached it; if not, what is saved is at least that."""
    reference: int
    """Labels that savings are measured against: what the baseline needed, or the budget."""
    half: tuple[int, float]
    """The labels and mean of the baseline's point at half of the budget."""
    outcomes: tuple[Outcome, ...]

    @property
    def called(self) -> str:
        """The measure, in words."""
        return NAMES[self.measure]

    def end(self, outcome: Outcome) -> float:
        """What a configuration had at the end."""
        return float(getattr(outcome, self.measure))

    def merit(self, outcome: Outcome) -> float:
        """The same, where more is better: the less an error, the more."""
        return _merit(self.end(outcome), self.measure)

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

    By macro-F1; by mean absolute error where there is one, which is to fall.

    The baseline is the first configuration with random, or the first at all. Without a target it
    is what the baseline's mean is at the end, so that the budget is what the baseline needed.
    """
    noises: dict[float, dict[Config, list[Run]]] = {}
    for run in runs:
        noises.setdefault(run.config.noise, {}).setdefault(run.config, []).append(run)
    return [_comparison(noise, groups, target) for noise, groups in noises.items()]


def _comparison(
    noise: float, groups: Mapping[Config, Sequence[Run]], asked: float | None
) -> Comparison:
    baseline = next((c for c in groups if c.strategy == BASELINE), next(iter(groups)))
    measure = measure_of(groups[baseline])
    curve = _means(groups[baseline], measure)
    budget, last = curve[-1]
    target = last if asked is None else asked
    needed = budget if asked is None else _needed(curve, target, measure)
    reference = budget if needed is None else needed
    half = curve[(len(curve) - 1) // 2]
    outcomes = [
        _outcome(config, runs, measure, target, reference, half[1])
        for config, runs in groups.items()
    ]
    return Comparison(
        noise,
        measure,
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
    measure: Measure,
    target: float,
    reference: int,
    half: float,
) -> Outcome:
    curve = _means(runs, measure)
    labels = _needed(curve, target, measure)
    return Outcome(
        config,
        levels(runs, "accuracy")[-1].mean,
        levels(runs, "macro_f1")[-1].mean,
        levels(runs, ERROR)[-1].mean if measure == ERROR else None,
        labels,
        tuple(_needed(_means([run], measure), target, measure) for run in runs),
        None if labels is None else 1 - labels / reference,
        _needed(curve, half, measure),
    )


def measure_of(runs: Sequence[Run]) -> Measure:
    """What these runs are compared by."""
    return "macro_f1" if runs[0].curve[-1].mean_absolute_error is None else ERROR


def _merit(value: float, measure: Measure) -> float:
    return -value if measure == ERROR else value


def _means(runs: Sequence[Run], measure: Measure) -> list[tuple[int, float]]:
    return [(level.labels, level.mean) for level in levels(runs, measure)]


def _needed(curve: Sequence[tuple[int, float]], target: float, measure: Measure) -> int | None:
    rising = [(labels, _merit(value, measure)) for labels, value in curve]
    return labels_needed(rising, _merit(target, measure))


def to_json(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """The figures as ``simulate --json`` has them under ``summary``."""
    return {
        "measure": comparisons[0].measure,
        "budget": comparisons[0].budget,
        "targets": [
            {
                "noise": comparison.noise,
                "target": round(comparison.target, 6),
                "baseline": asdict(comparison.baseline),
                "labels": comparison.reference,
                "half": {
                    "labels": comparison.half[0],
                    comparison.measure: round(comparison.half[1], 6),
                },
                "reached": comparison.reached,
            }
            for comparison in comparisons
        ],
        "configurations": [
            _outcome_json(outcome) for comparison in comparisons for outcome in comparison.outcomes
        ],
        "conclusion": conclusion(comparisons),
    }


def _rounded(error: float | None) -> dict[str, float]:
    return {} if error is None else {ERROR: round(error, 6)}


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        **asdict(outcome.config),
        "seeds": len(outcome.by_seed),
        "accuracy": round(outcome.accuracy, 6),
        "macro_f1": round(outcome.macro_f1, 6),
        **_rounded(outcome.mean_absolute_error),
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
        nearest = max(others, key=it.merit)
        if it.asked and not it.reached:
            return (
                f"nothing reached {it.called} {it.target:g} within {count(it.budget, 'label')}: "
                "ask for less with --target, or allow more with --budget."
            )
        return (
            f"{_PAYS[0]}: no other strategy reached {_goal(it, base)} within "
            f"{count(it.budget, 'label')}{_base_too(it, base)}; the nearest was "
            f"{called[nearest.config]} with {it.end(nearest):.3f} at the end"
            f"{_half(it, nearest, base)}{_seeds(nearest)}."
        )
    goal = _merit(it.target, it.measure)
    lasting = [outcome for outcome in reached if it.merit(outcome) >= goal]
    best = min(lasting or reached, key=lambda outcome: (outcome.labels, -it.merit(outcome)))
    assert best.saved is not None
    verdict = _pays(it, best) if lasting else "it isn't clear whether active learning pays here"
    lost = "above" if it.measure == ERROR else "below"
    again = f", but was {lost} it again at the end ({it.end(best):.3f}){_half(it, best, base)}"
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
        return f"{it.called} {it.target:g}"
    return f"{base}'s {it.called} at {count(it.budget, 'label')} ({it.target:.3f})"


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
    charts = "".join(_figure(it, measure, runs, configs, facts) for measure in _shown(it.measure))
    return (
        f"<section>{heading}{_legend(configs, called)}"
        f'<div class="charts">{charts}</div>{_table(it, called)}</section>'
    )


def _shown(measure: Measure) -> Sequence[Measure]:
    """What there are figures of: accuracy, and what is compared."""
    return ("accuracy", measure)


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
    title = f"{_upper(NAMES[measure])} on the test file"
    features = it.baseline.vectoriser
    whose = f", {features}" if len(facts.fulls) > 1 else ""
    lines = [(getattr(facts.fulls[features], measure), f"all labels of the pool{whose}")]
    if measure == it.measure:
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
        it.called,
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
        f"{it.end(outcome):.3f}",
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
        f"Target: a {it.called} of {it.target:.3f}, {origin}. Labels: those with which the mean "
        "over the seeds first reached it, on straight lines between the points"
        f"{'; seeds: least and most' if len(it.outcomes[0].by_seed) > 1 else ''}. "
        f"{_upper(saved_against(it, called))}."
    )


def told(it: Point | Full) -> str:
    """The measures of a model, in words."""
    if it.mean_absolute_error is None:
        return f"accuracy {it.accuracy:.3f}, macro-F1 {it.macro_f1:.3f}"
    return f"accuracy {it.accuracy:.3f}, mean absolute error {it.mean_absolute_error:.3f}"


def _made(facts: Facts) -> str:
    fulls = "; ".join(f"{vectoriser}: {told(full)}" for vectoriser, full in facts.fulls.items())
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
        for head in ("run", "labels", *(f"{NAMES[measure]}{part}" for measure in _of(runs)
                                        for part in ("", ", least", ", greatest")))
    )  # fmt: skip
    return (
        "<details><summary>Every point, in numbers</summary>"
        f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        "</div></details>"
    )


def _of(runs: Sequence[Run]) -> Sequence[Measure]:
    return _shown(measure_of(runs))


def _point_rows(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    for pair in zip(*(levels(runs, measure) for measure in _of(runs)), strict=True):
        figures = [f"{v:.3f}" for level in pair for v in (level.mean, level.low, level.high)]
        yield (f"{pair[0].labels:,}", *figures)

"""A simulation as one page: its conclusion, the curves, the savings, and how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from txtal.reports import charts
from txtal.reports import page as html
from txtal.reports.page import row_cells, safe
from txtal.simulation.comparison import BASELINE, NAMES, Comparison, Measure, levels, measure_of
from txtal.simulation.conclusion import (
    conclusion,
    names,
    noise_name,
    percent,
    saved_against,
    summary_heads,
    summary_row,
    told,
    upper,
)
from txtal.simulation.runs import Config, Full, Run
from txtal.text import count, decimals
from txtal.types import Overlap


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
    overlap: Overlap
    """Of the test texts with the pool's."""


def page(runs: Sequence[Run], comparisons: Sequence[Comparison], facts: Facts) -> str:
    """The whole report."""
    title = f"Does active learning pay on {facts.source}?"
    called = names(run.config for run in runs)
    body = [
        f"<h1>{safe(title)}</h1>",
        f'<p class="answer">{safe(conclusion(comparisons, facts.overlap))}</p>',
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
        f"<section>{heading}{html.legend((called[c], _dashed(c)) for c in configs)}"
        f'<div class="charts">{charts}</div>{_table(it, called)}</section>'
    )


def _shown(measure: Measure) -> Sequence[Measure]:
    """What there are figures of: accuracy, and what is compared."""
    return ("accuracy", measure)


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
    title = f"{upper(NAMES[measure])} on the test file"
    features = it.baseline.vectoriser
    whose = f", {features}" if len(facts.fulls) > 1 else ""
    lines = [(getattr(facts.fulls[features], measure), f"all labels of the pool{whose}")]
    if measure == it.measure:
        lines.append((it.target, "target"))
    classes = [_dashed(config) for config in configs]
    drawn = charts.curves(curves, title, classes=classes, rules=lines)
    told = "band: min to max over seeds" if facts.seeds > 1 else "one seed: no band"
    return html.figure(title, f"against labels; {told}", drawn)


def _table(it: Comparison, called: Mapping[Config, str]) -> str:
    rows = "".join(
        f"<tr>{row_cells(summary_row(it, outcome, called))}"
        f'<td class="bar"><span style="width:{100 * max(0.0, outcome.saved or 0):.0f}%">'
        "</span></td></tr>"
        for outcome in it.outcomes
    )
    heads = html.head_cells(summary_heads(it))
    return (
        f'<div class="wide"><table><thead><tr>{heads}<th class="bar"></th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f"<p><small>{safe(_explained(it, called))}</small></p>"
    )


def _explained(it: Comparison, called: Mapping[Config, str]) -> str:
    origin = "as asked for" if it.asked else f"what {called[it.baseline]} had at the end"
    return (
        f"Target: a {it.called} of {decimals(it.target)}, {origin}. Labels: those with which the "
        "mean over the seeds first reached it, on straight lines between the points"
        f"{'; seeds: least and most' if len(it.outcomes[0].by_seed) > 1 else ''}. "
        f"{upper(saved_against(it, called))}."
    )


def _made(facts: Facts) -> str:
    fulls = "; ".join(f"{vectoriser}: {told(full)}" for vectoriser, full in facts.fulls.items())
    pool = next(iter(facts.fulls.values())).labels
    rows = (
        ("annotator", f"{facts.source}, {count(pool, 'text')} of {count(facts.classes, 'label')}"),
        ("measured on", f"{facts.test}, {count(facts.tested, 'text')}"),
        ("texts in both files", f"{facts.overlap.exact:,}, nearly so {facts.overlap.near:,}"),
        ("all labels of the pool", fulls),
        ("seeds", f"{facts.seeds}"),
        ("drawn at random for the audit", percent(facts.audit)),
        ("made by", f"txtal {facts.txtal}, txtal simulate"),
    )
    return f"<h2>About this report</h2>{html.facts(rows)}"


def _points(runs: Sequence[Run], called: Mapping[Config, str]) -> str:
    measures = [NAMES[measure] for measure in _of(runs)]
    each = [f"{name}{part}" for name in measures for part in ("", ", least", ", greatest")]
    rows = [
        (called[config], *row)
        for config in called
        for row in _point_rows([run for run in runs if run.config == config])
    ]
    return html.folded("Every point, in numbers", html.table(("run", "labels", *each), rows))


def _of(runs: Sequence[Run]) -> Sequence[Measure]:
    return _shown(measure_of(runs))


def _point_rows(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    for pair in zip(*(levels(runs, measure) for measure in _of(runs)), strict=True):
        figures = [decimals(v) for level in pair for v in (level.mean, level.low, level.high)]
        yield (f"{pair[0].labels:,}", *figures)

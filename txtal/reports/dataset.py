"""A dataset as one page: how good its model is, how it came to that, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil

from txtal.measures.agreement import annotator_agreement
from txtal.measures.intervals import Reliability
from txtal.measures.quality import (
    FEWEST_AUDITS,
    LIKE_THOSE_LOADED,
    effort_lines,
    f1,
    hours,
    precision,
    recall,
)
from txtal.reports import charts
from txtal.reports import page as html
from txtal.reports.charts import COLOURS, Level
from txtal.reports.findings import NOTHING, Findings, sections
from txtal.reports.page import safe
from txtal.reports.sources import NOBODY, OtherAnnotators, section
from txtal.store.history import FitRecord, History
from txtal.text import agreed, count, hundredths, percent, shorten, span
from txtal.types import Answer, Effort, Estimate, LabelCounts, Measures, reasons
from txtal.types.grades import in_ranges

WINDOWS = 20
"""Stretches of answers whose labels are shown beside one another, at most."""

BINS = 24
"""Bars of the answers' times."""

MOST_IN_MATRIX = 15
"""Labels up to which the confusion matrix is shown as one."""

MOST_PAIRS = 40
MOST_FITS = 400
_OTHERS = "other labels"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a simulation says that active learning saves."""

    source: str
    strategy: str
    labels: int
    """With which it had what the baseline had with ``reference``."""
    reference: int
    said: str
    """Its conclusion."""


def page(
    history: History,
    effort: Effort | None,
    saved: Saved | None,
    version: str,
    found: Findings = NOTHING,
    *,
    voting: OtherAnnotators = NOBODY,
) -> str:
    """The whole report."""
    dataset = history.dataset
    names = dataset.scheme.names
    measured = [fit for fit in history.fits if fit.measures]
    measures = history.shown
    body = [
        f"<h1>{safe(dataset.name)}</h1>",
        f'<p class="answer">{safe(_answer(history, measures))}</p>',
        *_quality(history, measured),
        *(_labels(history, measures, names) if measures else ()),
        *_annotators(history),
        *section(replace(voting, trusted=found.trusted)),
        *sections(found),
        *_work(history, effort, names),
        *(_savings(saved, effort) if saved else ()),
        _fits(measured or history.fits),
        _made(history, version),
    ]
    return html.page(f"{dataset.name}: txtal report", body)


def _answer(history: History, measures: Measures | None) -> str:
    """The one thing to know."""
    if measures is None:
        given = count(len(history.standing), "answer")
        if history.audits >= FEWEST_AUDITS:
            return f"{given}; how good the model is wasn't measured yet."
        return f"{given}, too few to tickets drawn at random to say how good the model is."
    given = count(measures.answers, "answer")
    if measures.error:
        return f"After {given} the model's mean error is {_grades(measures.error)} grades."
    return (
        f"After {given} the model is right on {_percent(measures.accuracy)} of the tickets; "
        f"macro-F1 {_percent(measures.macro_f1)}."
    )


def _percent(estimate: Estimate) -> str:
    low, high = (hundredths(end) for end in (estimate.low, estimate.high))
    return f"{percent(estimate.value)} (95% interval {low} to {high})"


def _grades(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} (95% interval {estimate.low:.2f} to {estimate.high:.2f})"


# --- how good it is -----------------------------------------------------------------------------


def _quality(history: History, measured: Sequence[FitRecord]) -> Iterator[str]:
    lines = _curves(history, measured)
    if not lines:
        return
    yield "<h2>Quality</h2>"
    drawn = [
        html.figure(
            "Learning curve",
            "against answers; band: 95% interval",
            html.legend((name, "") for name in lines)
            + charts.curves(list(lines.values()), "Quality"),
        )
    ]
    measures = history.shown
    if measures and not history.dataset.scheme.scored:
        drawn.append(
            html.figure(
                "Calibration",
                "how often decisions of each confidence were right; expected calibration error "
                f"{percent(measures.calibration.ece)}",
                charts.calibration(measures.calibration.reliability, "Calibration"),
            )
        )
    yield f'<div class="charts">{"".join(drawn)}</div>'
    if measures:
        yield f"<p><small>{safe(_explained(measures))}</small></p>"


def _curves(history: History, measured: Sequence[FitRecord]) -> dict[str, list[Level]]:
    """The lines of the learning curve by name."""
    found = [fit.measures for fit in measured if fit.measures]
    if not found:
        name = "mean absolute error" if history.dataset.scheme.task == "rating" else "accuracy"
        levels = [_level(answers, estimate) for answers, estimate in history.curve]
        return {name: levels} if levels else {}
    if found[-1].error:
        errors = [_level(one.answers, one.error) for one in found if one.error]
        return {"mean absolute error": errors}
    return {
        "accuracy": [_level(one.answers, one.accuracy) for one in found],
        "macro-F1": [_level(one.answers, one.macro_f1) for one in found],
    }


def _level(answers: int, estimate: Estimate) -> Level:
    return Level(answers, estimate.value, estimate.low, estimate.high)


def _explained(measures: Measures) -> str:
    audit = measures.audit or measures.accuracy
    said = (
        f"From {count(audit.n, 'answer')} to tickets drawn at random, each judged by a model that "
        "had not seen it"
    )
    if measures.error:
        return f"{said}."
    return f"{said}, and the model's confidence; an estimate for {LIKE_THOSE_LOADED}."


# --- labels -------------------------------------------------------------------------------------


def _labels(history: History, measures: Measures, names: Mapping[int, str]) -> Iterator[str]:
    accepted = _accepted(history.standing)
    if history.dataset.scheme.scored:
        counts = {names[label]: accepted[label] for label in names}
        ranges = [(name, f"{n:,}") for name, n in in_ranges(counts).items()]
        yield "<h2>Scores</h2>" + html.table(("scores", "answers"), ranges)
        return
    met = {one.label: one for one in measures.labels}
    order = sorted(names, key=lambda label: -accepted[label])
    yield "<h2>Labels</h2>"
    yield html.table(
        ("label", "precision", "recall", "F1", "support", "answers"),
        [_label_row(names[label], met.get(label), accepted[label]) for label in order],
    )
    yield (
        "<p><small>Precision, recall and F1 on the answers to tickets drawn at random, of which "
        "support counts those with the label; answers counts all.</small></p>"
    )
    if not measures.confusion:
        return
    yield "<h2>Confusion</h2>"
    shown = [label for label in order if label in met]
    if len(shown) <= MOST_IN_MATRIX:
        yield _matrix(shown, measures, names)
        return
    yield html.table(
        ("true", "predicted", "times"),
        [
            (names[label], names[other], f"{times:,}")
            for label, other, times in measures.confusion[:MOST_PAIRS]
            if label in names and other in names
        ],
    )


def _label_row(name: str, counts: LabelCounts | None, answers: int) -> tuple[str, ...]:
    if counts is None:
        return (name, "-", "-", "-", "0", f"{answers:,}")
    said = (percent(share, 0) for share in (precision(counts), recall(counts), f1(counts)))
    return (name, *said, f"{counts.support:,}", f"{answers:,}")


def _matrix(shown: Sequence[int], measures: Measures, names: Mapping[int, str]) -> str:
    """Draw the matrix: true labels in rows, predicted ones in columns; the darker the more."""
    cells = {(label, other): times for label, other, times in measures.confusion}
    cells |= {(one.label, one.label): one.right for one in measures.labels}
    support = {one.label: one.support for one in measures.labels}
    heads = "".join(f'<th scope="col">{n}</th>' for n in range(1, len(shown) + 1))
    rows = []
    for number, label in enumerate(shown, start=1):
        row = "".join(
            f'<td class="heat" style="--heat:{times / max(1, support[label]):.2f}">'
            f"{times or ''}</td>"
            for times in (cells.get((label, other), 0) for other in shown)
        )
        rows.append(f'<tr><th scope="row">{number} {safe(names[label])}</th>{row}</tr>')
    return (
        '<div class="wide"><table><thead><tr><th scope="col">true / predicted</th>'
        f"{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _accepted(standing: Sequence[Answer]) -> Counter[int]:
    return Counter(
        label for answer in standing if answer.verdict == "accept" for label in answer.labels
    )


# --- the work -----------------------------------------------------------------------------------


def _work(history: History, effort: Effort | None, names: Mapping[int, str]) -> Iterator[str]:
    drawn = [*_times(history.standing, effort), *_balance(history.standing, names)]
    if not drawn and not effort:
        return
    yield "<h2>Labelling effort</h2>"
    if effort:
        yield "".join(f"<p>{safe(line)}</p>" for line in effort_lines(effort))
    yield f'<div class="charts">{"".join(drawn)}</div>'


def _times(standing: Sequence[Answer], effort: Effort | None) -> Iterator[str]:
    if effort is None:
        return
    taken = [
        answer.answered - answer.shown
        for answer in standing
        if answer.shown and (not answer.ranked or reasons.timed(answer.ranked.reason))
    ]
    most = max(3 * effort.slow, 1e-3)
    width = charts.ticks(0, most, BINS)[1]
    bins = max(1, ceil(most / width))
    counted = Counter(min(bins - 1, int(max(0.0, seconds) / width)) for seconds in taken)
    heights = [(round(width * (n + 1), 6), float(counted[n])) for n in range(bins)]
    yield html.figure(
        "Time an answer took",
        f"answers against seconds; the last bar holds what took longer; median {effort.median:.1f}",
        charts.bars(heights, "Time an answer took", "s"),
    )


def _balance(standing: Sequence[Answer], names: Mapping[int, str]) -> Iterator[str]:
    given = [answer.labels for answer in standing if answer.verdict == "accept" and answer.labels]
    if len(given) < WINDOWS:
        return
    there = [label for label, _ in _accepted(standing).most_common()]
    frequent = there if len(there) <= COLOURS else there[: COLOURS - 1]
    others = [_OTHERS] if len(frequent) < len(there) else []
    shown = [*(names.get(label, "?") for label in frequent), *others]
    ends = [round(len(given) * n / WINDOWS) for n in range(1, WINDOWS + 1)]
    shares = []
    for begin, end in zip([0, *ends], ends, strict=False):
        counted = Counter(label for labels in given[begin:end] for label in labels)
        all_ = sum(counted.values())
        some = [counted[label] / all_ for label in frequent]
        shares.append([*some, *(max(0.0, 1 - sum(some)) for _ in others)])
    legend = "".join(
        f'<li><svg class="k{number}" viewBox="0 0 14 14" width="14" height="14" '
        f'aria-hidden="true"><path class="bars" d="M1 1H13V13H1Z"/></svg>{safe(shorten(name, 40))}'
        "</li>"
        for number, name in enumerate(shown)
    )
    yield html.figure(
        "Labels over time",
        "their fraction of the labels given, against answers",
        f'<ul class="legend squares">{legend}</ul>'
        + charts.stacks(ends, shares, shown, "Labels over time"),
    )


def _annotators(history: History) -> Iterator[str]:
    found = annotator_agreement(history.standing, history.dataset.scheme)
    if found is None:
        return
    yield "<h2>Annotators</h2>"
    share = found.overall.share
    yield (
        f"<p>{count(share.n, 'ticket')} with several answers: {percent(share.value)} agreement "
        f"({span(share.low, share.high)}), Krippendorff's alpha {_alpha(found.overall)}.</p>"
    )
    worst = sorted(found.labels.items(), key=lambda item: item[1].alpha.value)
    if worst:
        yield html.table(("label", "alpha"), [(name, _alpha(one)) for name, one in worst])
    if found.pairs:
        rows = [
            (" and ".join(pair), f"{one.share.n:,}", percent(one.share.value), _alpha(one))
            for pair, one in found.pairs.items()
        ]
        yield html.table(("annotators", "tickets", "agreement", "alpha"), rows)


def _alpha(found: Reliability) -> str:
    return agreed(found.alpha.value, found.alpha.low, found.alpha.high)


def _savings(saved: Saved, effort: Effort | None) -> Iterator[str]:
    yield "<h2>Compared with random sampling</h2>"
    yield f"<p>{safe(saved.said)}</p>"
    fewer = saved.reference - saved.labels
    if effort and fewer > 0:
        pace = hours(fewer * effort.median / 3600)
        yield f"<p>At {effort.median:.1f} s per answer, {fewer:,} answers take {pace}.</p>"
    yield (
        f"<p><small>{safe(f'Replayed on {saved.source} by txtal simulate.')} Measuring it on "
        f"this dataset would mean labelling it twice.</small></p>"
    )


# --- the fits -----------------------------------------------------------------------------------


def _fits(fits: Sequence[FitRecord]) -> str:
    shown = fits[-MOST_FITS:]
    rows = [
        (
            f"r{fit.revision}",
            _when(fit.at),
            f"{fit.answers:,}",
            f"{fit.seconds:.2f}",
            fit.strategy,
            _of(fit.measures),
        )
        for fit in reversed(shown)
    ]
    heads = ("revision", "at (UTC)", "answers", "seconds", "strategy", "quality")
    return html.folded("Revisions of the model, the newest first", html.table(heads, rows))


def _of(measures: Measures | None) -> str:
    if measures is None:
        return "-"
    return _grades(measures.error) if measures.error else _percent(measures.accuracy)


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _made(history: History, version: str) -> str:
    scheme, standing = history.dataset.scheme, history.standing
    verdicts = Counter(answer.verdict for answer in standing)
    who = Counter(answer.annotator for answer in standing)
    times = f"{_when(standing[0].answered)} and {_when(standing[-1].answered)}" if standing else "-"
    rows = [
        ("task", f"{scheme.task}, {count(len(scheme.labels), 'label')}"),
        ("answers", ", ".join(f"{verdict} {n:,}" for verdict, n in verdicts.items()) or "-"),
        ("between", times),
        ("annotators", ", ".join(f"{name} {n:,}" for name, n in who.items()) or "-"),
        ("made by", f"txtal {version}, txtal report"),
    ]
    return f"<h2>About this report</h2>{html.facts(rows)}"

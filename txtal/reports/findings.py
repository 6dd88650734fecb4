"""The parts of a report that need a model: versions, drift, and problems with the labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from txtal.reports import charts
from txtal.reports import page as html
from txtal.reports.charts import Level
from txtal.reports.page import safe
from txtal.text import count, percent

_MOST_LABELS = 12
"""The maximum number of labels whose change in frequency is shown."""

USUALLY_FAR = 0.05
"""The share of tickets that lie far from earlier ones where there is no drift."""

KINDS = {
    "merge": "might be one label",
    "split": "might be two labels",
    "few": "too few answers",
    "new": "might be a new label",
    "description": "the description doesn't match how the label is used",
}
"""The kinds of remarks on the labels, in words."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A classifier that `train` wrote."""

    number: int
    at: float
    answers: int
    quality: str
    level: Level | None
    """Its accuracy with the interval; None if it wasn't measured, and for ratings."""
    current: bool


@dataclass(frozen=True, slots=True)
class LabelShare:
    """How often a label is predicted, as fractions of earlier and of new tickets."""

    label: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class WeekShare:
    """The tickets of a week, compared with those of the weeks before."""

    week: str
    tickets: int
    far: float
    """The fraction that lies far from those of the weeks before."""
    noticed: bool | None
    """Whether drift was noticed; None with too few tickets to tell."""


@dataclass(frozen=True, slots=True)
class DriftFound:
    """How new tickets differ from those that were there."""

    noticed: bool
    old: int
    new: int
    share_far: float
    mix: tuple[LabelShare, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """A possible problem with the labels."""

    kind: str
    labels: tuple[str, ...]
    why: str
    command: str


@dataclass(frozen=True, slots=True)
class TrainingCurve:
    """How good models of more and more of the answers are on those held out of them."""

    held: int
    """Answers held out."""
    lines: tuple[tuple[str, tuple[Level, ...]], ...]
    """Each measure's name with its levels."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All of these findings; an empty one is not shown."""

    versions: tuple[ModelVersion, ...] = ()
    drift: DriftFound | None = None
    weeks: tuple[WeekShare, ...] = ()
    remarks: tuple[Remark, ...] | None = None
    """None if the labels weren't checked."""
    gap: str = ""
    """Why drift and labels weren't checked, if they weren't."""
    curve: TrainingCurve | None = None
    """Where no answer is to a ticket drawn at random."""
    trusted: Mapping[int, float] = field(default_factory=dict)
    """How often the model expects each source of votes to be right, by its id."""


NOTHING = Findings()


def sections(found: Findings) -> Iterator[str]:
    """Yield the sections that aren't empty, as HTML."""
    yield from _curve(found.curve)
    yield from _versions(found.versions)
    yield from _drift(found.drift, found.weeks)
    yield from _remarks(found.remarks)
    if found.gap:
        yield f"<p><small>{safe(found.gap)}</small></p>"


def _curve(curve: TrainingCurve | None) -> Iterator[str]:
    if curve is None:
        return
    yield "<h2>Quality on answers held out</h2>"
    names, levels = zip(*curve.lines, strict=True)
    drawn = charts.curves(levels, "Training curve")
    legend = html.legend((name, "") for name in names)
    note = "against answers learned from; band: 95% interval"
    yield f'<div class="charts">{html.figure("Training curve", note, legend + drawn)}</div>'
    yield (
        f"<p><small>From {count(curve.held, 'answer')} held out. It holds for other tickets only "
        "if the answers were drawn at random.</small></p>"
    )


def _versions(versions: Sequence[ModelVersion]) -> Iterator[str]:
    if not versions:
        return
    yield "<h2>Model versions</h2>"
    levels = sorted((one.level for one in versions if one.level), key=lambda one: one.labels)
    if len(levels) > 1:
        drawn = charts.curves([levels], "Accuracy of the versions")
        note = "when each was trained, against answers; band: 95% interval"
        yield f'<div class="charts">{html.figure("Accuracy of the versions", note, drawn)}</div>'
    rows = [
        (
            f"v{one.number}{' (in use)' if one.current else ''}",
            datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%d %H:%M"),
            f"{one.answers:,}",
            one.quality,
        )
        for one in reversed(versions)
    ]
    yield html.table(("version", "trained (UTC)", "answers", "quality"), rows)


def _drift(drift: DriftFound | None, weeks: Sequence[WeekShare]) -> Iterator[str]:
    if drift is None and not weeks:
        return
    yield "<h2>Drift</h2>"
    if drift is not None:
        yield f"<p>{safe(_said(drift))}</p>"
        if drift.noticed and drift.words:
            words = ", ".join(drift.words)
            yield f"<p>{safe(f'Words that are new or more frequent: {words}.')}</p>"
        if drift.mix:
            yield html.table(
                ("predicted label", "before", "now"),
                [
                    (one.label, percent(one.before), percent(one.after))
                    for one in drift.mix[:_MOST_LABELS]
                ],
            )
    yield from _weeks(weeks)


def _said(drift: DriftFound) -> str:
    against = f"{count(drift.new, 'ticket')} loaded since the newest answered one"
    if not drift.noticed:
        return f"The {against} are like the {drift.old:,} before: no drift found."
    said = f"The {against} differ from the {drift.old:,} before"
    if drift.share_far <= USUALLY_FAR:
        return f"{said}."
    return f"{said}: {percent(drift.share_far)} lie far from those (5% of the earlier ones do)."


def _weeks(weeks: Sequence[WeekShare]) -> Iterator[str]:
    told = [one for one in weeks if one.noticed is not None]
    if len(told) > 1:
        heights = [(float(n), 100 * one.far) for n, one in enumerate(told, start=1)]
        drawn = charts.bars(heights, "Tickets far from those before, by week", "weeks")
        span = f"% of each week's tickets, {told[0].week} to {told[-1].week}"
        figure = html.figure("Tickets far from those before", span, drawn)
        yield f'<div class="charts">{figure}</div>'
    if weeks:
        words = {True: "drift", False: "no drift found", None: "too few to tell"}
        yield html.table(
            ("week", "tickets", "far from those before", "against the weeks before"),
            [(one.week, f"{one.tickets:,}", percent(one.far), words[one.noticed]) for one in weeks],
        )


def _remarks(remarks: Sequence[Remark] | None) -> Iterator[str]:
    if remarks is None:
        return
    yield "<h2>Advice on the labels</h2>"
    if not remarks:
        yield "<p>No faults found in the labels.</p>"
        return
    for kind, heading in KINDS.items():
        of_kind = [one for one in remarks if one.kind == kind]
        if of_kind:
            items = "".join(
                f"<dt>{safe(' and '.join(one.labels) or 'no label yet')}</dt>"
                f"<dd>{safe(one.why)} <small>{safe(one.command)}</small></dd>"
                for one in of_kind
            )
            yield f"<h3>{safe(heading.capitalize())}</h3><dl>{items}</dl>"

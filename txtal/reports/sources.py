"""The part of a report on annotators that are no people: who votes, and what the model labelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from txtal.reports import page as html
from txtal.reports.page import safe
from txtal.store.predictions import Bound, Checked
from txtal.text import count, in_full, percent, span
from txtal.types import SourceScore


@dataclass(frozen=True, slots=True)
class OtherAnnotators:
    """The rules, commands and carried answers of a dataset, and its newest run of ``finish``."""

    sources: Sequence[SourceScore] = ()
    bound: Bound | None = None
    checks: Checked | None = None
    """None where there is no bound."""
    note: str = ""
    """Of the newest model: it says what votes count."""
    trusted: Mapping[int, float] = field(default_factory=dict)
    """How often the newest model expects each source to be right, by its id."""


NOBODY = OtherAnnotators()


def section(found: OtherAnnotators) -> Iterator[str]:
    """Yield the section as HTML; nothing where nobody votes and nothing was labelled."""
    if not found.sources and found.bound is None:
        return
    yield "<h2>Rules, commands and other sources</h2>"
    if found.sources:
        yield from _sources(found)
    if found.bound is not None:
        yield f"<p>{safe(finish_line(found.bound, found.checks or Checked(0, 0, 0)))}.</p>"


def _sources(found: OtherAnnotators) -> Iterator[str]:
    heads = [
        *("source", "kind", "votes", "coverage", "overlap", "conflicts"),
        *("accuracy", "95% interval", "answers", "of them random"),
    ]
    rows = [_row(one) for one in found.sources]
    if found.trusted:
        heads.append("accuracy in the model")
        for row, one in zip(rows, found.sources, strict=True):
            trust = found.trusted.get(one.source.id)
            row.append("-" if trust is None else percent(trust))
    yield html.table(heads, rows)
    for one in found.sources:
        if one.source.note:
            yield f"<p>{safe(f'{one.source.name}: {one.source.note}')}</p>"
    if found.note:
        yield f"<p>{safe(f'The newest model: {found.note}.')}</p>"
    yield (
        "<p><small>Votes are never answers, and no estimate rests on them. Accuracy is how often "
        "people agree, each answer weighted by its importance. Conflicts are tickets on which "
        f"another source votes otherwise.{_MODEL if found.trusted else ''}</small></p>"
    )


_MODEL = (
    " The accuracy in the model is what the weight of a vote follows from: it is learned from "
    "the answers and from which sources agree, and begins at 70%."
)


def _row(one: SourceScore) -> list[str]:
    shares = (percent(share) for share in (one.coverage, one.overlap, one.conflicts))
    counted = [one.source.name, one.source.kind, f"{one.votes:,}", *shares]
    if one.accuracy is None or one.low is None or one.high is None:
        return [*counted, "-", "-", "0", "0"]
    interval = span(one.low, one.high)
    return [*counted, percent(one.accuracy), interval, f"{one.judged:,}", f"{one.audited:,}"]


def finish_line(bound: Bound, checks: Checked) -> str:
    """Return one sentence on what ``finish`` labelled, without its full stop."""
    if bound.withdrawn is not None:
        return f"txtal finish: its labels are withdrawn: {bound.why}"
    seen = "none checked yet"
    if checks.checks:
        seen = f"{checks.errors:,} of {checks.checks:,} that people checked are wrong"
    return (
        f"txtal finish: {count(bound.labelled, 'ticket')} labelled by the model, at least "
        f"{in_full(bound.precision)} of them right; {seen}"
    )

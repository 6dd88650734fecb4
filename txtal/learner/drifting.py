"""New tickets against those that were labelled: do they drift, how, and which to label about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import numpy as np

from txtal.errors import UsageError
from txtal.learner.apart import Apart
from txtal.learner.fit import Fit
from txtal.learner.source import DatasetSource
from txtal.learning import drift
from txtal.learning.arrays import Features, Indices
from txtal.learning.drift import FEWEST, Shift
from txtal.learning.matrix import IS
from txtal.learning.model import decide
from txtal.store import tickets
from txtal.text import count
from txtal.types import ONE_OF
from txtal.vectors.vectoriser import FIT_TEXTS, Vectoriser

WEEKS = 26
"""The most weeks that are looked at, the newest."""

_DATES = ("date", "created", "created_at", "timestamp", "time", "datetime", "sent", "received")
"""Keys of meta that may hold when a ticket came."""

_MOST_WORDS = 12
_MOST_BEFORE = 500
"""Tickets of the weeks before that a week is compared with, drawn at random."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How often a label is predicted, as fractions of the old and of the new tickets."""

    label: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Week:
    """The tickets of a week against all those of the weeks before."""

    week: str
    tickets: int
    far: float
    """The fraction that lies far from the others."""
    noticed: bool | None
    """Whether drift was noticed; None with too few tickets to tell."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What was found."""

    old: int
    new: int
    noticed: bool
    tests: Mapping[str, float]
    """The probability of so much without drift, by test."""
    share_far: float
    mix: tuple[Mix, ...]
    """Of predicted labels, those that changed most first."""
    words: tuple[str, ...]
    """That more of the new tickets have, the clearest first."""
    unlike: tuple[int, ...]
    """Places of the new tickets that are least like the old ones: those most among new ones."""


def between(fit: Fit, source: DatasetSource, old: Sequence[int], new: Sequence[int]) -> Drift:
    """Compare tickets of the dataset by their ids.

    Raises UsageError for too few on either side.
    """
    there = fit.features.rows([*old, *new])
    old_rows, new_rows = there[: len(old)], there[len(old) :]
    old_rows, new_rows = old_rows[old_rows >= 0], new_rows[new_rows >= 0]
    ids = fit.features.ids
    matrix = fit.features.matrix
    return _compared(
        fit,
        old_rows,
        np.asarray(matrix[new_rows]) if len(new_rows) else np.empty((0, 1), np.float32),
        lambda places: source.texts(ids[new_rows[places]].tolist()),
        source,
    )


def of_texts(fit: Fit, source: DatasetSource, old: Sequence[int], texts: Sequence[str]) -> Drift:
    """Compare texts from elsewhere with tickets of the dataset. Raises as :func:`between`."""
    rows = fit.features.rows(list(old))
    return _compared(
        fit,
        rows[rows >= 0],
        np.asarray(fit.features.vectoriser.transform(list(texts))),
        lambda places: [texts[place] for place in places.tolist()],
        source,
    )


def _compared(fit: Fit, old: Indices, new: Features, read: Any, source: DatasetSource) -> Drift:
    if len(old) < FEWEST or len(new) < FEWEST:
        raise UsageError(
            f"{count(len(new), 'new ticket')} against {len(old):,} that were there: it takes "
            f"{FEWEST} on each side to tell drift from chance"
        )
    some, places = old[drift.sampled(len(old))], drift.sampled(len(new), seed=1)
    before, after = np.asarray(fit.features.matrix[some]), new[places]
    predicted, mix = _labels(fit, some, before, after)
    texts, new_texts = source.texts(fit.features.ids[some].tolist()), read(places)
    # Features that were fitted to the old tickets alone fit those better than any new ones.
    compared, to = without_numbers(texts), without_numbers(new_texts)
    both = Vectoriser.fit(fit.features.vectoriser.spec, [*compared, *to])
    # What has words of its own is what is looked for: its rows have their whole length here.
    rows = [both.transform(side, foreign=True) for side in (compared, to)]
    found = drift.shift(rows[0], rows[1], predicted)
    words = drift.risen_words(words_of(fit, texts), words_of(fit, new_texts))
    return Drift(
        len(old),
        len(new),
        found.noticed,
        _tests(found),
        found.share_far,
        mix,
        tuple(words[:_MOST_WORDS]),
        tuple(places[drift.newest_kinds(found, 100)].tolist()),
    )


def _tests(found: Shift) -> dict[str, float]:
    tests = {
        "classifier": found.classifier,
        "neighbours": found.neighbours,
        "distance": found.distance,
        "together": found.together,
        "labels": found.mix,
    }
    return {name: round(p, 5) for name, p in tests.items() if p is not None}


def _labels(
    fit: Fit, rows: Indices, before: Features, after: Features
) -> tuple[tuple[Indices, Indices] | None, tuple[Mix, ...]]:
    """Predicted labels of open old tickets and of new ones, for a test, and how the mix changed.

    The model knows the tickets that were answered, so that they are no fair comparison.
    """
    open_ = fit.snapshot.is_open[rows]
    if not fit.model.ready or fit.task not in ONE_OF or open_.sum() < FEWEST:
        return None, ()
    sides = [
        (decide(fit.model.predict_proba(part), fit.task) == IS).argmax(axis=1)
        for part in (before[open_], after)
    ]
    size = len(fit.answered.labels)
    old, new = (np.bincount(side, minlength=size) / len(side) for side in sides)
    order = np.argsort(-np.abs(new - old), kind="stable")
    names = [fit.scheme.names[label] for label in fit.answered.labels]
    mix = tuple(
        Mix(names[column], round(float(old[column]), 4), round(float(new[column]), 4))
        for column in order.tolist()
        if old[column] != new[column]
    )
    return (sides[0], sides[1]), mix


def words_of(fit: Fit, texts: Sequence[str]) -> list[list[str]]:
    """The words of each text, as the dataset's pipeline parts them."""
    tokeniser = fit.features.vectoriser.pipeline.tokeniser
    return [
        [
            token.casefold()
            for tokens in tokeniser.tokens(runs)
            for token in tokens
            if any(character.isalnum() for character in token)
        ]
        for runs in tokeniser.runs(texts)
    ]


def without_numbers(texts: Sequence[str]) -> list[str]:
    """Return the texts with all digits alike: numbers that run on, as dates do, are no drift."""
    return [re.sub(r"\d", "0", text) for text in texts]


class Watch:
    """Looks once whether the tickets loaded since the last answer drift, and says so if they do."""

    def __init__(self, source: DatasetSource, tell: Callable[[str], None]) -> None:
        self._source, self._tell = source, tell
        self._begun: Apart[str] | None = None
        """In a thread: features fitted to both sides take a second, which no answer is to wait."""
        self._told = False

    def look(self, fit: Fit | None) -> bool:
        """Look, if there is a fit and nobody has looked yet; return whether to come back for it."""
        if fit is None or self._told:
            return False
        if self._begun is None:
            self._begun = Apart("drift", partial(notice, fit, self._source))
        with self._source.computing():
            if not self._begun.is_done():
                return True
        self._told = True
        if said := self._begun.result():
            self._tell(said)
        return False


def notice(fit: Fit, source: DatasetSource) -> str:
    """Say in a line that the tickets loaded since the last answer drift; nothing if they don't.

    Nor where there are too few of either to tell.
    """
    answered = [one.ticket_id for one in fit.snapshot.answers]
    old, new = sides(fit.features.ids.tolist(), answered)
    if len(answered) < FEWEST or min(len(old), len(new)) < FEWEST:
        return ""
    if not between(fit, source, old, new).noticed:
        return ""
    name = fit.snapshot.log.dataset.name
    loaded = count(len(new), "ticket")
    return f"the newest {loaded} are unlike those before them: txtal drift {name}"


def sides(ids: Sequence[int], answered: Sequence[int]) -> tuple[list[int], list[int]]:
    """Part the tickets into those up to the newest that was answered, and those after it."""
    last = max(answered, default=0)
    return [one for one in ids if one <= last], [one for one in ids if one > last]


# --- by week ------------------------------------------------------------------------------------


def by_week(fit: Fit, source: DatasetSource) -> list[Week]:
    """Compare each week's tickets with those of the weeks before; none where they have no dates."""
    ids = fit.features.ids
    with source.reading() as conn:
        weeks = _weeks(tickets.metas(conn, ids.tolist()))
    known = sorted(set(weeks) - {None}, key=str)[-WEEKS - 1 :]
    if len(known) < 2:
        return []
    of_week = np.array([week or "" for week in weeks])
    each = drift.LEVEL / (len(known) - 1)  # so that all weeks together keep the level

    def texts(rows: Indices, most: int) -> list[str]:
        return without_numbers(
            source.texts(ids[rows[drift.sampled(len(rows), most=most)]].tolist())
        )

    dated = np.flatnonzero(of_week != "")
    made = Vectoriser.fit(fit.features.vectoriser.spec, texts(dated, FIT_TEXTS))
    found = []
    for week in known[1:]:
        old = np.flatnonzero((of_week < week) & (of_week != ""))
        new = np.flatnonzero(of_week == week)
        if len(old) < FEWEST or len(new) < FEWEST:
            found.append(Week(str(week), len(new), 0.0, None))
            continue
        before, after = (
            made.transform(texts(rows, most), foreign=True)
            for rows, most in ((old, _MOST_BEFORE), (new, drift.MOST))
        )
        shift = drift.shift(before, after, count=max(drift.DEALS, round(2 / each)))
        noticed = shift.together <= each
        found.append(Week(str(week), len(new), round(shift.share_far, 4), noticed))
    return found


def _weeks(metas: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """The week of each, as 2026-W07, by the first key that holds dates in most of them."""
    for key in _DATES:
        weeks = [_week(meta.get(key)) for meta in metas]
        if 2 * sum(week is not None for week in weeks) > len(weeks):
            return weeks
    return [None] * len(metas)


def _week(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        day: date = datetime.fromisoformat(value.strip()).date()
    except ValueError:
        return None
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"

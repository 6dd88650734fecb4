"""What the answers say of a label scheme: labels to merge, to split, to answer more, to add."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Container, Sequence
from itertools import combinations

import numpy as np

from txtal.errors import LearnerError
from txtal.learner import heldout
from txtal.learner.drifting import words_of
from txtal.learner.fit import Fit
from txtal.learner.source import DatasetSource
from txtal.learning import separation, strangers
from txtal.learning.arrays import Floats, Indices
from txtal.learning.drift import risen_words, sampled
from txtal.learning.evaluate import confidence
from txtal.learning.matrix import IS
from txtal.learning.model import decide
from txtal.learning.separation import OverlappingPair
from txtal.text import count, hundredths, percent, shorten
from txtal.types import Advice, Advised, Answer

FEW = 5
"""Answers below which a label is hardly known."""

DISAGREED = 3
"""Number of disputed tickets from which two labels are reported as confused."""

MOST_TICKETS = 6
"""Tickets shown for each piece of advice."""

_EXCERPT = 160
"""Characters of each that are read."""

_MOST_SPLITS = 3
_CONTRADICTED = 0.5
"""Probability above which a description reads like another label, at twice its own or more."""
_WORDS = 5


def advised(fit: Fit, source: DatasetSource) -> Advised:
    """Look for faults of the label scheme, and read the tickets that show them."""
    items = tuple(advice(fit, source))
    ids = sorted({ticket for one in items for ticket in one.tickets})
    texts = (" ".join(text.split()) for text in source.texts(ids))
    excerpts = {ticket: shorten(text, _EXCERPT) for ticket, text in zip(ids, texts, strict=True)}
    return Advised(items, excerpts, len(fit.answered))


def advice(fit: Fit, source: DatasetSource) -> list[Advice]:
    """Look for faults of the label scheme; what is most in need of it first, of each kind."""
    name = fit.snapshot.log.dataset.name
    found: list[Advice] = []
    if fit.task == "exclusive" and fit.model.ready:
        try:
            rows, proba = heldout.predicted(fit)
        except LearnerError:  # too few answers to compare labels by
            rows, proba = np.empty(0, np.int64), np.empty((0, 0), np.float32)
        if len(rows):
            found += _merges(fit, name, rows, proba)
            overlapping = {label for one in found for label in one.labels}
            found += _splits(fit, source, name, rows, overlapping)
    if fit.task in ("exclusive", "multilabel"):
        found += _few(fit, name)
    if fit.task == "exclusive" and fit.model.ready:
        found += _new(fit, source, name)
        found += _descriptions(fit, name)
    return found


# --- labels that overlap --------------------------------------------------------------------------


def _merges(fit: Fit, name: str, rows: Indices, proba: Floats) -> list[Advice]:
    labels = (fit.answered.cells[rows] == IS).argmax(axis=1)
    said = proba.argmax(axis=1)
    differ = disagreements(fit.snapshot.answers)
    names = _names(fit)
    found = []
    for pair in separation.overlapping(proba, labels):
        ids = frozenset(fit.answered.labels[column] for column in (pair.one, pair.other))
        times = differ.get(ids, 0)
        if pair.high >= separation.OVERLAPPING and times < DISAGREED:
            continue
        either = np.isin(labels, [pair.one, pair.other]) & np.isin(said, [pair.one, pair.other])
        shown = fit.answered.tickets[rows[either & (labels != said)]][:MOST_TICKETS]
        smaller, larger = sorted(
            (pair.one, pair.other), key=lambda column: int((labels == column).sum())
        )
        found.append(
            Advice(
                "merge",
                (names[smaller], names[larger]),
                _overlap(pair, times),
                tuple(shown.tolist()),
                _command("label", "merge", name, names[smaller], names[larger]),
            )
        )
    return found


def _overlap(pair: OverlappingPair, times: int) -> str:
    area = f"{percent(pair.area, 0)} ({hundredths(pair.low, 0)}–{hundredths(pair.high, 0)})"
    said = f"separated in {area} of pairs (by chance 50%), {pair.confused} confused"
    differ = f"; annotators differ on {count(times, 'ticket')}" if times else ""
    return f"{said}{differ}"


def disagreements(answers: Sequence[Answer]) -> Counter[frozenset[int]]:
    """Count the tickets on which annotators gave one of two labels each, by the pair."""
    given: dict[int, dict[str, int]] = {}
    for answer in answers:
        if answer.verdict == "accept" and len(answer.labels) == 1:
            given.setdefault(answer.ticket_id, {})[answer.annotator] = answer.labels[0]
    counted: Counter[frozenset[int]] = Counter()
    for by_annotator in given.values():
        pairs = combinations(sorted(set(by_annotator.values())), 2)
        counted.update(frozenset(pair) for pair in pairs)
    return counted


# --- labels that hold two clusters ----------------------------------------------------------------


def _splits(
    fit: Fit, source: DatasetSource, name: str, rows: Indices, overlapping: Container[str]
) -> list[Advice]:
    """Labels to split, but those that are ``overlapping``: they are hardly a label of their own."""
    labels = (fit.answered.cells[rows] == IS).argmax(axis=1)
    names = _names(fit)
    found = []
    clusters = separation.two_clusters(fit.answered.features[rows], labels)
    splits = [one for one in separation.splitting(clusters) if names[one.label] not in overlapping]
    for one in splits[:_MOST_SPLITS]:
        tickets = fit.answered.tickets[rows[labels == one.label]]
        sides = tickets[~one.second], tickets[one.second]
        texts = [words_of(fit, source.texts(side.tolist())) for side in sides]
        words = [
            " ".join(risen_words(texts[1 - place], texts[place])[:_WORDS]) or "no clear words"
            for place in (0, 1)
        ]
        half = MOST_TICKETS // 2
        found.append(
            Advice(
                "split",
                (names[one.label],),
                f"two clusters: {len(sides[0])} tickets ({words[0]}) and {len(sides[1])} "
                f"({words[1]})",
                (*sides[0][:half].tolist(), *sides[1][:half].tolist()),
                _command("label", "split", name, names[one.label], "FIRST", "SECOND"),
            )
        )
    return found


# --- labels with too few answers ------------------------------------------------------------------


def _few(fit: Fit, name: str) -> list[Advice]:
    accepted = (fit.answered.cells == IS).sum(axis=0)
    names = _names(fit)
    return [
        Advice(
            "few",
            (names[column],),
            f"{count(int(accepted[column]), 'answer')}, too few to learn from",
            tuple(fit.answered.tickets[fit.answered.cells[:, column] == IS].tolist()),
            _command("teach", name, "-s", "balance"),
        )
        for column in np.argsort(accepted, kind="stable").tolist()
        if accepted[column] < FEW
    ]


# --- tickets that fit none ------------------------------------------------------------------------


def _new(fit: Fit, source: DatasetSource, name: str) -> list[Advice]:
    rows = fit.snapshot.open_rows
    rows = rows[sampled(len(rows))]
    if not len(rows):
        return []
    features = np.asarray(fit.features.matrix[rows])
    proba = fit.calibrated.predict_proba(features)
    sure = confidence(proba, decide(proba, fit.task), fit.task)
    ids = fit.features.ids[rows]
    others: list[list[str]] | None = None
    found = []
    for group in strangers.groups(features, sure, fit.answered.features):
        if others is None:
            others = words_of(fit, source.texts(fit.answered.tickets.tolist()))
        own = words_of(fit, source.texts(ids[group].tolist()))
        words = risen_words(others, own)[:_WORDS]
        found.append(
            Advice(
                "new",
                (),
                f"{len(group)} open tickets like one another and unlike every answer"
                + (f": {' '.join(words)}" if words else ""),
                tuple(ids[group][:MOST_TICKETS].tolist()),
                _command("label", "add", name, "NEW-LABEL"),
            )
        )
    return found


# --- descriptions ---------------------------------------------------------------------------------


def _descriptions(fit: Fit, name: str) -> list[Advice]:
    """Labels whose description the model would clearly give another label."""
    labels = [label for label in fit.scheme.labels if label.description]
    if not labels:
        return []
    proba = fit.calibrated.predict_proba(
        fit.features.vectoriser.transform([one.description for one in labels], foreign=True)
    )
    columns = {label: column for column, label in enumerate(fit.answered.labels)}
    names = _names(fit)
    found = []
    for label, row in zip(labels, proba, strict=True):
        own = columns[label.id]
        best = contradicting(row, own)
        if best is None:
            continue
        tickets = fit.answered.tickets[fit.answered.cells[:, own] == IS][:MOST_TICKETS]
        found.append(
            Advice(
                "description",
                (label.name, names[best]),
                f"its description reads like {names[best]} ({percent(float(row[best]), 0)})",
                tuple(tickets.tolist()),
                _command("label", "describe", name, label.name, "DESCRIPTION"),
            )
        )
    return found


def contradicting(proba: Floats, own: int) -> int | None:
    """Return the label (k,) that a description reads like, if that is clearly not its ``own``."""
    best = int(proba.argmax())
    return best if proba[best] > _CONTRADICTED and proba[best] > 2 * proba[own] else None


def _names(fit: Fit) -> list[str]:
    """The names of the columns."""
    return [fit.scheme.names[label] for label in fit.answered.labels]


def _command(*words: str) -> str:
    return shlex.join(("txtal", *words))

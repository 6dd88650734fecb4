"""Labelling the open tickets of a dataset as far as a bound on the precision allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from txtal.errors import LearnerError
from txtal.learner.answered import Answered
from txtal.learner.fit import Fit
from txtal.learning.arrays import Cells, Floats, Indices, Mask, usable_rows
from txtal.learning.evaluate import confidence
from txtal.learning.finishing import Outlay, Passed, fewest, outlay, passed, spent
from txtal.learning.matrix import IS
from txtal.learning.model import LinearModel, decide

BLOCK = 8_192
"""Tickets labelled at once."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of the labels."""

    precision: float = 0.95
    confidence: float = 0.95
    """Probability with which it is to hold, after however many tries."""
    per_label: bool = False
    """Whether each label is to keep it by itself."""
    number: int = 1
    """Which try this is."""

    @property
    def level(self) -> float:
        """The upper bound on the probability that this try finds a precision that isn't there."""
        return spent(1 - self.confidence, self.number)

    @property
    def next_level(self) -> float:
        """That of the next try, which more answers would be for."""
        return spent(1 - self.confidence, self.number + 1)


@dataclass(frozen=True, slots=True)
class AutoLabel:
    """A label that the model gives to an open ticket."""

    ticket_id: int
    labels: tuple[int, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Finished:
    """What may be labelled, and by what right."""

    open: int
    unknown: int
    """Of these, tickets without a word that the model knows; none of them may be labelled."""
    audits: int
    """Answers that the bound rests on."""
    bounds: tuple[tuple[int | None, Passed], ...]
    """Each with the label it is for; None: for all together."""
    given: tuple[AutoLabel, ...]
    forecast: tuple[Outlay, ...]
    needed: int
    """Audit answers it takes at the least, without one error, at the next try."""


def finish(fit: Fit, wish: Wish) -> Finished:
    """Label as many open tickets as the bound allows.

    Raises LearnerError where there is no model without the audit's answers, or no audit.
    """
    taught, tested = parts(fit.answered)
    tested &= usable_rows(fit.answered.features)
    if not tested.any():
        raise LearnerError(
            "no answer was picked at random yet, and only those can prove anything; label with "
            "--audit 0.2, or --audit 1 to catch up"
        )
    model = blind_model(fit, taught)
    features, cells = fit.answered.features[tested], fit.answered.cells[tested]
    told = Told.of(model, features)
    right = (told.decided == cells).all(axis=1)  # what an answer leaves open counts as wrong
    temperature = fit.measured.temperature
    expected = Told.of(model.calibrated(temperature), features, told.decided).sure
    rows = fit.snapshot.open_rows
    known = usable_rows(fit.features.matrix[rows])  # of others the model can tell nothing
    unknown, rows = int((~known).sum()), rows[known]
    pool = _all_told(fit, model, rows)
    bounds, may = _tested(fit, wish, told, right, expected, pool)
    labels = np.array(fit.scheme.ids)
    ids = fit.features.ids[rows]
    given = [
        AutoLabel(
            int(ids[at]), tuple(labels[pool.decided[at] == IS].tolist()), float(pool.sure[at])
        )
        for at in np.flatnonzero(may).tolist()
    ]
    forecast = outlay(told.sure, right, pool.sure, wish.precision, wish.next_level)
    open_ = len(rows) + unknown
    done = len(given) / max(1, open_)
    return Finished(
        open_,
        unknown,
        len(right),
        bounds,
        tuple(given),
        tuple(one for one in forecast if one.share > done and one.audits > len(right)),
        fewest(wish.precision, wish.next_level),
    )


def state(fit: Fit, wish: Wish) -> str:
    """Return what changes whenever the test is another: with more answers, or another wish."""
    asked = wish.precision, wish.confidence, wish.per_label
    return repr((fit.snapshot.log.state, fit.features.made, *asked))


def blind_model(fit: Fit, taught: Mask) -> LinearModel:
    """Fit a model to these answers (m,) alone. Raises LearnerError where it can't be."""
    known = fit.answered
    model = fit.trainer.model(known.features[taught], known.rows[taught], known.cells[taught])
    if not model.ready:
        raise LearnerError("the model needs more answers, beside those picked at random")
    return model


def parts(answered: Answered) -> tuple[Mask, Mask]:
    """The answers (m,) that teach, and those that test: the audit's.

    Where nearly all are the audit's, the older half of them teaches.
    """
    audit = answered.audit
    if audit.sum() <= 2 * (~audit).sum():
        return ~audit, audit
    places = {ticket: place for place, ticket in enumerate(answered.selection)}
    order = np.array([places.get(ticket, 0) for ticket in answered.tickets.tolist()])
    older = audit & (order < np.median(order[audit]))
    return ~audit | older, audit & ~older


@dataclass(frozen=True, eq=False, slots=True)
class Told:
    """What a model decides of tickets."""

    decided: Cells
    """(n, k)."""
    sure: Floats
    """(n,): the probability that it is right, as the model has it."""

    @classmethod
    def of(cls, model: LinearModel, features: Floats, decided: Cells | None = None) -> Told:
        proba = model.predict_proba(features)
        made = decide(proba, model.task) if decided is None else decided
        return cls(made, confidence(proba, made, model.task))


def _all_told(fit: Fit, model: LinearModel, rows: Indices) -> Told:
    parts = [Told.of(model, block) for block in _blocks(fit, rows)]
    if not parts:
        k = len(fit.scheme.ids)
        return Told(np.empty((0, k), np.int8), np.empty(0, np.float32))
    return Told(
        np.concatenate([part.decided for part in parts]),
        np.concatenate([part.sure for part in parts]),
    )


def _blocks(fit: Fit, rows: Indices) -> Iterator[Floats]:
    for start in range(0, len(rows), BLOCK):
        yield np.asarray(fit.features.matrix[rows[start : start + BLOCK]], np.float32)


def _tested(
    fit: Fit, wish: Wish, told: Told, right: Mask, expected: Floats, pool: Told
) -> tuple[tuple[tuple[int | None, Passed], ...], Mask]:
    """The bounds that were reached, and which of the pool's tickets they allow to label."""
    if not wish.per_label:
        found = passed(told.sure, right, expected, wish.precision, wish.level)
        if found is None:
            return (), np.zeros(len(pool.sure), np.bool_)
        return ((None, found),), pool.sure >= found.threshold
    may = np.zeros(len(pool.sure), np.bool_)
    bounds: list[tuple[int | None, Passed]] = []
    level = wish.level / len(fit.scheme.ids)  # Bonferroni: all of the bounds hold together
    for column, label in enumerate(fit.scheme.ids):
        mine, theirs = told.decided[:, column] == IS, pool.decided[:, column] == IS
        found = passed(told.sure[mine], right[mine], expected[mine], wish.precision, level)
        if found is not None:
            bounds.append((label, found))
            may |= theirs & (pool.sure >= found.threshold)
    return tuple(bounds), may

"""Measuring a model on the answers it was fitted to, by fits that haven't seen them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from txtal.learner.answered import Answered
from txtal.learning import calibrate, estimate
from txtal.learning.arrays import Cells, Features, Floats, Indices, Mask
from txtal.learning.crossfit import FOLDS, cross_fitting, deal_in_order
from txtal.learning.estimate import Evidence
from txtal.learning.model import LinearModel
from txtal.learning.stepwise import Steps, finished
from txtal.learning.training import Hyperparameters, Trainer
from txtal.types import Estimate, Measures

GROWTH = 1.1
"""Measure again at this many times the answers of the last time, as it takes several fits."""

MOST_CHOSEN = 2_000
"""The most answers to tickets picked by a strategy that count beside those of the audit."""

MOSTLY_ANSWERED = 10
"""Folds of the chosen answers where more tickets are answered than open. They count there, and
models of four fifths of them would be worse than the one of all that is to be measured."""

LONG = 20_000
"""Answers times labels from which measuring takes longer than anybody likes to wait."""

POOL = 1_000
"""Open tickets, drawn at random, that represent all of them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the last measuring found; nothing before the first."""

    answers: int = 0
    """How many there were."""
    hyper: Hyperparameters | None = None
    """How the models were fitted; a measure of one way doesn't hold for another."""
    measures: Measures | None = None
    """Labels are columns."""
    temperature: float = 1.0

    @property
    def headline(self) -> Estimate | None:
        """The one number shown: the accuracy, or for ratings the mean absolute error."""
        return self.measures.headline if self.measures else None

    def is_old(self, answers: int, hyper: Hyperparameters) -> bool:
        """Return whether to measure again: there are a tenth more answers, or fewer."""
        return hyper != self.hyper or not self.answers <= answers < GROWTH * self.answers


NOTHING = Measured()
"""Before the first measuring."""


def enough(answers: int, audits: int) -> bool:
    """Return whether there are answers enough to measure anything."""
    return audits >= estimate.FEWEST or answers >= calibrate.FEWEST


def takes_long(cells: Cells) -> bool:
    """Return whether measuring on answers (n, k) is better done in pauses."""
    return cells.size >= LONG


def measure(
    answered: Answered, trainer: Trainer, model: LinearModel, pool: Features, open_tickets: int
) -> Steps[Measured]:
    """Measure ``model`` by cross-fitting, one fit after the other.

    ``pool`` (p, d) is a sample of the open tickets.
    """
    evidence = yield from gathering(answered, trainer, model, pool, open_tickets)
    count = len(answered)
    if evidence is None:
        return Measured(count, trainer.hyper)
    measures, temperature = estimate.estimated(evidence), estimate.temperature(evidence)
    return Measured(count, trainer.hyper, measures, temperature)


def gather(
    answered: Answered, trainer: Trainer, model: LinearModel, pool: Features, open_tickets: int
) -> Evidence | None:
    """Predict every answer by a model that hadn't seen it; None when no such model can be made."""
    return finished(gathering(answered, trainer, model, pool, open_tickets))


def gathering(
    answered: Answered, trainer: Trainer, model: LinearModel, pool: Features, open_tickets: int
) -> Steps[Evidence | None]:
    """Do what :func:`gather` does, and stop after each fit.

    Audit answers are held out by themselves, so that those models have learned from nearly all. A
    fold's fit starts at a model that has seen no audit answer. The full model would save as much
    time, but a fit stops short of its optimum and would carry over some of what the full model
    knew of the rows held out.
    """
    features, rows, cells, audit = answered.features, answered.rows, answered.cells, answered.audit
    without = trainer.training_set(features[~audit], rows[~audit], cells[~audit])
    blind = yield from trainer.regressing(without)
    yield

    def from_blind(x: Features, used: Indices, y: Cells) -> Steps[LinearModel]:
        known = trainer.training_set(x, used, y)
        regression = yield from trainer.regressing(known, blind)
        return trainer.finish(regression, known)

    real = np.isin(answered.tickets, list(answered.selection))
    parts = MOSTLY_ANSWERED if open_tickets < len(answered.selection) else FOLDS
    folds = np.where(real, _folds(cells, audit, _order(answered), parts), -1)
    proba, known = yield from cross_fitting(
        features, rows, cells, np.where(audit, folds, -1), from_blind
    )
    seen = folds >= 0
    if not audit[seen].all():
        aside = np.where(audit, -1, folds)
        of_chosen, known_of_chosen = yield from cross_fitting(
            features, rows, cells, aside, trainer.modelling
        )
        proba[~audit], known[~audit] = of_chosen[~audit], known_of_chosen[~audit]
    if not known[seen].any(axis=1).all():
        return None
    return Evidence(
        task=trainer.task,
        cells=cells[seen],
        proba=proba[seen],
        known=known[seen],
        audit=audit[seen],
        weights=_weights(answered, open_tickets)[seen],
        asked=len(answered.selection),
        open=open_tickets,
        pool=model.predict_proba(pool),
        trained=model.trained,
    )


def _folds(cells: Cells, audit: Mask, order: Indices, of_chosen: int) -> Indices:
    """Deal out the audit's answers and the others, each to folds (m,); -1 for those left out."""
    folds = deal_in_order(cells, audit, order)
    if (~audit).sum() <= MOST_CHOSEN:
        folds = np.where(audit, folds, deal_in_order(cells, ~audit, order, of_chosen))
    return folds


def _order(answered: Answered) -> Indices:
    """Return the place (m,) of each ticket in the order they were shown."""
    places = {ticket: place for place, ticket in enumerate(answered.selection)}
    return np.array([places.get(ticket, len(places)) for ticket in answered.tickets.tolist()])


def _weights(answered: Answered, open_tickets: int) -> Floats:
    """Return the importance weight (m,) of each answer; see :func:`estimate.importance`."""
    selection = answered.selection
    asked = len(selection)
    probabilities = np.array([np.nan if p is None else p for p in selection.values()])
    weights = estimate.importance(probabilities, asked + open_tickets)
    of_ticket = dict(zip(selection, weights.tolist(), strict=True))
    return np.array([of_ticket.get(ticket, 0.0) for ticket in answered.tickets.tolist()])


def by_label(measures: Measures, labels: Sequence[int]) -> Measures:
    """Replace the columns in the measures by the ids of their labels."""
    return replace(
        measures,
        labels=tuple(replace(one, label=labels[one.label]) for one in measures.labels),
        confusion=tuple((labels[a], labels[b], count) for a, b, count in measures.confusion),
    )

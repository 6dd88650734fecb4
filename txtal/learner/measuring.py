"""What the answers say of the model that was fitted to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from txtal.learning import calibrate, estimate
from txtal.learning.arrays import Cells, Features, Floats, Indices, Mask
from txtal.learning.crossfit import cross_fitted, deal_in_order
from txtal.learning.estimate import Evidence
from txtal.learning.model import LinearModel
from txtal.learning.training import Hyperparameters, Trainer
from txtal.types import Estimate, Measures

GROWTH = 1.1
"""How many times the answers of the last measuring there must be for the next: it takes fits."""

MOST_CHOSEN = 2_000
"""Answers of a strategy's choice up to which they are looked at beside those of the audit."""

POOL = 1_000
"""Open tickets, drawn at random, that stand for all of them."""


@dataclass(frozen=True, eq=False)
class Answered:
    """The answers as arrays, a row each, and how they came to be asked."""

    features: Features
    rows: Indices
    """(m,): of the dataset's features."""
    cells: Cells
    tickets: Indices
    """(m,): ids."""
    audit: Mask
    """(m,): drawn uniformly at random."""
    chances: Mapping[int, float | None]
    """Of each answered ticket that isn't synthetic, in the order they were asked."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a measuring came to, and of what."""

    answers: int = 0
    hyper: Hyperparameters | None = None
    """How the models were made; what is found of one way isn't so of another."""
    measures: Measures | None = None
    """Labels are columns."""
    temperature: float = 1.0

    @property
    def headline(self) -> Estimate | None:
        """The one number: the share right, or of ratings how far they are off."""
        return (self.measures.error or self.measures.accuracy) if self.measures else None

    def is_old(self, answers: int, hyper: Hyperparameters) -> bool:
        """Whether it is time to measure again: there are a tenth more answers, or fewer."""
        return hyper != self.hyper or not self.answers <= answers < GROWTH * self.answers


def enough(answers: int, audits: int) -> bool:
    """Whether there is anything to be found out."""
    return audits >= estimate.FEWEST or answers >= calibrate.FEWEST


def measure(
    answered: Answered, trainer: Trainer, model: LinearModel, pool: Features, open_tickets: int
) -> Found:
    """Measure ``model`` by cross-fitting; ``pool`` (p, d) is a sample of the open tickets."""
    evidence = gather(answered, trainer, model, pool, open_tickets)
    count = len(answered.cells)
    if evidence is None:
        return Found(count, trainer.hyper)
    measures, heat = estimate.estimated(evidence), estimate.temperature(evidence)
    return Found(count, trainer.hyper, measures, heat)


def gather(
    answered: Answered, trainer: Trainer, model: LinearModel, pool: Features, open_tickets: int
) -> Evidence | None:
    """Every answer as seen by a model that hadn't; None when none can be made.

    Audit answers are held out by themselves, so that those models have learned from nearly all. A
    fold's fit starts at a model that has seen no audit answer. The full model would save as much
    time, but a fit stops short of its optimum and would carry over some of what the full model
    knew of the rows held out.
    """
    features, rows, cells, audit = answered.features, answered.rows, answered.cells, answered.audit
    blind = trainer.regression(features[~audit], cells[~audit])

    def from_blind(x: Features, used: Indices, y: Cells) -> LinearModel:
        return trainer.finish(trainer.regression(x, y, blind), x, used, y)

    real = np.isin(answered.tickets, list(answered.chances))
    folds = np.where(real, _folds(cells, audit, _order(answered)), -1)
    proba, known = cross_fitted(features, rows, cells, np.where(audit, folds, -1), from_blind)
    seen = folds >= 0
    if not audit[seen].all():
        aside = np.where(audit, -1, folds)
        of_chosen, known_of_chosen = cross_fitted(features, rows, cells, aside, trainer.model)
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
        asked=len(answered.chances),
        open=open_tickets,
        pool=model.predict_proba(pool),
        trained=model.trained,
    )


def _folds(cells: Cells, audit: Mask, order: Indices) -> Indices:
    """The fold (m,) of each answer among the audit's or among the others; -1 for those left out."""
    folds = deal_in_order(cells, audit, order)
    if (~audit).sum() <= MOST_CHOSEN:
        folds = np.where(audit, folds, deal_in_order(cells, ~audit, order))
    return folds


def _order(answered: Answered) -> Indices:
    """In which (m,) the tickets were asked."""
    places = {ticket: place for place, ticket in enumerate(answered.chances)}
    return np.array([places.get(ticket, len(places)) for ticket in answered.tickets.tolist()])


def _weights(answered: Answered, open_tickets: int) -> Floats:
    """The importance (m,) of each answer."""
    asked = len(answered.chances)
    chances = np.array([np.nan if c is None else c for c in answered.chances.values()])
    weights = estimate.importance(chances, asked + open_tickets)
    of_ticket = dict(zip(answered.chances, weights.tolist(), strict=True))
    return np.array([of_ticket.get(ticket, 0.0) for ticket in answered.tickets.tolist()])


def by_label(measures: Measures, labels: Sequence[int]) -> Measures:
    """The measures with columns replaced by the ids of their labels."""
    return replace(
        measures,
        labels=tuple(replace(one, label=labels[one.label]) for one in measures.labels),
        confusion=tuple((labels[a], labels[b], count) for a, b, count in measures.confusion),
    )

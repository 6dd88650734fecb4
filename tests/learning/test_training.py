"""The whole model: its regression, and what is carried on to neighbours."""

from __future__ import annotations

import numpy as np

from tests.learning.blobs import blobs
from txtal.learning.neighbourhood import Neighbourhood
from txtal.learning.propagation import Propagation
from txtal.learning.training import Hyperparameters, Trainer


def test_a_start_leads_to_the_same_model() -> None:
    features, group = blobs(3, 40)
    cells = np.eye(3, dtype=np.int8)[group]
    trainer = Trainer("exclusive", Hyperparameters())
    rows = np.arange(len(cells))
    known = trainer.training_set(features, rows, cells)
    cold = trainer.regression(known)
    first = trainer.regression(trainer.training_set(features[:60], rows[:60], cells[:60]))
    warm = trainer.regression(known, first)
    np.testing.assert_allclose(
        warm.predict_proba(features), cold.predict_proba(features), atol=5e-3
    )


def test_without_neighbours_nothing_is_carried_on() -> None:
    features, group = blobs(3, 30)
    rows = np.array([0, 31, 61, 5])
    cells = np.eye(3, dtype=np.int8)[group][rows]
    carry = Propagation(Neighbourhood(features))
    none = Trainer("exclusive", Hyperparameters())
    some = Trainer("exclusive", Hyperparameters(), carry)
    known = none.training_set(features[rows], rows, cells)
    regression = none.regression(known)
    assert none.finish(regression, known).coef is regression.coef
    assert np.abs(some.finish(regression, known).coef - regression.coef).max() > 0

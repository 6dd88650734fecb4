"""Expected model change: pick what would move the model most, whatever the answer."""

from __future__ import annotations

import numpy as np

from txtal.learning.arrays import Floats, squared_lengths
from txtal.learning.strategies.pool import Pool


def expected_model_change(pool: Pool) -> Floats:
    """Return the expected length of the gradient an answer adds: sum_y p_y ||x~|| ||p - e_y||.

    Settles and Craven 2008, "An analysis of active learning strategies for sequence labeling
    tasks", expected gradient length. Answer y adds the gradient (p - e_y) x~' to the log loss of
    the linear model, where x~ is the features and a 1 for the intercept and e_y the unit vector
    of y; ||p - e_y||^2 = ||p||^2 - 2 p_y + 1.
    multilabel, binary, rating: each label's or grade's regression by itself, ||x~|| 2 p (1 - p),
    averaged.
    """
    lengths = np.sqrt(squared_lengths(pool.features) + 1)
    if pool.task != "exclusive":
        proba = pool.yes_proba
        return np.asarray(lengths * (2 * proba * (1 - proba)).mean(axis=1))
    proba = pool.proba
    squares = np.square(proba).sum(axis=1, keepdims=True)
    errors = np.sqrt(np.maximum(squares - 2 * proba + 1, 0))
    return np.asarray(lengths * (proba * errors).sum(axis=1))

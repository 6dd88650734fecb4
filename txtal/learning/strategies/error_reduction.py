"""Expected error reduction: pick what would leave the other tickets least uncertain."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from txtal.learning.arrays import Features, Floats, Indices, unit_rows, usable_rows
from txtal.learning.model import usual
from txtal.learning.strategies.order import ahead
from txtal.learning.strategies.pool import Pool

CANDIDATES = 200
"""Size of the random sample that is scored."""

OTHERS = 500
"""Size of the random sample whose uncertainty is measured."""

FAINTEST = 1e-12
"""Smaller probabilities are replaced by this before the logarithm."""


def expected_error_reduction(pool: Pool) -> Floats:
    """Return minus the expected entropy of the pool: -sum_y p_y mean_u H(P_+(x,y)(. | u)).

    Roy and McCallum 2001, "Toward optimal active learning through sampling estimation of error
    reduction", with their log loss. A random sample of ``CANDIDATES`` tickets x is scored, on a
    random sample of ``OTHERS`` tickets u; all other tickets come after, by margin.

    The model P_+(x,y) is not refitted but takes one Newton step towards the answer y, with
    Böhning's bound for the curvature (1992, "Multinomial logistic regression algorithm"): the
    logits of u move by g(x, u) (e_y - p), where g(x, u) = C x~' H^-1 u~ / (1 + C b x~' H^-1 x~)
    and H = I + C b sum of a~ a~' over the answered tickets a; b is 1/2, and 1/4 for a yes or no.
    So what many answers agree on moves little. x~ is the features at unit length and a 1 for the
    intercept.
    multilabel, binary, rating: each label's or grade's yes or no by itself, averaged.
    """
    candidates, others = pool.sample(CANDIDATES), pool.sample(OTHERS)
    remaining = _remaining if pool.task == "exclusive" else _remaining_labels
    pulls = _pulls(pool, candidates, others)
    belief = pool.proba if pool.task == "exclusive" else pool.yes_proba
    proba = np.clip(belief[others], FAINTEST, 1)
    left = [remaining(belief[x], proba, g) for x, g in zip(candidates, pulls, strict=True)]
    return ahead(pool, candidates, -np.array(left, np.float32))


def _pulls(pool: Pool, candidates: Indices, others: Indices) -> Floats:
    """Return g (c, u): how far an answer to each candidate moves the logits of the others."""
    bound = 0.5 if pool.task == "exclusive" else 0.25
    C, _ = usual(pool.task)
    x, u = _extended(pool.features[candidates]), _extended(pool.features[others])
    curvature = np.eye(x.shape[1], dtype=np.float32)
    if pool.answered is not None:
        a = _extended(pool.answered[usable_rows(pool.answered)])
        curvature += C * bound * a.T @ a
    solved = np.linalg.solve(curvature, x.T).T
    own = np.einsum("ij,ij->i", x, solved)[:, None]
    return np.asarray(C * (solved @ u.T) / (1 + C * bound * own))


def _extended(features: Features) -> Features:
    return np.column_stack([unit_rows(features), np.ones(features.shape[0], np.float32)])


def _remaining(belief: Floats, proba: Floats, pull: Floats) -> float:
    """Return the expected mean entropy of ``proba`` (u, k) after an answer.

    An answer y moves every logit by -g p, and that of y by a further g, so the sums over labels
    in the entropy are computed once and then corrected for each y.
    """
    logits = np.log(proba) - np.outer(pull, belief)
    logits -= logits.max(axis=1, keepdims=True)
    odds = np.exp(logits)
    moved, moved_logits = odds * np.exp(pull)[:, None], logits + pull[:, None]
    total = odds.sum(axis=1, keepdims=True) - odds + moved
    total = np.maximum(total, FAINTEST)
    weighed = odds * logits
    weighed = weighed.sum(axis=1, keepdims=True) - weighed + moved * moved_logits
    return float(belief @ (np.log(total) - weighed / total).mean(axis=0))


def _remaining_labels(belief: Floats, proba: Floats, pull: Floats) -> float:
    """Return the same if each label is decided separately."""
    logits = logit(np.minimum(proba, 1 - 1e-7))
    yes = _binary_entropy(logits + np.outer(pull, 1 - belief)).mean(axis=0)
    no = _binary_entropy(logits - np.outer(pull, belief)).mean(axis=0)
    return float((belief * yes + (1 - belief) * no).mean())


def _binary_entropy(logits: Floats) -> Floats:
    """Return the entropy of a yes or no with these logits."""
    return np.asarray(np.logaddexp(0, logits) - logits * expit(logits))

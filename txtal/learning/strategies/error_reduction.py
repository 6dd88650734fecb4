"""Expected error reduction: ask what would leave least doubt about the other tickets."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from txtal.learning.arrays import Features, Floats, Indices, unit_rows, usable_rows
from txtal.learning.model import usual
from txtal.learning.strategies.order import ahead
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.registry import strategy

CANDIDATES = 200
"""Tickets, drawn at random, that are scored."""

OTHERS = 500
"""Tickets, drawn at random, whose doubt is looked at."""

FAINTEST = 1e-12
"""Probabilities are raised to this before their logarithm is taken."""


@strategy("expected-error-reduction")
def expected_error_reduction(pool: Pool) -> Floats:
    """Minus the entropy the pool is expected to keep: -sum_y p_y mean_u H(P_+(x,y)(. | u)).

    Roy and McCallum 2001, "Toward optimal active learning through sampling estimation of error
    reduction", with their log loss. A random sample of ``CANDIDATES`` tickets x is scored, on a
    random sample of ``OTHERS`` tickets u; all other tickets come after, by margin.

    The model P_+(x,y) is not refitted but takes one Newton step towards the answer y, with
    Böhning's bound for the curvature (1992, "Multinomial logistic regression algorithm"): the
    logits of u move by g(x, u) (e_y - p), where g(x, u) = C x~' H^-1 u~ / (1 + C b x~' H^-1 x~)
    and H = I + C b sum of a~ a~' over the answered tickets a; b is 1/2, and 1/4 for a yes or no.
    What many answers hold in place so moves little. x~ is the features at length one and a 1 for
    the intercept.
    multilabel, binary, rating: each label's or grade's yes or no by itself, as a mean over them.
    """
    candidates, others = pool.sample(CANDIDATES), pool.sample(OTHERS)
    remaining = _remaining if pool.task == "exclusive" else _remaining_labels
    pulls = _pulls(pool, candidates, others)
    belief = pool.proba if pool.task == "exclusive" else pool.chances
    proba = np.clip(belief[others], FAINTEST, 1)
    left = [remaining(belief[x], proba, g) for x, g in zip(candidates, pulls, strict=True)]
    return ahead(pool, candidates, -np.array(left, np.float32))


def _pulls(pool: Pool, candidates: Indices, others: Indices) -> Floats:
    """g (c, u): how far an answer to each candidate moves the logits of each of the others."""
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
    """The mean entropy of ``proba`` (u, k) to expect once an answer moved it.

    An answer y moves every logit by -g p and that of y by g besides, so the sums over labels
    that make an entropy are taken once and then mended for each y.
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
    logits = logit(np.minimum(proba, 1 - 1e-7))
    yes = _toss_up(logits + np.outer(pull, 1 - belief)).mean(axis=0)
    no = _toss_up(logits - np.outer(pull, belief)).mean(axis=0)
    return float((belief * yes + (1 - belief) * no).mean())


def _toss_up(logits: Floats) -> Floats:
    """The entropy of yes or no."""
    return np.asarray(np.logaddexp(0, logits) - logits * expit(logits))

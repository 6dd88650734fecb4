"""Query by committee: pick where models of much the same answers disagree (Seung et al. 1992).

The committee is ``MEMBERS`` linear models, each fitted to a bootstrap of the answers (Abe and
Mamitsuka 1998, query by bagging). It scores a random sample of ``SCORED`` tickets; the others
come after, by margin. In a multilabel or binary task it votes yes or no on each label, and the
score is the mean over labels. For ratings, `spread` measures how far apart its grades are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from txtal.learning import grades
from txtal.learning.arrays import Floats
from txtal.learning.model import decide
from txtal.learning.strategies.order import ahead
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.uncertainty import entropies
from txtal.types import Task

MEMBERS = 5
SCORED = 10_000


def qbc(pool: Pool) -> Floats:
    """Return the vote entropy -sum_y V(y)/C ln V(y)/C, where V(y) of C members predict y.

    Dagan and Engelson 1995, "Committee-based sampling for training probabilistic classifiers";
    see :mod:`txtal.learning.strategies.committee` for the committee and its sample.
    """
    return _scored(pool, vote_entropy)


def qbc_kl(pool: Pool) -> Floats:
    """Return the members' mean divergence from their consensus: 1/C sum_c KL(P_c || mean P).

    McCallum and Nigam 1998, "Employing EM and pool-based active learning for text
    classification"; see :mod:`txtal.learning.strategies.committee` for the committee and its
    sample.
    """
    return _scored(pool, mean_divergence)


def spread(pool: Pool) -> Floats:
    """Return the standard deviation of the C members' predictions: for ratings, of the mean grade.

    Burbidge, Rowland and King 2007, "Active learning for regression based on query by committee";
    see :mod:`txtal.learning.strategies.committee` for the committee and its sample.
    exclusive, multilabel, binary: that of the probabilities, as root mean square over labels.
    """
    return _scored(pool, deviation)


def deviation(members: Floats, task: Task) -> Floats:
    """Return how far apart (n,) the predictions of members with probabilities (C, n, k) are."""
    if task == "rating":
        return np.asarray(np.std([grades.expected(proba) for proba in members], axis=0))
    return np.asarray(np.sqrt(members.var(axis=0).mean(axis=1)))


def vote_entropy(members: Floats, task: Task) -> Floats:
    """Return the entropy (n,) of the votes of members with probabilities (C, n, k)."""
    votes = np.array([decide(proba, task) for proba in members])
    return entropies(votes.mean(axis=0, dtype=np.float32), task)


def mean_divergence(members: Floats, task: Task) -> Floats:
    """Return how far (n,) probabilities (C, n, k) are from their mean, the consensus.

    The mean KL divergence from the mean is the entropy of the mean minus the mean entropy.
    """
    each = np.array([entropies(proba, task) for proba in members])
    return np.asarray(np.maximum(entropies(members.mean(axis=0), task) - each.mean(axis=0), 0))


def _scored(pool: Pool, disagreement: Callable[[Floats, Task], Floats]) -> Floats:
    rows = pool.sample(SCORED)
    features = pool.features[rows]
    members = [model.predict_proba(features) for model in pool.committee(MEMBERS)]
    return ahead(pool, rows, disagreement(np.array(members), pool.task))

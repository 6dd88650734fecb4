"""Query by committee: ask where models that know much the same disagree (Seung et al. 1992).

The committee is ``MEMBERS`` linear models, each fitted to a bootstrap of the answers (Abe and
Mamitsuka 1998, query by bagging). It sees a random sample of ``SCORED`` tickets; the others come
after, by margin. Of a multilabel or binary task it votes on each label by itself, yes or no, and
the score is the mean over labels. Of ratings, `spread` says how far apart its grades are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from txtal.learning import grades
from txtal.learning.arrays import Floats
from txtal.learning.model import decide
from txtal.learning.strategies.order import ahead
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.registry import strategy
from txtal.learning.strategies.uncertainty import entropies
from txtal.types import Task

MEMBERS = 5
SCORED = 10_000


@strategy("qbc")
def qbc(pool: Pool) -> Floats:
    """Vote entropy: -sum_y V(y)/C ln V(y)/C, where V(y) of the C members would answer y.

    Dagan and Engelson 1995, "Committee-based sampling for training probabilistic classifiers";
    see :mod:`txtal.learning.strategies.committee` for the committee and its sample.
    """
    return _scored(pool, vote_entropy)


@strategy("qbc-kl")
def qbc_kl(pool: Pool) -> Floats:
    """Mean divergence of the C members from their consensus: 1/C sum_c KL(P_c || mean P).

    McCallum and Nigam 1998, "Employing EM and pool-based active learning for text
    classification"; see :mod:`txtal.learning.strategies.committee` for the committee and its
    sample.
    """
    return _scored(pool, mean_divergence)


@strategy("spread")
def spread(pool: Pool) -> Floats:
    """The standard deviation over the C members of what they predict: of a rating, the mean grade.

    Burbidge, Rowland and King 2007, "Active learning for regression based on query by committee";
    see :mod:`txtal.learning.strategies.committee` for the committee and its sample.
    exclusive, multilabel, binary: of the probabilities, the root of the mean square over labels.
    """
    return _scored(pool, deviation)


def deviation(members: Floats, task: Task) -> Floats:
    """How far apart (n,) predictions of members with probabilities (C, n, k) are."""
    if task == "rating":
        return np.asarray(np.std([grades.expected(proba) for proba in members], axis=0))
    return np.asarray(np.sqrt(members.var(axis=0).mean(axis=1)))


def vote_entropy(members: Floats, task: Task) -> Floats:
    """The entropy (n,) of what members with probabilities (C, n, k) would answer."""
    votes = np.array([decide(proba, task) for proba in members])
    return entropies(votes.mean(axis=0, dtype=np.float32), task)


def mean_divergence(members: Floats, task: Task) -> Floats:
    """How far (n,) probabilities (C, n, k) are from their mean, which is the consensus.

    The mean KL divergence to the mean is the mean's entropy less the mean entropy.
    """
    each = np.array([entropies(proba, task) for proba in members])
    return np.asarray(np.maximum(entropies(members.mean(axis=0), task) - each.mean(axis=0), 0))


def _scored(pool: Pool, disagreement: Callable[[Floats, Task], Floats]) -> Floats:
    rows = pool.sample(SCORED)
    features = pool.features[rows]
    members = [model.predict_proba(features) for model in pool.committee(MEMBERS)]
    return ahead(pool, rows, disagreement(np.array(members), pool.task))

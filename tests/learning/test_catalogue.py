"""What holds of every strategy, whatever the pool."""

from functools import cache

import numpy as np
import pytest

from tests.learning.blobs import accepted, blobs
from txtal.errors import LearnerError
from txtal.learning.model import fit
from txtal.learning.strategies.pool import Pool, score
from txtal.learning.strategies.registry import BUILT_IN, get
from txtal.types import TASKS

NAMES = [*BUILT_IN, "band=0.2..0.9", "high-score=b", "margin:0.8+random:0.2"]
WITHOUT_MODEL = {"auto", "herding", "random", "coreset", "typiclust"}
BLANK, BROKEN = 3, 5


@cache
def learned(task):
    """Twelve answers to three groups of tickets, and a model of them."""
    known, group = blobs(3, 4, seed=1)
    cells = accepted(group, 1 if task == "binary" else 3)
    return known, cells, fit(known, cells, task)


def build(task, features, seed=0) -> Pool:
    """A pool with a model of twelve answers to three groups of tickets."""
    known, cells, model = learned(task)
    labels = ["b", "a", "c"][: cells.shape[1]]
    rng = np.random.default_rng(seed)
    return Pool(features, task, model, known, cells, labels=labels, size=8, rng=rng)


def awkward(kind):
    features = blobs(3, 20)[0]
    if kind == "same":
        return np.ones_like(features)
    if kind == "unusable":
        features[BLANK] = 0
        features[BROKEN, 1] = np.nan
    return features[: {"one": 1, "none": 0}.get(kind)]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", ["usual", "one", "none", "same", "unusable"])
@pytest.mark.parametrize("name", NAMES)
def test_any_pool_is_scored_and_the_same_seed_scores_the_same(name, kind, task):
    features = awkward(kind)
    found = score(get(name), build(task, features))
    assert found.shape == (len(features),)
    assert not np.isnan(found).any()
    if "band" not in name:
        unusable = [BLANK, BROKEN] if kind == "unusable" else []
        assert np.flatnonzero(~np.isfinite(found)).tolist() == unusable
    assert score(get(name), build(task, features)).tolist() == found.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_before_there_is_a_model(name):
    blank = Pool(blobs(3, 20)[0], "exclusive", labels=["a", "b", "c"], size=8)
    if name in WITHOUT_MODEL:
        assert np.isfinite(score(get(name), blank)).all()
    else:
        with pytest.raises(LearnerError, match="starting order"):
            score(get(name), blank)


@pytest.mark.parametrize("name", ["kmeans", "badge", "coreset", "typiclust", "synthesis"])
@pytest.mark.parametrize("task", TASKS)
def test_a_batch_counts_down_and_all_others_come_after_by_margin(name, task):
    pool = build(task, blobs(3, 20)[0])
    found = score(get(name), pool)
    picked = found > 0
    assert sorted(found[picked]) == list(range(1, pool.size + 1))
    others = score(get("margin"), pool)[~picked]
    assert found[~picked] == pytest.approx(others - 1, abs=1e-6)

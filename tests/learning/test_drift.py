"""New tickets against old ones: what is noticed, and how often without cause."""

from __future__ import annotations

import numpy as np
import pytest

from tests.learning.blobs import blobs
from txtal.learning import drift

K = 6


def sides(seed: int, left_out: int | None, size: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """Features of old and of new tickets; the old ones lack a label, if any."""
    rng = np.random.default_rng(seed)
    x, group = blobs(K, 2 * size // K)
    x = x + 0.3 * rng.standard_normal(x.shape).astype(np.float32)
    order = rng.permutation(len(x))
    old, new = order[:size], order[size:]
    if left_out is not None:
        old = old[group[old] != left_out]
    return x[old], x[new]


@pytest.mark.parametrize(
    ("tries", "most"),
    [
        (8, 2),
        pytest.param(40, 5, marks=pytest.mark.slow),  # 2 expected, standard deviation 1.4
    ],
)
def test_labels_that_are_new_are_noticed_and_false_alarms_are_rare(tries: int, most: int) -> None:
    news = range(tries // 2)
    noticed = [drift.shift(*sides(seed, left_out=seed % K), seed=seed) for seed in news]
    assert sum(one.noticed for one in noticed) >= 0.9 * len(news)
    quiet = [drift.shift(*sides(seed, left_out=None), seed=seed) for seed in range(tries)]
    assert sum(one.noticed for one in quiet) <= most


def test_tickets_of_the_new_kind_come_first() -> None:
    old, new = sides(3, left_out=2)
    _, group = blobs(K, 80)
    rng = np.random.default_rng(3)
    rng.standard_normal((480, old.shape[1]))
    of_new = group[rng.permutation(480)[240:]]
    first = drift.newest_kinds(drift.shift(old, new), 10)
    assert (of_new[first] == 2).all()


def test_a_change_of_what_is_predicted_is_noticed() -> None:
    old, new = sides(0, left_out=None)
    rng = np.random.default_rng(0)
    same = rng.integers(0, 3, 240), rng.integers(0, 3, 240)
    other = same[0], np.where(rng.random(240) < 0.3, 0, same[1])
    assert not drift.shift(old, new, same).noticed
    found = drift.shift(old, new, other)
    assert found.mix is not None
    assert found.mix < 0.001
    assert found.noticed
    nothing = np.zeros(50, np.int64)
    assert drift.shift(old, new, (nothing, nothing)).mix == 1.0


def test_words_that_rose() -> None:
    before = [["the", "parcel", "is", "late"]] * 50 + [["the", "bill"]] * 50
    after = [["the", "kettle", "leaks"]] * 30 + [["the", "parcel", "is", "late"]] * 40
    assert set(drift.risen_words(before, after)) == {"kettle", "leaks"}
    assert drift.risen_words(before, before) == []

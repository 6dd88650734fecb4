"""Strategies that pick a batch of tickets unlike one another."""

import numpy as np
import pytest

from tests.learning.pools import circle, order, pool, scores
from txtal.learning.arrays import unit_rows
from txtal.learning.strategies import coverage, diversity
from txtal.learning.strategies.pool import Pool, score
from txtal.learning.strategies.registry import get

TOSS_UP = [0.5, 0.5]

# --- kmeans ---------------------------------------------------------------------------------


def test_kmeans_asks_the_middle_of_each_doubtful_group_the_least_certain_first():
    x = circle(0, 5, 10, 60, 66, 72, 120, 125, 130, 200)
    doubt = [[0.6, 0.4]] * 3 + [[0.52, 0.48]] * 3 + [[0.55, 0.45]] * 3
    assert order("kmeans", pool(*doubt, [1.0, 0.0], features=x, size=3))[:3] == [4, 7, 1]


def test_kmeans_looks_at_the_least_certain_only(monkeypatch):
    monkeypatch.setattr(diversity, "CANDIDATES", 2)
    doubt = [[0.9, 0.1], TOSS_UP, [0.6, 0.4], [0.8, 0.2], [0.55, 0.45], [0.95, 0.05]]
    asked = order("kmeans", pool(*doubt, features=circle(0, 60, 62, 180, 240, 300), size=2))
    assert asked[:2] == [1, 4] or asked[:2] == [4, 2]  # of 1, 4, 2 and 3
    assert asked[-1] == 5


# --- badge ----------------------------------------------------------------------------------


def test_badge_picks_the_longest_gradient_then_by_squared_distance():
    # All with p - e = (-.5, .5), so that a distance is sqrt(.5) that of the features: the squares
    # from the first are 16 + 9 and 16 + 1, a chance of 25/42 for the second ticket.
    x = np.diag([4.0, 3.0, 1.0])
    picks = [order("badge", pool(*[TOSS_UP] * 3, features=x, seed=seed)) for seed in range(400)]
    assert {pick[0] for pick in picks} == {0}
    assert np.mean([pick[1] == 1 for pick in picks]) == pytest.approx(25 / 42, abs=0.06)


def test_badge_knows_the_distances_of_the_gradients_it_never_writes_out(monkeypatch):
    seen = []
    draw = diversity._drawn

    def spy(weights, rng):
        seen.append(weights.copy())
        return draw(weights, rng)

    monkeypatch.setattr(diversity, "_drawn", spy)
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(4), 20)
    x = rng.standard_normal((20, 3))
    monkeypatch.setattr(Pool, "sample", lambda pool, size: np.arange(len(pool)))
    picks = order("badge", pool(*proba, features=x, size=5))[:5]
    errors = proba - np.eye(4)[proba.argmax(axis=1)]
    gradients = np.einsum("ij,ik->ijk", errors, x).reshape(20, -1)
    assert picks[0] == np.square(gradients).sum(axis=1).argmax()
    for known in range(1, 5):
        apart = np.square(gradients[:, None] - gradients[picks[:known]]).sum(axis=2).min(axis=1)
        assert seen[known - 1] == pytest.approx(apart, abs=1e-5)


def test_badge_doesnt_pick_a_copy():
    x = np.repeat(np.eye(2), 3, axis=0)
    found = score(get("badge"), pool(*[TOSS_UP] * 6, features=x, size=4))
    assert sorted(found)[-3:] == [0, 1, 2]  # two picks; the others by margin, 1 - 1


def test_badge_of_labels_by_themselves_takes_the_least_certain_first():
    two = pool([0.9, 0.9], [0.6, 0.9], [0.1, 0.4], task="multilabel", size=1)
    assert order("badge", two)[0] in (1, 2)


# --- coreset --------------------------------------------------------------------------------


def test_coreset_takes_the_farthest_from_all_answered_and_picked():
    four = pool(*[TOSS_UP] * 4, features=circle(10, 90, 180, 182), answered=circle(0), size=3)
    # 180 and 182 are both far, 178 degrees from 0 the latter; then 90 and 10.
    assert scores("coreset", four) == [1, 2, 3, 0]


def test_coreset_looks_at_all_answers_however_many(monkeypatch):
    monkeypatch.setattr(coverage, "CENTRES", 2)
    answered = circle(0, 170, 180, 190, 270)
    assert order("coreset", pool(*[TOSS_UP] * 3, features=circle(60, 175, 300), answered=answered))[
        :2
    ] == [0, 2]


def test_coreset_doesnt_pick_a_copy_and_ignores_length_and_blank_answers():
    x = np.vstack([3 * circle(0), circle(45, 45)])
    answered = np.vstack([circle(0), [[0, 0]], [[np.nan, 1]]]).astype(np.float32)
    found = score(get("coreset"), pool(*[TOSS_UP] * 3, features=x, answered=answered, size=3))
    assert sorted(found) == [0, 0, 1]
    assert found[0] == 0


# --- typiclust ------------------------------------------------------------------------------


def groups() -> tuple[np.ndarray, list[int]]:
    """Groups of 5, 7 and 9 tickets, and the row in the middle of each."""
    angles = [np.linspace(-6, 6, n) + 120 * i for i, n in enumerate((5, 7, 9))]
    return circle(*np.concatenate(angles)), [2, 5 + 3, 12 + 4]


def test_typiclust_asks_the_most_typical_of_each_cluster_the_largest_first():
    x, (small, middling, large) = groups()
    model_free = Pool(x, "exclusive", size=3, rng=np.random.default_rng(0))
    assert order("typiclust", model_free)[:3] == [large, middling, small]


def test_typiclust_leaves_clusters_with_an_answer_for_last():
    x, (small, middling, large) = groups()
    asked = Pool(x, "exclusive", answered=x[[large]], size=2, rng=np.random.default_rng(0))
    assert order("typiclust", asked)[:2] == [middling, small]


def test_typiclust_leaves_the_odd_ones_for_last():
    x, (_, middling, large) = groups()
    odd = np.vstack([x[5:], circle(0, 0, 1, 1)])  # four tickets only, however alike
    asked = Pool(odd, "exclusive", size=3, rng=np.random.default_rng(0))
    assert order("typiclust", asked)[:2] == [large - 5, middling - 5]


def test_typical_is_near_to_the_nearest_by_hand(monkeypatch):
    monkeypatch.setattr(coverage, "NEIGHBOURS", 2)
    x = circle(0, 60, 90, 180)
    # chords 2 sin(half the angle): 60 is 1 and .51764 from its nearest two, 90 is .51764, 1.41421
    closeness = coverage._closeness(unit_rows(x))
    assert closeness[1:3] == pytest.approx([-(1 + 0.51764) / 2, -(0.51764 + 1.41421) / 2], abs=1e-5)
    assert coverage._closeness(x[:1]).tolist() == [0]

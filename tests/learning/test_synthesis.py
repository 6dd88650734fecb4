"""Membership query synthesis, with points worked out by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from tests.learning.pools import order
from txtal.learning.matrix import IS, NOT
from txtal.learning.model import LinearModel
from txtal.learning.strategies import synthesis
from txtal.learning.strategies.pool import Pool, score
from txtal.learning.strategies.registry import get


def linear(task, coef, intercept=0.0) -> LinearModel:
    coef = np.array(coef, np.float32)
    k = len(coef)
    return LinearModel(task, coef, np.full(k, intercept, np.float32), np.ones(k, np.bool_))


def pool(features, model, size=3, **rest) -> Pool:
    rng = np.random.default_rng(0)
    return Pool(np.array(features, np.float32), model.task, model, size=size, rng=rng, **rest)


def points(pool: Pool) -> np.ndarray:
    rows = np.arange(len(pool))
    return synthesis._points(pool, rows, synthesis._boundaries(pool.proba, pool))


AXIS = linear("exclusive", [[1, 0], [-1, 0]])
"""Two labels that tie where x is 0."""


def test_the_point_is_where_the_way_between_the_two_sides_crosses_the_boundary():
    # From (3, 0) to (-1, 4): x is 0 three quarters of the way along, at (0, 3).
    assert points(pool([[3, 0], [-1, 4]], AXIS)) == pytest.approx(np.array([[0, 3]]), abs=1e-4)


def test_a_side_is_the_mean_of_its_tickets_weighted_by_doubt():
    # p_1 - p_2 = tanh(x): 0.76159 at 1 and 0.96403 at 2, so doubts of 0.23841 and 0.03597, and a
    # mean of (1, 0) and (2, 4) at (1.13110, 0.52438). On to (-1, 0), half of whose way left is
    # past 0: x = 0 at 1.13110 / 2.13110 of it, and y = 0.52438 (1 - 0.53076) = 0.24606.
    found = points(pool([[1, 0], [2, 4], [-1, 0]], AXIS))
    assert found == pytest.approx(np.array([[0, 0.24606]]), abs=1e-4)


def test_the_ticket_nearest_to_the_point_comes_first_and_not_the_one_in_most_doubt():
    # The first is in most doubt by far, and far from where most tickets are.
    tickets = [[0.1, 30], [1, 0], [-1, 0], [0.9, 1], [3, 3], [-2, 1]]
    asked = order("synthesis", pool(tickets, AXIS, size=1))
    middle = points(pool(tickets, AXIS, size=1))[0]
    distances = np.linalg.norm(np.array(tickets) - middle, axis=1)
    assert asked[0] == distances.argmin() != 0 == score(get("margin"), pool(tickets, AXIS)).argmax()


THREE = linear("exclusive", [[1, 0], [-0.5, 0.9], [-0.5, -0.9]])


def test_boundaries_take_turns_the_most_doubt_first():
    # Labels 1 and 2 tie where y is 0 and x < 0, and two tickets are in doubt there; 0 and 1 tie
    # where 1.5 x = 0.9 y, with one ticket on either side.
    tickets = [[-3, 0.1], [-3.2, -0.1], [1.2, 2.6], [1.9, 2.4], [5, 0]]
    found = synthesis._boundaries(pool(tickets, THREE).proba, pool(tickets, THREE))
    assert list(zip(found.one, found.other, strict=True))[:2] == [(1, 2), (0, 1)]
    asked = order("synthesis", pool(tickets, THREE, size=3))
    assert asked[0] in (0, 1)
    assert asked[1] in (2, 3)
    assert asked[2] in (0, 1)


def test_the_made_up_point_ties_its_two_labels_and_no_third_is_likelier():
    rng = np.random.default_rng(3)
    model = linear("exclusive", rng.standard_normal((5, 6)))
    several = pool(rng.standard_normal((200, 6)), model, size=50)
    found = synthesis._boundaries(several.proba, several)
    made = points(several)
    assert len(made) == len(found.one)  # every boundary has both its sides
    proba = model.predict_proba(made)
    at = np.arange(len(made))
    assert proba[at, found.one] == pytest.approx(proba[at, found.other], abs=1e-4)
    assert proba[at, found.one] == pytest.approx(proba.max(axis=1), abs=1e-4)


@pytest.mark.parametrize("task", ["multilabel", "binary"])
def test_several_labels_have_a_boundary_each_between_yes_and_no(task):
    coef = [[1, 0], [0, 1]][: 1 if task == "binary" else 2]
    made = points(pool([[2, 1], [-2, 1], [2, -3], [-2, -3]], linear(task, coef)))
    # The way between yes and no crosses x = 0 for the one label, and y = 0 for the other.
    assert np.abs(made).min(axis=1) == pytest.approx(0, abs=1e-4)
    assert len(made) == len(coef)


def test_answered_tickets_stand_in_for_a_side_that_has_none():
    one_sided = [[1, 0], [2, 2]]
    assert order("synthesis", pool(one_sided, AXIS, size=1))  # by margin: no point can be made
    assert not len(points(pool(one_sided, AXIS)))
    cells = np.array([[NOT, IS], [IS, NOT]], np.int8)
    answered = np.array([[-3, 4], [9, 9]], np.float32)
    made = points(pool([[1, 0]], AXIS, answered=answered, cells=cells))
    assert made == pytest.approx(np.array([[0, 1]]), abs=1e-4)  # a quarter of the way to (-3, 4)


def test_sparse_features_give_the_same():
    rng = np.random.default_rng(1)
    features = rng.standard_normal((40, 2)).astype(np.float32)
    dense = pool(features, AXIS, size=5)
    sparse = Pool(csr_array(features), "exclusive", AXIS, size=5, rng=np.random.default_rng(0))
    assert score(get("synthesis"), sparse) == pytest.approx(score(get("synthesis"), dense))

"""Expected model change, expected error reduction and information density."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from tests.learning.pools import circle, pool, scores
from txtal.learning.strategies import error_reduction
from txtal.learning.strategies.density import density
from txtal.learning.strategies.pool import score
from txtal.learning.strategies.registry import get
from txtal.learning.strategies.uncertainty import entropies

# --- expected model change ------------------------------------------------------------------


def test_expected_gradient_length_by_hand():
    # ||x~|| = sqrt(1 + 1 + 1); ||p||^2 = .38; sqrt(.38), sqrt(.78), sqrt(.98) weighed by p
    two = pool([0.5, 0.3, 0.2], [1.0, 0.0, 0.0])
    assert scores("expected-model-change", two) == [1.33569, 0]


def test_expected_gradient_length_is_that_of_the_gradients():
    rng = np.random.default_rng(0)
    proba = softmax(rng.standard_normal((5, 4)), axis=1)
    x = rng.standard_normal((5, 3))
    expected = [
        sum(
            p[y] * np.linalg.norm(np.outer(p - np.eye(4)[y], [*row, 1]))  # the gradient, in full
            for y in range(4)
        )
        for p, row in zip(proba, x, strict=True)
    ]
    assert scores("expected-model-change", pool(*proba, features=x)) == expected


def test_expected_gradient_length_of_labels_by_themselves():
    two = pool([0.5, 0.9], [0.0, 1.0], task="multilabel")
    assert scores("expected-model-change", two) == [np.sqrt(3) * (0.5 + 0.18) / 2, 0]


# --- expected error reduction ---------------------------------------------------------------


def toss_up(logits):
    """The entropy of yes or no."""
    p = expit(logits)
    return -(p * np.log(p) + (1 - p) * np.log(1 - p))


def test_expected_error_by_hand():
    # A single ticket, features 1: x~ = (1, 1), no answers, so H = I and x~'x~ = 2.
    # binary: g = 10 * 2 / (1 + 10 / 4 * 2) = 10/3; yes and no move 0 to +-5/3
    one = pool([0.5], features=[[1.0]], task="binary")
    assert scores("expected-error-reduction", one) == [-toss_up(5 / 3)]
    # exclusive: g = 10 * 2 / (1 + 10 / 2 * 2) = 20/11; the logits part by 20/11
    one = pool([0.5, 0.5], features=[[1.0]])
    assert scores("expected-error-reduction", one) == [-toss_up(20 / 11)]


def test_an_answer_nearby_holds_the_model_in_place():
    # H = I + 10 / 4 x~x~', so x~'H^-1 x~ = 2 / 6 and g = 10/3 / (1 + 10 / 4 / 3) = 20/11
    known = np.ones((1, 1), np.float32)
    one = pool([0.5], features=[[1.0]], task="binary", answered=known)
    assert scores("expected-error-reduction", one) == [-toss_up(10 / 11)]


@pytest.mark.parametrize("task", ["exclusive", "multilabel"])
def test_the_entropy_to_expect_is_that_of_the_moved_logits(task):
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((6, 4))
    pull = rng.standard_normal(6)
    if task == "exclusive":
        proba, belief = softmax(logits, axis=1), softmax(rng.standard_normal(4))
        expected = sum(
            belief[y]
            * entropies(softmax(logits + np.outer(pull, np.eye(4)[y] - belief), axis=1), task)
            for y in range(4)
        )
        found = error_reduction._remaining(belief, proba, pull)
    else:
        proba, belief = expit(logits), expit(rng.standard_normal(4))
        yes, no = (
            toss_up(logits + np.outer(pull, 1 - belief)),
            toss_up(logits - np.outer(pull, belief)),
        )
        expected = belief * yes + (1 - belief) * no
        found = error_reduction._remaining_labels(belief, proba, pull)
    assert found == pytest.approx(np.mean(expected), abs=1e-6)


def test_what_tells_of_many_tickets_is_worth_more_than_what_tells_of_itself():
    x = circle(*[0] * 8, 90)
    one = pool(*[[0.5, 0.5]] * 9, features=x)
    found = score(get("expected-error-reduction"), one)
    assert found[0] > found[8]


def test_only_a_sample_is_scored_for_error_reduction(monkeypatch):
    monkeypatch.setattr(error_reduction, "CANDIDATES", 2)
    five = pool([0.5, 0.5], *[[0.9, 0.1]] * 4, features=circle(0, 20, 40, 60, 80))
    found = score(get("expected-error-reduction"), five)
    first = np.sort(found)[-2:]
    assert (np.sort(found)[:-2] <= first[0] - 1).all()


# --- density --------------------------------------------------------------------------------


def test_information_density_by_hand():
    # The mean of the rows at length one is (2/3, 1/3).
    three = pool(*[[0.5, 0.5]] * 2, [0.8, 0.2], features=[[2, 0], [0, 1], [3, 0]])
    assert scores("density", three) == [2 / 3 * np.log(2), np.log(2) / 3, 2 / 3 * 0.50040]
    assert density(three, beta=2)[:2] == pytest.approx([4 / 9 * np.log(2), np.log(2) / 9], abs=1e-5)


def test_what_is_unlike_the_pool_counts_nothing():
    half = np.log(2) / 2
    four = pool(*[[0.5, 0.5]] * 4, features=circle(0, 0, 0, 180))
    assert scores("density", four) == [half, half, half, 0]


def test_blank_and_broken_rows_are_left_out_of_the_mean():
    features = [[1, 0], [0, 0], [np.nan, 1], [0, 1]]
    half, four = np.log(2) / 2, pool(*[[0.5, 0.5]] * 4, features=features)
    assert scores("density", four) == [half, -np.inf, -np.inf, half]

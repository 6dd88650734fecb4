import numpy as np
import pytest

from tests.learning.pools import order, pool
from txtal.errors import UsageError
from txtal.learning.strategies import mixture as module
from txtal.learning.strategies.mixture import interleave
from txtal.learning.strategies.pool import score
from txtal.learning.strategies.registry import get, strategy


def drawn(*rankings, shares, seed=0) -> list[int]:
    rows = [np.array(ranking, np.int64) for ranking in rankings]
    return interleave(rows, np.array(shares), np.random.default_rng(seed)).tolist()


def test_every_place_goes_to_a_strategy_drawn_by_its_share():
    left, right = range(1000), range(1000, 2000)
    picks = np.array(drawn(left, right, shares=[4, 1]))
    assert len(picks) == module.HEAD
    assert np.mean(picks < 1000) == pytest.approx(0.8, abs=0.04)  # 3 standard errors
    firsts = [drawn(left, right, shares=[0.8, 0.2], seed=seed)[0] for seed in range(200)]
    assert np.mean(np.array(firsts) == 0) == pytest.approx(0.8, abs=0.09)


def test_each_gives_the_best_that_has_no_place_yet():
    picks = drawn(range(9), range(8, -1, -1), shares=[1, 1])
    assert sorted(picks) == list(range(9))
    front = [row for row in picks if row < picks[-1]]
    assert front == sorted(front)  # the first's from the front, the second's from the back


def test_the_places_of_what_has_run_out_go_to_the_others():
    assert drawn([], [1], [2, 1, 0], shares=[8, 1, 1e-9]) == [1, 2, 0]


def test_a_mixture_ranks_by_both_and_keeps_what_neither_would_ask_out():
    three = pool([0.5, 0.5], [0.42, 0.58], [0.3, 0.7], [0.1, 0.9])
    mixed = "band:0.5+band=0.65..0.75:0.5"
    assert order(mixed, three) in ([0, 1, 2], [0, 2, 1], [2, 0, 1])
    assert score(get(mixed), three)[3] == -np.inf


def test_beyond_the_head_all_go_by_margin(monkeypatch):
    monkeypatch.setattr(module, "HEAD", 1)
    four = pool([0.9, 0.1], [0.8, 0.2], [0.5, 0.5], [0.7, 0.3])
    assert order("margin:0.5+entropy:0.5", four) == [2, 3, 1, 0]


# --- names ----------------------------------------------------------------------------------


def test_a_mixture_may_hold_arguments_and_labels_with_signs_in_them():
    two = pool([0.9, 0.1], [0.4, 0.6], labels=["other", "c++"])
    assert order("high-score=c++:1+high-score=c++:.5", two) == [1, 0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("margin:0.8", "bad mixture"),
        ("margin+random", "bad mixture"),
        ("margin:0.8+random", "bad mixture"),
        ("margin:0.8+random:x", "bad mixture"),
        ("margin:1+random:0", "proportion of 0"),
        ("margn:0.8+random:0.2", "did you mean margin"),
        ("margin=3", "'margin' takes no argument"),
        ("margn=3", "did you mean margin"),
    ],
)
def test_names_that_make_no_sense(name, message):
    with pytest.raises(UsageError, match=message):
        get(name)


@pytest.mark.parametrize("name", ["a=b", "a+b", "a:1", "a,b"])
def test_a_name_that_would_read_as_something_else_is_refused(name):
    with pytest.raises(UsageError, match="have a meaning"):
        strategy(name)(lambda pool: np.zeros(len(pool)))

"""Strategies that look for certain tickets: of rare labels, of one label, of some probability."""

import numpy as np
import pytest

from tests.learning.pools import order, pool, scores
from txtal.errors import LearnerError, UsageError
from txtal.learning.matrix import UNKNOWN
from txtal.learning.strategies.pool import score
from txtal.learning.strategies.registry import check, get


def cells(*rows) -> np.ndarray:
    return np.array(rows, np.int8)


# --- balance --------------------------------------------------------------------------------


def test_balance_by_hand():
    known = cells([1, 0], [1, 0], [1, 0])
    two = pool([0.5, 0.5], [0.2, 0.8], cells=known)
    assert scores("balance", two) == [0.5 / 4 + 0.5, 0.2 / 4 + 0.8]


def test_balance_of_labels_by_themselves_looks_for_the_rarer_side():
    known = cells([1, 1], [0, UNKNOWN], [0, 1])  # yes 1 and 2, no 2 and 0
    one = pool([0.5, 0.9], task="multilabel", cells=known)
    assert scores("balance", one) == [(0.5 / 2 + 0.5 / 3 + 0.9 / 3 + 0.1 / 1) / 2]
    binary = pool([0.9], [0.1], task="binary", cells=cells([1], [1], [0]))
    assert order("balance", binary) == [1, 0]


def test_balance_without_answers_has_nothing_to_balance():
    assert scores("balance", pool([0.5, 0.5], [0.9, 0.1])) == [1, 1]


# --- high-score -----------------------------------------------------------------------------


def test_high_score_hunts_the_labels_with_fewest_answers():
    known = cells([1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0])
    three = pool([0.9, 0.1, 0, 0], [0.2, 0.3, 0.5, 0], [0, 0.6, 0.4, 0], cells=known)
    assert scores("high-score", three) == [0.1, 0.5, 0.6]  # the last was never accepted


def test_high_score_without_answers_looks_at_every_label():
    assert scores("high-score", pool([0.9, 0.1], [0.4, 0.6])) == [0.9, 0.6]


@pytest.mark.parametrize("label", ["refund", "c++", "a:1", "x=y"])
def test_high_score_hunts_the_label_it_is_told(label):
    two = pool([0.9, 0.1], [0.4, 0.6], labels=["other", label])
    assert scores(f"high-score={label}", two) == [0.1, 0.6]


def test_high_score_of_no_label_says_which_there_are():
    for labels, known in ((["a", "b"], "a, b"), ([], "unknown")):
        with pytest.raises(LearnerError, match=f"'typo', which is no label.*labels: {known}"):
            score(get("high-score=typo"), pool([0.5, 0.5], labels=labels))


# --- band -----------------------------------------------------------------------------------


def test_band_by_hand():
    five = pool([0.5, 0.5], [0.45, 0.55], [0.4, 0.6], [0.39, 0.61], [1, 0])
    assert scores("band", five) == [1, 0.5, 0, -np.inf, -np.inf]
    assert scores("band=0.5..0.7", five) == [0, 0.5, 1, 0.9, -np.inf]


def test_band_of_labels_by_themselves_takes_the_nearest():
    two = pool([0.1, 0.45], [0.1, 0.9], task="multilabel")
    assert scores("band", two) == [0.5, -np.inf]


@pytest.mark.parametrize("bounds", ["", "0.4", "0.6..0.4", "0.5..0.5", "0.4..1.5", "a..b", "..nan"])
def test_a_band_must_be_two_probabilities(bounds):
    for known in (get, check):
        with pytest.raises(UsageError, match=r"band=0\.4\.\.0\.6"):
            known(f"band={bounds}")


def test_what_a_name_asks_for_is_checked_before_anything_is_imported():
    for name in ("margin=0.5", "margin:0.5+entropy=x:0.5"):
        with pytest.raises(UsageError, match="takes no argument"):
            check(name)
    for name in ("band=0.4..0.6", "high-score=a b", "band:0.5+high-score=x:0.5", "auto"):
        check(name)

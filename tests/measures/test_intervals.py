"""Agreement and its interval, against figures worked out by hand."""

from __future__ import annotations

import pytest
from sklearn.metrics import cohen_kappa_score

from txtal.measures.intervals import agreement, wilson


def test_no_pair_says_nothing() -> None:
    assert agreement([]) is None


def test_kappa_is_cohens() -> None:
    first, second = list("aaaaabbbbc"), list("aaaabbbbac")
    found = agreement(list(zip(first, second, strict=True)))
    assert found is not None
    assert found.share.value == 0.8
    assert found.kappa.value == pytest.approx(cohen_kappa_score(first, second))
    assert (found.share.low, found.share.high) == wilson(8, 10)


def test_the_interval_of_kappa_is_no_point_when_all_agree() -> None:
    found = agreement([("a", "a"), ("b", "b"), ("a", "a"), ("b", "b")])
    assert found is not None
    assert found.kappa.value == found.kappa.high == 1
    assert found.kappa.low < 0.5


def test_one_answer_alone_cannot_be_told_from_chance() -> None:
    found = agreement([("a", "a")] * 5)
    assert found is not None
    assert (found.kappa.low, found.kappa.value) == (0, 1)

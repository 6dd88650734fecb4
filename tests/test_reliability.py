"""Agreement of several annotators, against published values."""

import pytest

from txtal.measures.intervals import reliability

TABLE = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
"""Four observers, twelve units: Krippendorff 2011, "Computing Krippendorff's alpha-reliability"."""


def units(table: str) -> list[list[int]]:
    rows = [line.split() for line in table.split("\n") if line]
    return [[int(cell) for cell in column if cell != "."] for column in zip(*rows, strict=True)]


@pytest.mark.parametrize(("graded", "alpha"), [(False, 0.743), (True, 0.849)])
def test_alpha_is_as_published(graded: bool, alpha: float) -> None:
    found = reliability(units(TABLE), graded=graded)
    assert found is not None
    assert found.alpha.value == pytest.approx(alpha, abs=5e-4)
    assert found.alpha.n == 11  # the last unit has one answer, and nothing to compare it with
    assert found.alpha.low < alpha < found.alpha.high <= 1


def test_two_observers_as_published() -> None:
    # Krippendorff 2011, section B: ten units, nominal, two observers.
    found = reliability(list(zip("aabbdcccedda", "babbbccceddd", strict=True)))
    assert found is not None
    assert found.alpha.value == pytest.approx(0.692, abs=5e-4)
    assert found.share.value == pytest.approx(9 / 12)


def test_none_all_and_chance() -> None:
    assert reliability([["a"], ["b"], []]) is None
    always = reliability([["a", "a"], ["b", "b"]])
    assert always is not None
    assert (always.share.value, always.alpha.value) == (1, 1)
    assert always.share.low < 1
    never = reliability([["a", "b"], ["b", "a"]])
    assert never is not None
    assert never.alpha.value < 0
    one = reliability([["a", "a"]])
    assert one is not None
    assert one.alpha.value == 1


def test_grades_that_are_near_are_nearly_agreed() -> None:
    near = reliability([[1, 2], [4, 5], [2, 3], [5, 4]], graded=True)
    far = reliability([[1, 5], [4, 1], [2, 5], [5, 2]], graded=True)
    assert near is not None
    assert far is not None
    assert near.share == far.share
    assert near.alpha.value > 0.6 > 0 > far.alpha.value

"""TOML's values as messages show them."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from txtal.formats.toml import as_toml, quoted

PLAIN = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.dates(date(1, 1, 1))
    | st.times()
    | st.datetimes(timezones=st.none() | st.just(UTC))
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_shown_can_be_written_into_the_file(value: object) -> None:
    said = as_toml(value)
    assert "\n" not in said
    assert tomllib.loads(f"x = {said}")["x"] == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "true"),
        ("a\nb", r'"a\nb"'),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ([1, {"a b": False, "c": {}}], '[1, { "a b" = false, c = {} }]'),
        (datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),
        (time(7, 30), "07:30:00"),
    ],
    ids=str,
)
def test_values_are_shown_as_toml_writes_them(value: object, said: str) -> None:
    assert quoted(value) == said


def test_a_long_value_is_cut_and_a_nested_one_named() -> None:
    assert len(quoted("a" * 1000)) == 60
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert quoted(deep) == "a nested value"

"""Products of counts, with SciPy and without it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from txtal.vectors import counts
from txtal.vectors.bag import dampened, incidence

ROWS = st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=8)


@given(ROWS, st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_numpy_multiplies_as_scipy_does_to_the_last_bit(
    rows: list[list[int]], width: int, seed: int
) -> None:
    table = np.random.default_rng(seed).standard_normal((10, width)).astype(np.float32)
    for made in (incidence(rows, 10), dampened(incidence(rows, 10))):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(counts, "_has_scipy", lambda: False)
            alone = made.times(table)
        assert np.array_equal(alone, made.csr() @ table)
        assert alone.dtype == np.float32


@given(ROWS, st.integers(0, 8), st.integers(0, 8))
def test_some_rows_are_those_of_the_whole(rows: list[list[int]], start: int, end: int) -> None:
    made = incidence(rows, 10)
    start, end = sorted((min(start, len(rows)), min(end, len(rows))))
    assert np.array_equal(made.rows(start, end).csr().toarray(), made.csr().toarray()[start:end])

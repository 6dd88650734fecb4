"""Rows that are drawn without reading them all."""

from __future__ import annotations

import numpy as np
import pytest

from txtal.learning import arrays
from txtal.learning.arrays import usable_sample


class Counted:
    """Features that count the rows that are read of them."""

    def __init__(self, rows: np.ndarray) -> None:
        self._rows = rows
        self.shape = rows.shape
        self.read = 0

    def __getitem__(self, rows: object) -> np.ndarray:
        found = self._rows[rows]
        self.read += len(found)
        return found


def test_a_sample_is_uniform_over_the_usable_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "BLOCK", 16)
    features = np.ones((100, 3), np.float32)
    features[::4] = 0
    features[1] = np.nan
    drawn = [usable_sample(features, 20, np.random.default_rng(seed)) for seed in range(300)]
    assert all(len(set(rows)) == len(rows) == 20 for rows in drawn)
    counts = np.bincount(np.concatenate(drawn), minlength=100)
    usable = np.setdiff1d(np.arange(100), [1, *range(0, 100, 4)])
    assert set(np.flatnonzero(counts)) == set(usable)
    assert counts[usable].max() < 2 * counts[usable].min()


def test_no_more_is_read_than_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "BLOCK", 16)
    features = Counted(np.ones((1000, 3), np.float32))
    assert len(usable_sample(features, 20, np.random.default_rng(0))) == 20
    assert features.read == 32


def test_all_there_are_when_there_are_fewer() -> None:
    features = np.diag(np.array([1, 0, 1, 1], np.float32))
    assert sorted(usable_sample(features, 9, np.random.default_rng(0))) == [0, 2, 3]
    assert len(usable_sample(features[:0], 9, np.random.default_rng(0))) == 0

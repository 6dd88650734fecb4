"""Features of a pool too large to wait for, with what is large made small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.vectors.conftest import TEXTS
from txtal.learner import pool_features
from txtal.learner.pool_features import Growth
from txtal.vectors import spec
from txtal.vectors.cache import DatasetFeatures, FeatureCache

SPEC, _ = spec.resolve("lexical@en")


@pytest.fixture(autouse=True)
def _large_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_features, "SMALL", 20)
    monkeypatch.setattr(pool_features, "FIRST", 16)
    monkeypatch.setattr(pool_features, "PART", 10)
    monkeypatch.setattr(pool_features, "MEANWHILE", 12)


class Pool:
    """Tickets with ids from 1 up, of which more may come, and what was asked of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.loading = False
        self.asked: list[int] = []
        self.told: list[tuple[int, int | None]] = []
        self.growth = self.new()

    def new(self) -> Growth:
        """As another process would have it."""
        cache = FeatureCache(self.directory)
        return Growth(cache, SPEC, lambda *now: self.told.append(now), lambda: self.loading)

    def texts(self, ids: Sequence[int]) -> list[str]:
        self.asked += ids
        return [f"{TEXTS[ticket_id % len(TEXTS)]} {ticket_id}" for ticket_id in ids]

    def meet(self, last: int, answered: Sequence[int] = ()) -> DatasetFeatures:
        new = range(self.growth.last + 1, last + 1)
        return self.growth.meet(new, answered, self.texts)

    def step(self) -> bool:
        return self.growth.step(self.texts)

    def grow(self) -> int:
        steps = 0
        while self.step():
            steps += 1
        return steps

    @property
    def features(self) -> DatasetFeatures:
        assert self.growth.features is not None
        return self.growth.features

    def check(self, last: int) -> None:
        """Every ticket has its own features, once."""
        assert self.growth.complete
        assert sorted(self.features.ids) == list(range(1, last + 1))
        expected = self.features.vectoriser.transform(self.texts(self.features.ids.tolist()))
        assert np.allclose(self.features.matrix, expected, atol=1e-3)


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(tmp_path / "cache")


def test_a_small_pool_is_there_at_once(pool: Pool) -> None:
    assert pool.meet(20).ids.tolist() == list(range(1, 21))
    assert not pool.step()
    assert pool.meet(20) is pool.features
    pool.check(20)


def test_a_large_one_comes_in_parts_drawn_at_random(pool: Pool) -> None:
    first = pool.meet(60, answered=[60])
    assert len(first.ids) in (16, 17)
    assert 60 in first.ids
    assert max(np.diff(first.ids)) > 1  # not the first of the file
    assert pool.grow() == 5
    pool.check(60)
    assert pool.told[-1] == (60, 60)


def test_answered_tickets_are_never_without_features(pool: Pool) -> None:
    first = pool.meet(60)
    missing = [ticket_id for ticket_id in range(1, 61) if ticket_id not in first.ids][:3]
    then = pool.meet(60, answered=missing)
    assert set(then.ids) == {*first.ids, *missing}
    assert then.rows(missing).tolist() == [len(first.ids), len(first.ids) + 1, len(first.ids) + 2]
    assert np.array_equal(then.matrix[: len(first.ids)], first.matrix[:])
    pool.grow()
    pool.check(60)


def test_it_goes_on_where_it_was_stopped(pool: Pool) -> None:
    pool.meet(60)
    pool.step()
    there = set(pool.features.ids)
    pool.growth, pool.asked = pool.new(), []
    assert set(pool.meet(60).ids) == there
    pool.grow()
    assert sorted(pool.asked) == sorted(set(range(1, 61)) - there)
    pool.check(60)


def test_new_tickets_cost_what_they_are(pool: Pool) -> None:
    pool.meet(60)
    pool.grow()
    vectoriser, pool.asked = pool.features.vectoriser, []
    pool.meet(75)
    pool.grow()
    assert sorted(pool.asked) == list(range(61, 76))
    assert pool.features.vectoriser is vectoriser
    pool.check(75)


def test_an_outgrown_vectoriser_is_replaced_behind_the_session(pool: Pool) -> None:
    old = pool.meet(18)
    serving = pool.meet(60)
    assert serving.vectoriser is old.vectoriser  # it serves until there is another
    assert serving.matrix[:].any()
    assert pool.step()
    assert pool.meet(60, answered=[60]) is serving  # nor is it waited for
    while pool.features is serving:
        assert pool.step()
    assert pool.features.vectoriser is not old.vectoriser
    assert pool.features.pool == 60
    assert not pool.growth.complete
    assert old.matrix[:].any()  # who still has it, has it
    pool.grow()
    pool.check(60)


def test_while_tickets_are_loaded_nothing_is_made_that_would_be_made_again(pool: Pool) -> None:
    pool.loading = True
    pool.meet(18)
    vectoriser, pool.asked = pool.features.vectoriser, []
    for last in (25, 40, 60):
        pool.meet(last, answered=[last])
        pool.grow()
    assert pool.features.vectoriser is vectoriser
    assert len(pool.asked) < 40
    pool.loading = False
    pool.grow()
    assert pool.features.pool == 60
    pool.check(60)


def test_a_sitting_that_begins_while_tickets_are_loaded_makes_do_with_a_few(pool: Pool) -> None:
    pool.loading = True
    assert len(pool.meet(60, answered=[7]).ids) in (12, 13)
    assert pool.features.pool == 12
    assert pool.grow() == 0
    pool.loading = False
    pool.grow()
    pool.check(60)


@pytest.mark.parametrize("damage", ["append", "begin", "delete"])
def test_another_process_may_be_at_the_same_files(pool: Pool, damage: str) -> None:
    pool.meet(60)
    other = pool.new()
    other.meet(range(1, 61), (), pool.texts)
    if damage == "append":
        other.step(pool.texts)
        other.step(pool.texts)
    elif damage == "begin":
        other._begin(pool.texts)
    else:
        (pool.directory / "lock").unlink()
        for path in sorted(pool.directory.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    pool.grow()
    pool.check(60)


def test_a_killed_rebuild_leaves_the_old_features(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.meet(18)
    pool.meet(60)
    before: Callable[[], object] = lambda: sorted(pool.features.ids)  # noqa: E731
    ids = before()

    def killed(ids: Sequence[int]) -> list[str]:
        if len(pool.asked) > 80:
            raise KeyboardInterrupt
        return Pool.texts(pool, ids)

    monkeypatch.setattr(pool, "texts", killed)
    with pytest.raises(KeyboardInterrupt):
        pool.grow()
    monkeypatch.undo()
    again = Pool(pool.directory)
    assert sorted(again.new()._cache.open(SPEC).ids) == ids  # type: ignore[union-attr]

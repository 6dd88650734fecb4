"""The same results from work that was sent away as from this process, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import fresh, prepared, sample
from tests.cli.driving import Program
from tests.engine.works import Elsewhere
from tests.learner.test_candidates import TEXTS, _large_is_small
from tests.learner.test_learner import MakeDesk, desk
from tests.vectors.conftest import Lengths
from txtal.engine import Local
from txtal.errors import LearnerError
from txtal.learner import pool as pool_module
from txtal.learner import sweeping
from txtal.learner.pool import PoolLearner
from txtal.learner.prepare import prepare
from txtal.learner.sweeping import Sweeping
from txtal.learning.strategies.registry import can_travel
from txtal.types import LearnerSettings
from txtal.vectors import registry
from txtal.vectors.cache import FeatureCache, Vectorising

__all__ = ["_large_is_small", "desk", "fresh", "prepared", "sample"]

SPEC = "lexical@en"


def nothing(done: int, total: int | None) -> None:
    pass


def test_features_on_the_disk(tmp_path: Path) -> None:
    files = []
    for name, engine in (("here", Local()), ("there", Elsewhere())):
        ids = range(1, len(TEXTS) + 1)
        FeatureCache(tmp_path / name, engine).ensure(ids, TEXTS, SPEC)
        (folder,) = (one for one in (tmp_path / name).iterdir() if one.is_dir())
        files.append({one: (folder / one).read_bytes() for one in ("ids.i64", "matrix.f16")})
    assert files[0] == files[1]


def test_a_vectoriser_of_a_recipes_own_stays_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._registered, "lengths", Lengths)
    with pytest.raises(LearnerError, match="'lengths' is a recipe's own"):
        FeatureCache(tmp_path, Elsewhere()).ensure([1], ["a"], "lengths@en")


def test_a_dataset_is_prepared_as_the_learner_would(desk: MakeDesk) -> None:
    one = desk(TEXTS)
    engine = Elsewhere()
    made = prepare(one.path, one.dataset.name, SPEC, engine, nothing)
    assert len(made.ids) == len(TEXTS)
    assert set(engine.kinds) == {Vectorising}
    learner = PoolLearner(one.path, one.dataset.name, LearnerSettings(SPEC))
    fit = learner.learn()
    assert not learner.idle.grow()
    assert fit.features.made == made.made
    again = Elsewhere()
    prepare(one.path, one.dataset.name, SPEC, again, nothing)
    assert again.kinds == []


@pytest.mark.parametrize(
    "strategy",
    [
        "entropy:0.6+margin:0.4",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("margin", "badge", "qbc")),
    ],
)
def test_a_sweep_finds_the_same(
    desk: MakeDesk, strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = desk(TEXTS)
    one.answer(one.ids[:90])
    found = []
    engine = Elsewhere()
    for each in (Local(), Local(), engine):  # the first makes the features, the others find them
        monkeypatch.setattr(pool_module, "steadfast", lambda *of, each=each: each)
        monkeypatch.setattr(sweeping, "LOCAL", None if each is engine else each)
        learner = PoolLearner(one.path, one.dataset.name, LearnerSettings(SPEC, strategy))
        learner.rank()
        while learner.idle.grow():
            pass
        for _ in range(2):
            ranking = learner.rank()
            while learner.idle.sweep():
                pass
        best = {block: rows.tolist() for block, rows in learner._sweeper._sweep._best.items()}
        found.append((best, ranking.items))
    assert found[1] == found[2]
    assert engine.kinds.count(Sweeping) == 2
    assert engine.kept == 4  # for both sweeps; of the first block nothing is open


def test_what_looks_at_neighbours_or_is_a_recipes_own_is_swept_here() -> None:
    assert can_travel("margin")
    assert can_travel("high-score=x")
    for name in ("auto", "herding", "margin:0.5+herding:0.5", "random", "a-recipes-own"):
        assert not can_travel(name)


def test_prepare_on_the_command_line(sample: Program) -> None:
    quick = sample.quick
    assert "680 tickets vectorised" in quick.ok("load", "d", "--prepare", "--vectors", SPEC[:7]).err
    there = {file: file.stat().st_mtime_ns for file in sample.folder.rglob("matrix.*")}
    assert len(there) == 1
    quick.ok("load", "d", "--prepare", "--vectors", "lexical")
    assert {file: file.stat().st_mtime_ns for file in there} == there


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["load", "d"], "name a SOURCE to load, or --prepare"),
        (["load", "d", "a.jsonl", "--engine", "dask"], "--engine needs --prepare"),
        (["load", "d", "--prepare", "--engine", "dask"], "--engine dask needs --scheduler"),
        (["load", "d", "--prepare", "--scheduler", "a:1"], "--scheduler goes with --engine dask"),
        (["teach", "d", "--engine", "dask", "--plain"], "--engine dask needs --scheduler"),
        (["predict", "m", "a.jsonl", "--scheduler", "a:1"], "--scheduler goes with --engine dask"),
        (
            ["teach", "d", "-", "--stream", "--engine", "dask", "--scheduler", "a:1"],
            "a stream is scored here, as it arrives: leave out --engine",
        ),
    ],
)
def test_options_that_dont_fit_together(sample: Program, words: list[str], said: str) -> None:
    ran = sample.quick(*words)
    assert said in ran.err
    assert ran.code == 2


def test_the_bits_are_those_of_another_batch_too() -> None:
    from txtal.vectors.vectoriser import Vectoriser

    fitted = Vectoriser.fit(SPEC, TEXTS)
    whole = Vectorising(fitted)(TEXTS)
    parts = b"".join(Vectorising(fitted)(TEXTS[i : i + 7]) for i in range(0, len(TEXTS), 7))
    assert np.array_equal(np.frombuffer(whole, np.float16), np.frombuffer(parts, np.float16))

"""What of a large pool is scored, with what is large made small."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.learner.test_learner import TOPICS, Desk, MakeDesk, desk, ids, is_sound
from txtal.learner import candidates, pool_features
from txtal.learner.candidates import Sweep, uniform
from txtal.learner.fit import Fit
from txtal.learner.inline import InlineLearner
from txtal.learner.pool import PoolLearner
from txtal.types import LearnerSettings
from txtal.vectors.cache import DatasetFeatures, FeatureCache

__all__ = ["desk"]

TEXTS = [text.format(n) for n in range(80) for text in TOPICS.values()]


@pytest.fixture(autouse=True)
def _large_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_features, "SMALL", 100)
    monkeypatch.setattr(pool_features, "FIRST", 80)
    monkeypatch.setattr(pool_features, "PART", 50)
    monkeypatch.setattr(candidates, "MOST", 60)
    monkeypatch.setattr(candidates, "BLOCK", 50)
    monkeypatch.setattr(candidates, "KEPT", 5)


def all_open(rows: int) -> np.ndarray:
    return np.ones(rows, np.bool_)


def test_a_small_pool_is_scored_whole() -> None:
    rng, waiting = np.random.default_rng(0), np.arange(0, 120, 2)
    found = Sweep().candidates(waiting, waiting[:5], all_open(120), rng)
    assert found is waiting
    assert rng.random() == np.random.default_rng(0).random()  # and nothing is drawn for it


def test_of_a_large_one_the_known_and_a_new_sample() -> None:
    is_open, known = all_open(500), np.arange(0, 500, 25)
    is_open[:50] = False
    waiting = np.flatnonzero(is_open)
    rng = np.random.default_rng(0)
    found = [Sweep().candidates(waiting, known, is_open, rng) for _ in range(200)]
    for rows in found:
        assert len(rows) == len(set(rows)) == 60
        assert np.array_equal(rows, np.sort(rows))
        assert is_open[rows].all()
        assert set(known[2:]) <= set(rows)
    others = np.setdiff1d(waiting, known)
    counts = np.bincount(np.concatenate(found), minlength=500)[others]
    assert counts.min() > 0
    assert counts.max() < 3 * counts.mean()


def test_a_sweep_sees_every_open_ticket_once_and_keeps_the_best() -> None:
    is_open = all_open(230)
    is_open[::7] = False
    seen: list[int] = []

    def score(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen.extend(rows.tolist())
        return (rows % 10).astype(np.float32), np.ones((len(rows), 2), np.float32)

    def best(scores: np.ndarray, features: np.ndarray) -> np.ndarray:
        return np.argsort(-scores)[:5]

    sweep = Sweep()
    assert not sweep.step(is_open, score, best)  # until there is something to look for
    sweep.again(230)
    while sweep.step(is_open, score, best):
        pass
    assert sorted(seen) == np.flatnonzero(is_open).tolist()
    waiting = np.flatnonzero(is_open)
    found = sweep.candidates(waiting, waiting[:0], is_open, np.random.default_rng(0))
    nines = waiting[waiting % 10 == 9]
    assert set(nines[:4]) <= set(found)
    sweep.again(40)
    assert not sweep.step(is_open, score, best)  # a small pool is scored whole


def test_uniform_takes_all_there_are() -> None:
    rows = np.arange(10)
    assert uniform(rows, 20, np.random.default_rng(0)) is rows
    assert len(set(uniform(rows, 4, np.random.default_rng(0)))) == 4


@pytest.mark.parametrize("strategy", ["auto", "margin", "random", "badge", "margin:0.5+random:0.5"])
def test_a_large_pool_is_ranked_like_any_other(desk: MakeDesk, strategy: str) -> None:
    one = desk(TEXTS)
    learner = one.learner(LearnerSettings("lexical@en", strategy, names=False))
    inline = InlineLearner(learner)
    first = inline.poll()
    assert first
    is_sound(first, one.ids)
    answered = ids(first.items)[:24]
    one.answer(answered)
    inline.poke(1)
    ranking = inline.poll()
    assert ranking
    if ":" not in strategy:
        is_sound(ranking, set(one.ids) - set(answered))
    assert len(fit_of(learner).features.ids) == len(TEXTS)
    assert len(ranking.items) == 50
    assert {item.selection_probability for item in ranking.audit} == {1 / 216}
    right = [item for item in ranking.items if item.suggestion]
    assert all(len(item.suggestion) == 1 for item in right)


def test_the_best_that_a_sweep_found_come_first(desk: MakeDesk) -> None:
    one = desk([*TEXTS, *(f"refund thanks password {n}" for n in range(3))])
    learner = one.learner()
    inline = InlineLearner(learner)
    inline.poll()
    one.answer(one.ids[:90])
    inline.poke(1)
    inline.poll()
    inline.poke(2)
    ranking = inline.poll()
    assert ranking
    assert ranking.items[0].ticket_id in one.ids[-3:]


def test_it_asks_to_rank_again_once_there_is_more(desk: MakeDesk) -> None:
    learner = desk(TEXTS).learner()
    assert not learner.idle.grow()  # before anybody asked
    learner.rank()
    assert not learner.outdated
    steps = [learner.outdated for _ in iter(learner.idle.grow, False)]
    assert steps == [False, True, True, True]
    learner.rank()
    assert not learner.outdated
    assert not learner.idle.work() or learner.fit is not None


def test_a_few_new_tickets_do_not_disturb_what_a_large_pool_stands_on(
    desk: MakeDesk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("txtal.learning.neighbourhood.SIZE", 50)
    one = desk(TEXTS)
    learner = one.learner(LearnerSettings("lexical@en", "auto"))
    inline = InlineLearner(learner)
    inline.poll()
    one.answer(one.ids[:30])
    inline.poke(1)
    inline.poll()
    stands_on = fit_of(learner).neighbours
    more(one, 20)
    one.answer(one.ids[-20:])  # not in the sample
    inline.poke(2)
    ranking = inline.poll()
    assert ranking
    is_sound(ranking, one.ids[30:-20])
    assert fit_of(learner).neighbours is stands_on
    more(one, 150)
    inline.poke(3)
    inline.poll()
    assert fit_of(learner).neighbours is not stands_on


def fit_of(learner: PoolLearner) -> Fit:
    """The newest."""
    assert learner.fit is not None
    return learner.fit


def more(one: Desk, count: int) -> None:
    from txtal.store import tickets
    from txtal.types import Record

    begin = len(one.ids)
    texts = [f"please refund me at once {begin + n}" for n in range(count)]
    tickets.add(one.conn, one.dataset.id, [Record(text) for text in texts])
    one.ids = list(tickets.ids_after(one.conn, one.dataset.id))


def test_while_features_are_made_anew_the_old_serve_and_no_answer_is_lost(
    desk: MakeDesk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = desk(TEXTS[:90])
    learner = one.learner(LearnerSettings("lexical@en", "margin"))
    learner.rank()
    old = fit_of(learner).features
    more(one, 150)
    go_on, begin = threading.Event(), FeatureCache.begin

    def waiting(*of: object, **options: object) -> DatasetFeatures:
        assert go_on.wait(60)
        return begin(*of, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(FeatureCache, "begin", waiting)
    learner.rank()
    assert learner.idle.grow()
    one.answer([*one.ids[:40], *one.ids[-5:]])
    ranking = learner.rank()
    assert fit_of(learner).features is old
    is_sound(ranking, one.ids[40:90])
    assert (ranking.revision.answers, ranking.revision.newest) == (40, 45)
    assert len(fit_of(learner).answered) == 40
    go_on.set()
    while learner.idle.grow():
        pass
    assert learner.outdated
    is_sound(learner.rank(), one.ids[40:-5])
    assert len(fit_of(learner).answered) == 45

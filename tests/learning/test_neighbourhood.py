"""Neighbours, herding and propagation, against plain loops and numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from txtal.learning import herding as kernels
from txtal.learning import model, neighbourhood, propagation
from txtal.learning.herding import Herding
from txtal.learning.matrix import IS
from txtal.learning.neighbourhood import Neighbourhood
from txtal.learning.propagation import Propagation
from txtal.learning.strategies.herding import _sharpness
from txtal.learning.strategies.pool import Place, Pool, score
from txtal.learning.strategies.registry import get


def unit(*degrees: float) -> np.ndarray:
    """Rows on the unit circle."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def blobs(per_blob: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three tight groups in ten dimensions, and which each row is of."""
    rng = np.random.default_rng(seed)
    centres = np.eye(10)[:3]
    rows = np.repeat(centres, per_blob, axis=0) + 0.15 * rng.standard_normal((3 * per_blob, 10))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), np.repeat(np.arange(3), per_blob)


def gains_by_hand(features: np.ndarray, uncertainty: np.ndarray, answered: list[int]) -> np.ndarray:
    kernel = np.exp(kernels.SHARPNESS * (features @ features.T - 1))
    covered = kernel[answered].max(axis=0) if answered else np.zeros(len(features))
    gains = (np.maximum(kernel - covered, 0) * uncertainty).sum(axis=1)
    gains[answered] = -np.inf
    return gains


class TestNeighbourhood:
    def test_nearest_first_and_itself_the_nearest(self) -> None:
        near = Neighbourhood(unit(0, 10, 50, 180)).near
        assert near.places[0].tolist() == [0, 1, 2, 3]
        assert near.places[2].tolist() == [2, 1, 0, 3]
        assert near.cosines[0, 1] == pytest.approx(np.cos(np.radians(10)), abs=1e-5)

    def test_a_large_pool_is_sampled_and_any_row_finds_its_neighbours(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(neighbourhood, "SIZE", 10)
        features, _ = blobs()
        sample = Neighbourhood(features, seed=1)
        assert len(sample) == 10
        assert np.all(np.diff(sample.rows) > 0)
        rows = np.arange(len(features))
        near = sample.near_to(rows)
        cosines = features @ sample.unit.T
        np.testing.assert_allclose(near.cosines[:, 0], cosines.max(axis=1), atol=1e-5)
        found, places = sample.inside(rows)
        assert sample.rows[places].tolist() == rows[found].tolist() == sample.rows.tolist()

    def test_blank_and_broken_rows_are_left_out(self) -> None:
        features = unit(0, 10, 20)
        features[1] = 0
        features[2] = np.nan
        assert Neighbourhood(features).rows.tolist() == [0]

    @pytest.mark.parametrize("first", [0, 3, 60, 119])
    def test_more_rows_find_their_neighbours_and_are_found(
        self, first: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(neighbourhood, "_BLOCK", 25)
        monkeypatch.setattr(neighbourhood, "NEAREST", 20)
        features = blobs(per_blob=40)[0]
        features[[2, 70]] = 0
        before = Neighbourhood(features[:first])
        before.near  # noqa: B018 - so that it is found
        compared: list[int] = []
        nearest = neighbourhood._nearest

        def counted(unit: np.ndarray, sample: np.ndarray) -> neighbourhood.Nearest:
            compared.append(len(unit))
            return nearest(unit, sample)

        monkeypatch.setattr(neighbourhood, "_nearest", counted)
        after = before.extended(features)
        assert after is not None
        near = after.near
        assert compared == [len(after) - len(before)], "nobody is compared with everything again"
        whole = Neighbourhood(features)
        assert after.rows.tolist() == whole.rows.tolist()
        np.testing.assert_allclose(near.cosines, whole.near.cosines, atol=1e-6)
        found = np.take_along_axis(after.unit @ after.unit.T, near.places, axis=1)
        np.testing.assert_allclose(found, near.cosines, atol=1e-6)
        assert [len(set(row)) for row in near.places.tolist()] == [20] * len(after)

    def test_a_pool_that_outgrows_the_sample_needs_another(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(neighbourhood, "SIZE", 10)
        features, _ = blobs()
        assert Neighbourhood(features[:9]).extended(features[:11]) is None

    def test_there_and_back(self) -> None:
        features, _ = blobs()
        sample = Neighbourhood(features[:80])
        assert sample.to_arrays() is None, "nothing was found yet"
        near = sample.near
        kept = Neighbourhood.from_arrays(features, sample.to_arrays() or {})
        assert kept is not None
        assert kept.near.places.tolist() == near.places.tolist()
        assert kept.near.cosines.tolist() == near.cosines.tolist()
        wider = kept.extended(features)
        assert wider is not None
        assert wider.rows.tolist() == list(range(90))

    @pytest.mark.parametrize(
        ("what", "value"),
        [
            ("rows", np.arange(1, 5)),
            ("rows", np.array([0, 1, 1, 2])),
            ("rows", np.arange(-1, 3)),
            ("rows", np.arange(3)),
            ("rows", np.empty(0, np.int64)),
            ("rows", np.array(["a", "b", "c", "d"])),
            ("places", np.full((4, 4), 4)),
            ("places", np.full((4, 4), -1)),
            ("places", np.zeros((4, 3), int)),
            ("cosines", np.full((4, 4), np.nan)),
            ("cosines", np.zeros(4)),
            ("pool", np.array(5)),
            ("pool", np.array(3)),
            ("pool", np.array([1, 2])),
        ],
    )
    def test_arrays_that_can_not_be_its_own(self, what: str, value: np.ndarray) -> None:
        features = unit(0, 10, 20, 30)
        sample = Neighbourhood(features)
        sample.near  # noqa: B018 - so that it is found
        arrays = sample.to_arrays() or {}
        assert Neighbourhood.from_arrays(features, arrays)
        assert Neighbourhood.from_arrays(features, arrays | {what: value}) is None
        assert (
            Neighbourhood.from_arrays(features, {k: v for k, v in arrays.items() if k != what})
            is None
        )

    def test_nothing_at_all(self) -> None:
        sample = Neighbourhood(np.zeros((3, 2), np.float32))
        assert len(sample) == 0
        assert Herding(sample).gains(np.ones(0, np.float32), np.array([0]), 5).tolist() == []
        assert sample.inside(np.array([0, 1]))[0].tolist() == []


class TestHerding:
    def test_the_first_gain_is_the_sum_of_the_kernel(self) -> None:
        features = unit(0, 60, 120)
        gains = Herding(Neighbourhood(features)).gains(np.ones(3, np.float32), _rows(), 1)
        side = np.exp(kernels.SHARPNESS * (0.5 - 1))
        far = np.exp(kernels.SHARPNESS * (-0.5 - 1))
        # The middle one is near both others, so it is asked first.
        assert gains.argmax() == 1
        assert gains[1] == pytest.approx(1 + 2 * side, rel=1e-4)
        # What is left for the first: itself less what the middle covers, and nothing of the rest.
        assert gains[0] == pytest.approx(1 - side, rel=1e-3)
        assert far < side

    @pytest.mark.parametrize("answered", [[], [4], [4, 50, 80]])
    def test_greedy_choices_are_those_of_the_formula(self, answered: list[int]) -> None:
        features, _ = blobs()
        uncertainty = np.random.default_rng(3).random(len(features)).astype(np.float32)
        scores = Herding(Neighbourhood(features)).gains(uncertainty, _rows(*answered), 6)
        taken = list(answered)
        for chosen in np.argsort(-scores, kind="stable")[:6]:
            expected = gains_by_hand(features, uncertainty, taken)
            assert scores[chosen] == pytest.approx(expected.max(), rel=1e-3)
            assert expected[chosen] == pytest.approx(expected.max(), rel=1e-3)
            taken.append(int(chosen))
        assert np.all(np.isneginf(scores[answered]))

    def test_every_group_is_asked_before_any_twice(self) -> None:
        features, group = blobs()
        scores = Herding(Neighbourhood(features)).gains(np.ones(90, np.float32), _rows(), 3)
        assert set(group[np.argsort(-scores)[:3]]) == {0, 1, 2}

    def test_doubt_draws_it(self) -> None:
        features, group = blobs()
        uncertainty = np.where(group == 2, 1.0, 0.01).astype(np.float32)
        scores = Herding(Neighbourhood(features)).gains(uncertainty, _rows(), 1)
        assert group[scores.argmax()] == 2

    def test_the_strategy_gives_the_same_with_and_without_a_place(self) -> None:
        features, group = blobs()
        cells = np.eye(3, dtype=np.int8)[group]
        answered = np.array([0, 31, 61])
        fitted = model.fit(features[answered], cells[answered], "exclusive")
        rows = np.setdiff1d(np.arange(90), answered)
        given = {"model": fitted, "answered": features[answered], "cells": cells[answered]}
        alone = Pool(features[rows], "exclusive", **given)
        placed = Pool(
            features[rows],
            "exclusive",
            **given,
            place=Place(Herding(Neighbourhood(features)), rows, answered),
        )
        strategy = get("auto")
        np.testing.assert_allclose(score(strategy, alone), score(strategy, placed), rtol=1e-3)

    def test_with_no_model_it_still_chooses(self) -> None:
        features, group = blobs()
        scores = score(get("herding"), Pool(features, "exclusive", size=3))
        assert set(group[np.argsort(-scores)[:3]]) == {0, 1, 2}


class TestSharpness:
    def test_it_grows_with_the_answers_a_label(self) -> None:
        assert kernels.sharpness(0, 0) == kernels.SHARPNESS
        assert kernels.sharpness(30, 10) == kernels.SHARPNESS
        assert kernels.sharpness(60, 10) == 2 * kernels.SHARPNESS
        assert kernels.sharpness(30, 1) == kernels.sharpness(30, 2)

    def test_a_narrow_kernel_is_uncertainty_sampling(self) -> None:
        features, _ = blobs()
        uncertainty = np.random.default_rng(0).random(len(features)).astype(np.float32)
        gains = Herding(Neighbourhood(features)).gains(uncertainty, _rows(), 1, 10_000.0)
        np.testing.assert_allclose(gains, uncertainty, rtol=0.01)

    def test_the_strategy_narrows_it(self) -> None:
        """Of two answers a label few; of thirty many, and the most uncertain comes first."""
        features, group = blobs()
        cells = np.eye(3, dtype=np.int8)[group]
        many = np.concatenate([np.arange(begin, begin + 25) for begin in (0, 30, 60)])
        few = many[::12]
        for answered, narrow in ((few, False), (many, True)):
            pool = Pool(features, "exclusive", answered=features[answered], cells=cells[answered])
            assert (_sharpness(pool) > kernels.SHARPNESS) == narrow


class TestPropagation:
    def test_an_answer_reaches_its_group_and_no_other(self) -> None:
        features, group = blobs()
        reach = Propagation(Neighbourhood(features)).mass(_rows(0), _rows(0), 1)[:, 0]
        assert reach[0] == reach.max()
        assert reach[group == 0].mean() > 20 * reach[group != 0].mean()

    def test_the_spread_is_that_of_zhou_et_al(self) -> None:
        features, _ = blobs(per_blob=4)
        carried = Propagation(Neighbourhood(features))
        graph = carried._graph.toarray()
        np.testing.assert_allclose(graph, graph.T, atol=1e-6)
        seed = np.eye(12, dtype=np.float32)[:, [5]]
        spread = seed
        for _ in range(propagation.STEPS):
            spread = propagation.KEPT * graph @ spread + (1 - propagation.KEPT) * seed
        np.testing.assert_allclose(carried.mass(_rows(5), _rows(0), 1), spread, rtol=1e-4)

    def test_few_answers_speak_for_the_pool(self) -> None:
        features, group = blobs(per_blob=60, seed=2)
        cells = np.eye(3, dtype=np.int8)[group]
        rows = np.array([0, 60, 120])
        fitted = model.fit(features[rows], cells[rows], "exclusive")
        better = Propagation(Neighbourhood(features)).propagate(fitted, rows, cells[rows])

        def confidence(of: model.LinearModel) -> float:
            return float(of.predict_proba(features)[np.arange(180), group].mean())

        assert confidence(better) > confidence(fitted)
        assert (better.predict_proba(features).argmax(axis=1) == group).mean() > 0.95

    def test_answers_outside_the_sample_count_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(neighbourhood, "SIZE", 40)
        features, group = blobs(per_blob=60)
        sample = Neighbourhood(features)
        outside = np.setdiff1d(np.arange(180), sample.rows)[:1]
        reach = Propagation(sample).mass(outside, _rows(0), 1)[:, 0]
        assert group[sample.rows[reach.argmax()]] == group[outside[0]]
        assert reach.sum() > 0

    def test_what_was_spread_before_is_added_to(self) -> None:
        """Whatever was asked for in between, the mass is that of all the answers spread at once."""
        features, group = blobs(per_blob=20)
        kept = Propagation(Neighbourhood(features))
        rows = np.random.default_rng(0).permutation(60)[:30]
        for some in (rows[:5], rows[:12], rows[3:12], rows[:12], rows, rows[::-1], rows[:29]):
            fresh = Propagation(Neighbourhood(features))
            expected = fresh.mass(some, group[some], 3)
            np.testing.assert_allclose(kept.mass(some, group[some], 3), expected, atol=1e-6)

    @pytest.mark.parametrize("task", ["multilabel", "binary"])
    def test_only_exclusive_models_change(self, task: str) -> None:
        features, group = blobs()
        cells = (group == 0).astype(np.int8)[:, None]
        fitted = model.fit(features, cells, task)  # type: ignore[arg-type]
        carried = Propagation(Neighbourhood(features)).propagate(fitted, np.arange(90), cells)
        assert carried is fitted

    def test_rejects_and_an_unready_model_change_nothing(self) -> None:
        features, _ = blobs()
        cells = np.array([[IS, 0, 0]], np.int8)
        fitted = model.fit(features[:1], cells, "exclusive")
        assert Propagation(Neighbourhood(features)).propagate(fitted, _rows(0), cells) is fitted


def _rows(*rows: int) -> np.ndarray:
    return np.array(rows, np.int64)

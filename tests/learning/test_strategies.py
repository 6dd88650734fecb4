import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from types import SimpleNamespace

import numpy as np
import pytest

from tests.learning.pools import pool, scores
from txtal.errors import LearnerError, RecipeError, UsageError
from txtal.learning.strategies import registry
from txtal.learning.strategies.pool import Pool, score
from txtal.learning.strategies.registry import get, names, strategy


@pytest.fixture
def clean_registry(monkeypatch):
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))


# --- by hand --------------------------------------------------------------------------------


def test_exclusive_scores_by_hand():
    three = pool([0.5, 0.3, 0.2], [0.8, 0.2, 0.0], [1 / 3, 1 / 3, 1 / 3])
    assert scores("least-confidence", three) == [0.5, 0.2, 2 / 3]
    assert scores("margin", three) == [0.8, 0.4, 1.0]
    assert scores("margin-max", three) == [0.8, 0.4, 1.0]
    # -(.5 ln .5 + .3 ln .3 + .2 ln .2) = .3466 + .3612 + .3219
    assert scores("entropy", three) == [1.02965, 0.50040, np.log(3)]


def test_rating_scores_by_hand():
    three = pool([0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.2, 0.6, 0.2], task="rating")
    # of the median, the expected error: half of them two grades off; none; 0.4 of them one
    assert scores("least-confidence", three) == [1.0, 0.0, 0.4]
    assert scores("entropy", three) == [np.log(2), 0.0, 0.95027]
    assert scores("margin", three) == [1.0, 0.0, 0.6]
    # two regressions each, of "2 or above" and "3 or above": 2 p (1 - p) times the root of 1 + 2
    by_hand = [np.sqrt(3) * 0.5, 0.0, np.sqrt(3) * 0.32]
    assert scores("expected-model-change", three) == by_hand


def test_multilabel_scores_by_hand():
    two = pool([0.5, 0.9], [0.2, 0.3], task="multilabel")
    assert scores("least-confidence", two) == [0.5, 0.3]  # the least certain label
    assert scores("margin", two) == [(1.0 + 0.2) / 2, (0.4 + 0.6) / 2]
    assert scores("margin-max", two) == [1.0, 0.6]
    assert scores("entropy", two) == [(0.69315 + 0.32508) / 2, (0.50040 + 0.61086) / 2]


@pytest.mark.parametrize("name", ["least-confidence", "margin", "margin-max", "entropy"])
def test_binary_prefers_the_toss_up_and_treats_yes_and_no_alike(name):
    sure_no, doubtful, sure_yes = score(get(name), pool([0.1], [0.45], [0.9], task="binary"))
    assert doubtful > sure_no
    assert sure_no == pytest.approx(sure_yes, abs=1e-6)


def test_a_single_label_has_nothing_to_choose():
    assert scores("margin", pool([1.0], [1.0])) == [0, 0]


def test_random_is_seeded_and_needs_no_model():
    def draw(seed: int) -> list[float]:
        blank = Pool(np.ones((5, 2), np.float32), "exclusive", rng=np.random.default_rng(seed))
        return score(get("random"), blank).tolist()

    assert draw(1) == draw(1) != draw(2)


# --- the pool -------------------------------------------------------------------------------


def test_what_knows_nothing_sinks_to_the_bottom():
    features = np.ones((4, 2), np.float32)
    features[1] = 0  # a blank text
    features[2, 0] = np.nan
    table = np.array([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [np.nan, np.nan]], np.float32)
    model = SimpleNamespace(predict_proba=lambda features: table)
    found = score(get("margin"), Pool(features, "exclusive", model))
    assert found[0] == pytest.approx(0.2, abs=1e-6)
    assert (found[1:] == -np.inf).all()


def test_the_pool_computes_once_and_only_when_asked():
    calls = []

    def read() -> list[str]:
        calls.append("texts")
        return ["a", "b"]

    def predict(features):
        calls.append("proba")
        return np.full((2, 2), 0.5, np.float32)

    model = SimpleNamespace(predict_proba=predict)
    lazy = Pool(np.ones((2, 2), np.float32), "exclusive", model, read_texts=read)
    assert len(lazy) == 2
    assert not calls
    assert lazy.texts == lazy.texts == ["a", "b"]
    assert lazy.proba is lazy.proba
    assert calls == ["texts", "proba"]


def test_a_pool_without_a_model_or_texts_says_so():
    blank = Pool(np.ones((2, 2), np.float32), "exclusive")
    with pytest.raises(LearnerError, match="no model yet"):
        _ = blank.proba
    with pytest.raises(LearnerError, match="read_texts"):
        _ = blank.texts


def test_scores_of_the_wrong_shape_are_named():
    def crooked(pool: Pool) -> np.ndarray:
        return np.zeros((2, 2))

    with pytest.raises(LearnerError, match=r"'crooked'.*\(2, 2\) for 3 tickets"):
        score(crooked, pool([1.0], [1.0], [1.0]))


# --- the registry ---------------------------------------------------------------------------


def test_every_row_of_the_table_leads_to_its_function():
    for name, row in registry.BUILT_IN.items():
        module, function = get(name).__module__, get(name).__name__
        assert row.function == f"{module.rpartition('.')[2]}:{function}"


def test_a_strategy_of_your_own(clean_registry):
    @strategy("shortest")
    def shortest(pool: Pool) -> np.ndarray:
        return -np.array([len(text) for text in pool.texts], float)

    assert get("shortest") is shortest
    assert "shortest" in names()
    two = pool([0.5, 0.5], [0.5, 0.5], read_texts=lambda: ["long text", "short"])
    assert score(get("shortest"), two).tolist() == [-9, -5]


def test_a_taken_name_is_refused_but_loading_a_file_again_is_not(clean_registry):
    def mine(pool: Pool) -> np.ndarray:
        return np.zeros(len(pool))

    def other(pool: Pool) -> np.ndarray:
        return np.zeros(len(pool))

    for name in ("margin", "mine"):
        strategy("mine")(mine)
        with pytest.raises(UsageError, match="another name"):
            strategy(name)(other)
    assert strategy("mine")(mine) is mine


def test_a_strategy_that_needs_a_pool_is_no_strategy_for_a_stream():
    assert registry.for_stream("auto") == "margin"
    pointwise = "auto, random, least-confidence, margin, margin-max, entropy, expected-model-change"
    for name in ("badge", "herding", "margin:0.8+random:0.2"):
        with pytest.raises(UsageError, match=f"choose from {pointwise}$"):
            registry.for_stream(name)
    with pytest.raises(UsageError, match="no strategy 'margn'"):
        registry.for_stream("margn")


def test_an_unknown_name_gets_suggestions():
    with pytest.raises(UsageError, match="did you mean margin"):
        get("margn")
    with pytest.raises(UsageError, match=r"choose from .*entropy, .*margin, .*random"):
        get("zzzzzz")


def test_entry_points_are_asked_only_for_unknown_names(monkeypatch, clean_registry):
    points = EntryPoints(
        [
            EntryPoint(
                "theirs", "txtal.learning.strategies.uncertainty:margin", "txtal.strategies"
            ),
            EntryPoint("broken", "no_such_module:thing", "txtal.strategies"),
        ]
    )
    asked = []

    def installed() -> EntryPoints:
        asked.append(True)
        return points

    monkeypatch.setattr(registry, "_installed", installed)
    get("margin")
    assert not asked
    assert get("theirs") is get("margin")
    assert {"theirs", "broken"} <= set(names())
    with pytest.raises(RecipeError, match=r"'broken' \(no_such_module:thing\)"):
        get("broken")


def test_names_are_known_without_numpy():
    code = (
        "import sys; from txtal.learning.strategies.registry import names; print(*names());"
        "heavy = {'numpy', 'scipy', 'sklearn'} & set(sys.modules); assert not heavy, heavy"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert {"least-confidence", "margin", "random"} <= set(ran.stdout.split())

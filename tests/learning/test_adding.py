"""Strategies added from outside: a row in the table of the built-in ones, and a recipe's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.driving import LABELLED, LABELS, Program
from tests.conftest import MakeDataset
from tests.ingest.test_stream import TEXTS
from tests.learner.test_learner import LABELS as TOPICS
from tests.worked_examples import worked_example
from txtal.errors import EngineError, UsageError
from txtal.learner.pool import PoolLearner
from txtal.learner.sweeping import Sweeping
from txtal.learning.strategies import registry
from txtal.learning.strategies.pool import Pool
from txtal.learning.strategies.registry import strategy
from txtal.learning.strategies.table import BUILT_IN, StrategyRow
from txtal.types import LearnerSettings

SHORT = ["simulate", "some.jsonl", "--test", "some.jsonl", "--budget", "12", "--batch", "4"]


def longest(pool: Pool) -> np.ndarray:
    return np.array([len(text) for text in pool.texts], np.float32)


def times(text: str) -> dict[str, float]:
    return {"factor": float(text)}


@pytest.fixture(autouse=True)
def own_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setitem(registry.BUILT_IN, "longest", StrategyRow(longest, from_nothing=True))


def test_a_row_in_the_table_is_all_that_a_strategy_needs(tmp_path: Path) -> None:
    quick = Program(tmp_path).quick
    quick.file("some.jsonl", LABELLED.read_text("utf-8").splitlines()[:80])
    words = [*SHORT, "-s", "longest,random", "--vectors", "lexical", "--audit", "0"]
    body = json.loads(quick.ok(*words, "--json").out)
    assert [run["strategy"] for run in body["runs"]] == ["longest", "random"]
    assert quick("teach", "d", LABELLED, "-l", ",".join(LABELS), "-s", "longst").code == 2
    assert "longest" in registry.names()


def test_what_needs_no_model_is_picked_by_from_the_first_ticket_on(
    path: Path, make_dataset: MakeDataset
) -> None:
    make_dataset(TEXTS, TOPICS)
    first = {}
    for name in ("longest", "margin"):
        ranking = PoolLearner(path, "d", LearnerSettings("lexical@en", name)).rank()
        first[name] = ranking.items[0]
    assert first["longest"].reason == "longest"
    assert first["longest"].score == max(map(len, TEXTS))
    assert first["margin"].reason == "start"


def test_a_pointwise_strategy_of_a_recipe_scores_a_stream(tmp_path: Path) -> None:
    recipe = tmp_path / "loud.py"
    recipe.write_text(
        "from txtal import Recipe, recipe, strategy\n"
        "from txtal.types import Stream\n\n"
        "@strategy('loud', pointwise=True)\n"
        "def loud(pool):\n"
        "    return [text.count('!') / 10 for text in pool.texts]\n\n"
        "@strategy('whole')\n"
        "def whole(pool):\n"
        "    return [0.0] * len(pool)\n\n"
        "@recipe('loud')\n"
        "def make(dataset: str, source: str, *, strategy: str = 'loud') -> Recipe:\n"
        "    return Recipe(dataset, tickets=source, labels=['a', 'b'], strategy=strategy,\n"
        "                  vectoriser='lexical@en', audit=0, stream=Stream(budget=0.3))\n"
    )
    program = Program(tmp_path)
    texts = [f"ticket {n} is {'loud' + '!' * (n % 10)}" for n in range(120)]
    program.file("t.jsonl", [{"text": text} for text in texts])
    typed = "1\n2\n" * 60
    refused = program("run", recipe, "d", "t.jsonl", "--strategy", "whole", "--plain", stdin=typed)
    assert "for a stream choose from auto" in refused.complaint
    assert refused.complaint.endswith("loud")
    program.ok("run", recipe, "d", "t.jsonl", "--plain", stdin=typed)
    lines = program.exported("d")
    picked = [line["text"].count("!") for line in lines if line["reason"] == "stream"]
    assert len(picked) > 5
    assert np.mean(picked) > 6  # 4.5 if they were picked at random


def test_the_argument_of_a_recipes_own_is_read_before_a_session_begins() -> None:
    @strategy("scaled", times, pointwise=True)
    def scaled(pool: Pool, factor: float = 1.0) -> np.ndarray:
        return factor * longest(pool)

    registry.check("scaled=3")
    assert registry.for_stream("scaled=3") == "scaled=3"
    with pytest.raises(ValueError, match="three"):
        registry.check("scaled=three")
    with pytest.raises(UsageError, match="'longest' takes no argument"):
        registry.check("longest=3")


def test_a_recipes_own_strategy_never_travels_and_a_worker_without_one_says_so() -> None:
    strategy("mine", travels=True)(longest)
    assert not registry.can_travel("mine")  # the workers don't have the recipe
    assert not registry.can_travel("margin:0.5+mine:0.5")
    assert registry.can_travel("margin:0.5+entropy:0.5")
    with pytest.raises(EngineError, match="a worker can't run the strategy: no strategy 'theirs'"):
        Sweeping.from_arrays({"strategy": "theirs"}, {})


def test_the_lines_in_the_documentation_add_a_strategy(
    path: Path, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, row = worked_example("### A strategy")
    monkeypatch.setitem(sys.modules, "txtal.learning.strategies.length", module)
    table = eval(f"{{{row}}}", {"StrategyRow": StrategyRow})
    monkeypatch.setattr("txtal.learning.strategies.registry.BUILT_IN", {**BUILT_IN, **table})
    make_dataset(TEXTS, TOPICS)
    best = PoolLearner(path, "d", LearnerSettings("lexical@en", "shortest")).rank().items[0]
    assert (best.reason, best.score) == ("shortest", -min(map(len, TEXTS)))
    assert registry.for_stream("shortest") == "shortest"

"""Scores from the command line: numbers of a long scale in and out, learned and predicted."""

import json
import random

import pytest

from tests.cli.driving import Program

GOOD, BAD = ("lovely", "superb", "great", "quick"), ("awful", "broken", "late", "rude")


def scored_lines(count: int, seed: int) -> list[dict[str, object]]:
    """Texts of five words, with 20 for each good one."""
    rng = random.Random(seed)
    lines = []
    for n in range(count):
        good = rng.randint(0, 5)
        words = [*rng.choices(GOOD, k=good), *rng.choices(BAD, k=5 - good)]
        lines.append({"text": f"{' '.join(words)} parcel {n}", "label": 20 * good})
    return lines


@pytest.fixture
def scored(quick: Program) -> Program:
    """txtal with 120 scores of 0 to 100 in ``d``."""
    quick.file("scored.jsonl", scored_lines(120, 1))
    quick.ok("load", "d", "scored.jsonl", "--answers", "--score", "0-100")
    return quick


def test_scores_are_counted_in_ranges_and_exported_as_numbers(scored: Program) -> None:
    assert "99 to 100" in scored.ok("stats", "d").out
    stats = scored.json("stats", "d", "--json")
    assert stats["task"] == "rating"
    assert sum(stats["labels"].values()) == 120
    first = json.loads(scored.ok("export", "d").out.splitlines()[0])
    assert first["rating"] == int(first["label"])
    assert first["scale"] == "0-100"


def test_what_is_exported_loads_again_with_its_scale(scored: Program) -> None:
    scored.ok("export", "d", "-o", "out.jsonl")
    scored.ok("load", "e", "out.jsonl", "--answers")
    assert (
        scored.json("stats", "e", "--json")["labels"]
        == scored.json("stats", "d", "--json")["labels"]
    )


@pytest.mark.parametrize("tool", ["labelstudio", "argilla", "doccano", "csv", "parquet", "plain"])
def test_scores_go_to_other_tools_and_come_back(scored: Program, tool: str) -> None:
    suffix = {"csv": "csv", "parquet": "parquet"}.get(tool, "json")
    out = f"{tool}.{suffix}"
    scored.ok("export", "d", "-f", tool, "-o", out)
    scored.ok("load", tool, out, "--answers", "--score", "0-100")
    assert (
        scored.json("stats", tool, "--json")["labels"]
        == scored.json("stats", "d", "--json")["labels"]
    )


def test_a_classifier_predicts_scores_with_an_interval_that_holds(scored: Program) -> None:
    scored.ok("train", "d", "-o", "model", "--vectors", "lexical")
    scored.file("new.jsonl", scored_lines(200, 2))
    said = [
        json.loads(line) for line in scored.ok("predict", "model", "new.jsonl").out.splitlines()
    ]
    assert "probabilities" not in said[0]
    held = sum(one["low"] <= one["label"] <= one["high"] for one in said)
    assert held >= 160  # 180 of 200 are meant
    assert sum(one["high"] - one["low"] for one in said) / 200 < 60
    assert all(one["low"] <= one["rating"] <= one["high"] for one in said)
    body = scored.json("evaluate", "model", "new.jsonl", "--json")
    assert body["mean_absolute_error"]["value"] < 15  # 30 to whoever says 50 of all
    assert "accuracy" not in scored.ok("evaluate", "model", "new.jsonl").out


@pytest.mark.slow
def test_scores_are_simulated_and_measured_by_their_error(scored: Program) -> None:
    words = ["--score", "0-100", "--budget", "40", "--batch", "20", "--vectors", "lexical"]
    scored.file("test.jsonl", scored_lines(60, 3))
    body = scored.json(
        "simulate", "scored.jsonl", "--test", "test.jsonl", *words, "-s", "auto,spread", "--json"
    )
    for run in body["runs"]:
        assert run["curve"][-1]["mean_absolute_error"] < 28


def test_a_score_is_typed(scored: Program) -> None:
    scored.file("more.jsonl", [{"text": "a new one"}, {"text": "another"}])
    ran = scored.ok("manual", "d", "more.jsonl", "--plain", stdin="63\n101\nq\n")
    assert "a number, 0 to 100" in ran.out
    assert "accept 63" in ran.out
    assert "no score 101" in ran.out
    assert scored.json("stats", "d", "--json")["labels"]["63"] == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--score", "1-5"), "Fewer are grades"),
        (("--score", "0-1000"), "no scale of scores"),
        (("--score", "high"), "no scale of scores"),
        (("--score", "0-100", "--rating", "1-5"), "give one of them"),
        (("--score", "0-100", "-l", "bug"), "--score defines the labels"),
    ],
)
def test_what_is_no_scale_is_refused(quick: Program, words: tuple[str, ...], says: str) -> None:
    ran = quick("manual", "n", "--plain", *words)
    assert ran.code == 2
    assert says in ran.err

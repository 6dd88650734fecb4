"""What a dataset remembers: the options it was labelled with, until they are given again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.driving import Program
from txtal import config

TICKETS = ["refund me", "thanks a lot", "refund the order", "thank you"]


@pytest.fixture
def txtal(tmp_path: Path) -> Program:
    program = Program(tmp_path).quick
    program.file("t.jsonl", [{"text": text} for text in TICKETS])
    return program


def teach(program: Program, *words: str, dataset: str = "v") -> str:
    """What a session of no answers says."""
    return program.ok("teach", dataset, "--plain", *words, stdin="q\n").err


def settings(program: Program, dataset: str = "v") -> dict[str, object]:
    found: dict[str, object] = program.json("stats", dataset, "--json")["settings"]
    return found


def test_day_two_remembers(txtal: Program) -> None:
    said = teach(
        txtal, "t.jsonl", "-l", "refund,praise", "--vectors", "lexical", "-s", "margin",
        "--lang", "de", "--audit", "0.2", "--keys", "ranked",
    )  # fmt: skip
    assert "kept with v from now on: " in said
    kept = {
        "vectors": "lexical",
        "strategy": "margin",
        "lang": "de",
        "audit": 0.2,
        "keys": "ranked",
    }
    assert settings(txtal) == kept
    again = teach(txtal)
    assert (
        "as kept with v: audit 0.2, keys ranked, lang de, strategy margin, vectors lexical" in again
    )
    assert "from now on" not in again
    shown = txtal.ok("config", "v").out
    assert "lexical" in shown
    assert "dataset v" in shown
    assert "kept: audit 0.2, keys ranked" in txtal.ok("stats", "v").out


def test_an_option_changes_what_is_kept_and_says_so(txtal: Program) -> None:
    teach(txtal, "t.jsonl", "-l", "refund,praise", "-s", "margin", "--vectors", "lexical")
    said = teach(txtal, "-s", "entropy")
    assert "kept with v from now on: strategy entropy (it was margin)" in said
    assert "as kept with v: vectors lexical" in said
    assert settings(txtal) == {"strategy": "entropy", "vectors": "lexical"}
    assert "strategy no longer kept" in txtal.ok("config", "v", "--unset", "strategy").err
    assert settings(txtal) == {"vectors": "lexical"}


def test_what_is_kept_is_what_learns(txtal: Program) -> None:
    teach(txtal, "t.jsonl", "-l", "refund,praise", "--vectors", "lexical", "-s", "random")
    ran = txtal("teach", "v", "--plain", "-s", "nosuch")
    assert "nosuch" in ran.complaint
    assert settings(txtal)["strategy"] == "random"  # nothing of a session that can't begin
    txtal.ok("manual", "v", "--plain", stdin="1\n2\n1\n2\n")
    txtal.ok("train", "v", "-o", "model")
    classifier = (txtal.folder / "model").glob("*.json")
    assert any("lexical@en" in file.read_text() for file in classifier)


def test_another_dataset_keeps_its_own(txtal: Program) -> None:
    teach(txtal, "t.jsonl", "-l", "a,b", "-s", "margin", "--vectors", "lexical")
    teach(txtal, "t.jsonl", "-l", "a,b", "--vectors", "lexical", dataset="w")
    assert settings(txtal, "w") == {"vectors": "lexical"}


def test_a_flag_before_the_dataset_before_the_files(txtal: Program) -> None:
    (txtal.folder / "txtal.toml").write_text('strategy = "entropy"\nvectors = "lexical"\n')
    teach(txtal, "t.jsonl", "-l", "a,b")
    assert settings(txtal) == {}  # a file is no choice for this dataset
    teach(txtal, "-s", "margin")
    assert "as kept with v: strategy margin" in teach(txtal)
    origins = {row["name"]: row["origin"] for row in txtal.json("config", "v", "--json")}
    assert (origins["strategy"], origins["vectors"]) == ("dataset v", "txtal.toml")
    assert "it was margin" in teach(txtal, "-s", "random")


def test_a_language_takes_the_place_of_a_pipeline() -> None:
    kept = {"spacy": "de_core_news_md", "strategy": "margin"}
    assert config.recalled(kept, {"lang"}) == {"strategy": "margin"}
    assert config.replaced({"lang"}) == ["spacy"]
    assert config.recalled({"lang": "de"}, {"spacy"}) == {}
    assert config.replaced({"spacy"}) == []


def test_a_band_takes_the_place_of_a_strategy_for_a_day(txtal: Program) -> None:
    teach(txtal, "t.jsonl", "-l", "a,b", "-s", "margin", "--vectors", "lexical", "--lang", "de")
    assert "strategy" not in teach(txtal, "--band", "0.4,0.6")
    assert "strategy margin" in teach(txtal)


def test_files_are_kept_by_their_whole_path_and_missed(txtal: Program) -> None:
    guide = txtal.folder / "guide.md"
    guide.write_text("# Guide\n")
    teach(txtal, "t.jsonl", "-l", "a,b", "--guidelines", "guide.md", "--vectors", "lexical")
    assert settings(txtal)["guidelines"] == str(guide)
    guide.unlink()
    said = teach(txtal)
    assert "kept with v as its guidelines, and no longer there" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--unset", "strategy"], "name it"),
        (["v", "--unset", "theme"], "no dataset keeps a setting called 'theme'"),
        (["nosuch"], "no dataset called 'nosuch'"),
    ],
)
def test_what_config_refuses(txtal: Program, words: list[str], says: str) -> None:
    txtal.ok("load", "v", "t.jsonl")
    assert says in txtal("config", *words).complaint

"""What a dataset remembers: the options it was labelled with, until they are given again."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.driving import Program
from txtal import config
from txtal.store import datasets, schema, votes
from txtal.store import settings as store

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


RULES = '[[rule]]\nname = "r"\nlabel = "refund"\nwords = "refund"\n'


def test_rules_are_kept_and_vote_again_where_the_file_has_changed(txtal: Program) -> None:
    rules = txtal.folder / "rules.toml"
    rules.write_text(RULES)
    slow = Program(txtal.folder)
    said = slow.ok("teach", "v", "t.jsonl", "-l", "refund,praise", "--rules", "rules.toml",
                   "--vectors", "lexical", "--plain", stdin="q\n").err  # fmt: skip
    assert f"kept with v from now on: rules {rules}" in said
    assert settings(txtal)["rules"] == str(rules)
    assert f"as kept with v: rules {rules}" in teach(txtal)
    rules.write_text(RULES.replace('words = "refund"', 'words = "thank"').replace("[[r", "[[r", 1))
    slow.ok("teach", "v", "-s", "random", "--plain", stdin="1\n1\n1\nq\n")
    rules.unlink()
    assert "kept with v as its rules, and no longer there; left out" in teach(txtal)


@pytest.mark.parametrize("name", ["rules.py", "Rules.PY"])
def test_code_is_never_kept_nor_recalled_nor_named_by_a_file_of_settings(
    txtal: Program, name: str
) -> None:
    code = txtal.folder / name
    ran = txtal.folder / "ran"
    code.write_text(
        f"open({str(ran)!r}, 'w')\nfrom txtal import labels\n\n"
        "@labels('r')\ndef r(ticket):\n    return None\n"
    )
    said = teach(txtal, "t.jsonl", "-l", "refund,praise", "--vectors", "lexical")
    with closing(schema.open_database(txtal.folder / txtal.db)) as conn, conn:
        store.keep(
            conn, datasets.get(conn, "v").id, {"rules": str(code), "suggest": f"touch {ran}"}
        )
    said = teach(txtal)
    assert "rules" not in said
    assert not ran.exists()
    (txtal.folder / "txtal.toml").write_text(f'rules = "{code}"\n')
    assert f"rules may not name code; give {code} by --rules" in txtal("teach", "v").complaint
    assert not ran.exists()


def test_rules_in_python_are_said_not_to_be_kept(txtal: Program) -> None:
    (txtal.folder / "mine.py").write_text(
        "from txtal import labels\n\n@labels('r')\ndef r(ticket):\n    return None\n"
    )
    said = teach(txtal, "t.jsonl", "-l", "a,b", "--vectors", "lexical", "--rules", "mine.py")
    assert "mine.py: code, so not kept with v; give --rules each time" in said
    assert settings(txtal) == {"vectors": "lexical"}


def test_a_command_isnt_kept_but_named_and_its_budget_is(txtal: Program) -> None:
    ran = txtal.folder / "ran"
    (txtal.folder / "s.py").write_text(f"open({str(ran)!r}, 'a').write('x')\n")
    command = f"{sys.executable} s.py"
    slow = Program(txtal.folder)
    slow.ok("teach", "v", "t.jsonl", "-l", "a,b", "--vectors", "lexical", "--suggest-budget", "7",
            "--suggest", command, "-s", "random", "--plain", stdin="1\n1\nq\n")  # fmt: skip
    assert settings(txtal) == {"vectors": "lexical", "suggest_budget": 7, "strategy": "random"}
    with closing(schema.open_database(txtal.folder / txtal.db)) as conn:
        votes.enter(conn, datasets.get(conn, "v").id, "my command", "command", "x")
    ran.unlink(missing_ok=True)
    said = slow.ok("teach", "v", "--plain", stdin="q\n").err
    assert "my command suggested labels for v; to have it go on: --suggest 'my command'" in said
    assert "suggest_budget" not in said
    assert not ran.exists()
    assert "suggest_budget 7" in teach(txtal, "--suggest", "true")

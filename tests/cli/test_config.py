"""Settings: who goes before whom, and what is told of a bad file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.driving import Program


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "user.toml"
    monkeypatch.setenv("TXTAL_CONFIG", str(path))
    return path


NOBODY = {"TXTAL_ANNOTATOR": ""}


def settings(program: Program, **env: str) -> dict[str, tuple[object, str]]:
    rows = json.loads(program.ok("config", "--json", **env).out)
    return {row["name"]: (row["value"], row["origin"]) for row in rows}


def test_environment_before_project_before_user_before_default(
    answered: Program, user: Path
) -> None:
    program = answered.quick
    user.write_text('theme = "mono"\nannotator = "bob"\naudit = 0.3\n')
    (program.folder / "txtal.toml").write_text('annotator = "cy"\nkeys = "ranked"\n')
    found = settings(program, **NOBODY)
    assert found["theme"] == ("mono", str(user))
    assert found["annotator"] == ("cy", "txtal.toml")
    assert found["seed"] == (0, "default")
    assert settings(program)["annotator"] == ("ann", "TXTAL_ANNOTATOR")
    program.ok("manual", "d", "--plain", stdin="1\n", **NOBODY)
    assert program.exported()[-1]["annotator"] == "cy"
    program.ok("manual", "d", "--plain", stdin="u\n", **NOBODY)
    program.ok("manual", "d", "--plain", stdin="1\n")
    assert program.exported()[-1]["annotator"] == "ann"
    assert "txtal.toml" in program.ok("config", "--show-origin").out


def test_the_database_too(answered: Program, user: Path) -> None:
    program = answered.quick
    (program.folder / program.db).rename(program.folder / "elsewhere.db")
    user.write_text('db = "elsewhere.db"\n')
    assert "d: 5 tickets" in program.ok("stats", "d", TXTAL_DB="").out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("strategy = 7", "strategy must be text (got 7)"),
        ("audit = true", "audit must be a number (got true)"),
        ("code = 'mine.py'", "no setting is called code"),
        ("strategy = \n", "line 1"),
    ],
)
def test_a_bad_file_is_named(txtal: Program, user: Path, text: str, says: str) -> None:
    user.write_text(text)
    said = txtal.quick("datasets")
    assert said.code == 2
    assert says in said.err
    assert str(user) in said.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('theme = "pink"', "theme: 'pink' is not one of"),
        ('preset = "nano"', "preset: 'nano' is not one of"),
        ('keys = "qwert"', "keys: 'qwert' is not one of"),
        ('vectors = "magic"', 'vectors = "magic" is set in'),
        ('strategy = "best"', 'strategy = "best" is set in'),
        ('guidelines = "none.md"', 'guidelines = "none.md" is set in'),
        ("audit = 3", "audit = 3 is set in"),
        ("seed = -1", "seed = -1 is set in"),
        ('keymap = {fly = "z"}', "keymap is set in"),
        ('db = "no/such/folder.db"', 'db = "no/such/folder.db" is set in'),
    ],
)
def test_a_bad_value_is_reported_with_its_file_and_key(
    txtal: Program, user: Path, text: str, says: str
) -> None:
    user.write_text(text)
    words = ("teach", "d", "-l", "a,b", "--plain", "--lang", "en")
    said = (txtal if text.startswith("db") else txtal.quick)(*words, stdin="q\n", TXTAL_DB="")
    assert said.code in (2, 3)
    assert said.err.count(says) == 1
    assert said.err.count(str(user)) == 1
    assert "--theme" not in said.err


def test_a_value_that_an_option_gives_instead_is_reported_as_the_options(
    txtal: Program, user: Path
) -> None:
    user.write_text('vectors = "magic"\n')
    said = txtal.quick("teach", "d", "-l", "a,b", "--plain", "--vectors", "other", stdin="q\n")
    assert "no vectoriser 'other'" in said.err
    assert "is set in" not in said.err


def test_a_value_that_is_part_of_another_name_is_not_blamed(txtal: Program, user: Path) -> None:
    user.write_text('seed = 3\nlang = "en"\n')
    for missing in ("t 3.jsonl", "en"):
        said = txtal.quick("teach", "d", missing, "-l", "a,b", "--plain", stdin="q\n")
        assert f"{missing}: no such file" in said.err
        assert str(user) not in said.err


def test_a_bad_variable_is_named(txtal: Program) -> None:
    said = txtal.quick("teach", "d", "-l", "a,b", stdin="q\n", TXTAL_THEME="pink")
    assert said.code == 2
    assert said.err.startswith("txtal: TXTAL_THEME: 'pink' is not one of")


def test_datasets_and_labels_are_completed(answered: Program) -> None:
    def complete(words: str) -> list[str]:
        count = str(len(words.split(" ")) - 1)
        said = answered(_TXTAL_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
        return [line.partition(",")[2] for line in said.out.splitlines() if line]

    assert complete("txtal stats ") == ["d"]
    assert complete("txtal label rename d ") == ["a", "b"]
    assert complete("txtal teach x") == []

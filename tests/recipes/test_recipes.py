"""Recipes: found, loaded, and turned into command lines."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import txtal
from txtal import ModelOptions, Recipe, Stream
from txtal.cli.recipes import command_of
from txtal.errors import RecipeError, TxtalError
from txtal.recipes import recipe
from txtal.recipes.parts import PARTS

GOOD = '''
from pathlib import Path
from typing import Annotated, Literal
from txtal import Recipe, recipe

@recipe("triage")
def triage(
    dataset: str,
    source: Path,
    label: list[str],
    strategy: str = "margin",
    *,
    depth: Annotated[int, "-d", "How deep."] = 3,
    mode: Literal["fast", "slow"] = "fast",
    loud: bool = False,
    extra: list[str] = ["x"],
) -> Recipe:
    """Sort feedback.

    And more.
    """
    print(repr((dataset, source, label, strategy, depth, mode, loud, extra)))
    return "not a recipe"
'''


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(text: str, name: str = "mine.py") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_signature_becomes_a_command_line(write) -> None:  # type: ignore[no-untyped-def]
    (function,) = recipe.find(str(write(GOOD)))
    command = command_of(function)
    shown = CliRunner().invoke(command, ["--help"]).output
    for part in (
        "DATASET SOURCE [STRATEGY]",
        "--label",
        "--depth",
        "[fast|slow]",
        "How deep.",
        "Sort feedback.",
        "--plain",
        "--annotator",
    ):
        assert part in shown
    called = CliRunner().invoke(
        command, ["d", "f.jsonl", "--label", "a,b", "--label", "c", "-d", "5", "--loud"]
    )
    expected = ("d", Path("f.jsonl"), ["a", "b", "c"], "margin", 5, "fast", True, ["x"])
    assert called.output.splitlines()[0] == repr(expected)
    assert isinstance(called.exception, RecipeError)
    assert "must return a Recipe" in str(called.exception)


def test_a_list_without_a_default_is_required(write) -> None:  # type: ignore[no-untyped-def]
    (function,) = recipe.find(str(write(GOOD)))
    result = CliRunner().invoke(command_of(function), ["d", "f.jsonl"])
    assert result.exit_code == 2
    assert "--label" in result.output


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import nosuchmodule_", r"mine\.py:1: ModuleNotFoundError"),
        ("\n\nx = (", r"mine\.py:3: SyntaxError"),
        ("x = 1", "no function in it is marked"),
    ],
)
def test_a_fault_in_a_recipe_file_says_where(write, text: str, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RecipeError, match=says):
        recipe.find(str(write(text)))


@pytest.mark.parametrize(
    ("signature", "says"),
    [("dataset, x: int", "'dataset'.*has no type"), ("dataset: str, x: dict", "'x'.*has type")],
)
def test_a_signature_that_is_no_command_line_says_why(write, signature: str, says: str) -> None:  # type: ignore[no-untyped-def]
    text = f"from txtal import Recipe, recipe\n@recipe('r')\ndef r({signature}): ..."
    (function,) = recipe.find(str(write(text)))
    with pytest.raises(RecipeError, match=says):
        command_of(function)


def test_missing_files_and_names(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no such recipe file"):
        recipe.find(str(tmp_path / "none.py"))
    with pytest.raises(RecipeError, match="txtal recipes"):
        recipe.find("nosuchrecipe")


def test_a_file_is_run_once(write) -> None:  # type: ignore[no-untyped-def]
    path = write("from txtal import recipe\ncount = 0\n@recipe('r')\ndef r(dataset: str): ...")
    assert recipe.load_file(path) is recipe.load_file(path)


def test_the_shipped_recipes_are_commands() -> None:
    names = [recipe.name_of(function) for function in recipe.shipped()]
    assert {"teach", "manual", "feedback"} <= set(names)
    for function in recipe.shipped():
        command = command_of(function)
        assert isinstance(command, click.Command)
        assert command.help


def test_a_band_is_a_strategy() -> None:
    teach = {recipe.name_of(function): function for function in recipe.shipped()}["teach"]
    assert teach("d").strategy == "auto"
    assert teach("d", band="0.4,0.6").strategy == "band=0.4..0.6"
    assert teach("d", band="0.4,0.6", follow=True).strategy == "auto"


def test_nothing_is_imported_from_the_working_directory(
    write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    write("raise SystemExit('imported!')", "recipe.py")
    write("raise SystemExit('imported!')", "numpy.py")
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path) not in sys.path
    assert recipe.shipped()
    with pytest.raises(RecipeError):
        recipe.find("recipe")


# --- the recipe itself ----------------------------------------------------------------------------


def test_options_are_grouped_and_read_flat() -> None:
    made = Recipe("d", "x.jsonl", labels=["a"], strategy="margin", audit=0.2, welcome="hello")
    assert (made.dataset, made.tickets) == ("d", "x.jsonl")
    assert made.labels == made.scheme.labels == ["a"]
    assert made.model == ModelOptions(strategy="margin")
    assert (made.questions.audit, made.screen.welcome) == (made.audit, made.welcome)
    assert replace(made, dataset="e").strategy == "margin"


def test_a_shared_part_is_overridden_by_single_options() -> None:
    careful = ModelOptions(vectoriser="lexical@en", stop_at=0.95)
    made = Recipe("d", model=careful, strategy="margin")
    assert made.model == ModelOptions("lexical@en", "margin", stop_at=0.95)
    assert careful.strategy == "auto"


def test_an_unknown_option_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(TypeError, match="'stratgy'; did you mean 'strategy'"):
        Recipe("d", stratgy="margin")
    with pytest.raises(AttributeError, match="'labls'; did you mean 'labels'"):
        Recipe("d").labls  # noqa: B018


def test_the_signature_shows_every_option() -> None:
    shown = inspect.signature(Recipe).parameters
    assert len(shown) == 2 + sum(len(fields(part)) for part in PARTS.values())
    assert shown["strategy"].default == "auto"
    assert all(len(fields(kind)) <= 12 for kind in (Recipe, *PARTS.values()))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"audit": 3.0}, r"audit must be from 0 to 1, such as 0.1 \(got 3.0\)"),
        ({"synthesise": 1.0}, "synthesise must be at least 0 and below 1"),
        ({"synthesise": 0.1, "order": "file"}, "--synthesise composes texts"),
        ({"rating": "1-5", "labels": ["a"]}, "--rating defines the labels"),
        ({"stream": Stream(budget=0.0)}, "budget must be above 0"),
        ({"stream": Stream(follow=True)}, "--follow needs a file"),
        ({"stream": Stream(), "strategy": "coreset"}, "compares the tickets of a pool"),
        ({"strategy": "nosuch"}, "nosuch"),
        ({"vectoriser": "nosuch@en"}, "nosuch"),
    ],
)
def test_a_recipe_checks_itself(options: dict[str, Any], says: str) -> None:
    with pytest.raises(TxtalError, match=says):
        Recipe("d", **options).check()


def test_what_recipes_are_made_of_is_imported_from_txtal_alone() -> None:
    for name in txtal.__all__:
        assert getattr(txtal, name) is not None
    assert txtal.__all__ == sorted(txtal.__all__)
    docs = Path(__file__).parents[2] / "docs"
    for file in [*recipe.shipped_folder().rglob("*.py"), docs / "recipes.md"]:
        assert not re.search(r"\b(?:from|import) txtal\.", file.read_text("utf-8")), file

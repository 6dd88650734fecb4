"""The table of commands: it lists what there is, in a line each."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from tests.cli.driving import Program
from txtal.cli import cli
from txtal.cli.commands import RECIPES, SECTIONS
from txtal.recipes.recipe import name_of, shipped


def test_every_listed_command_is_there_by_its_name() -> None:
    context = click.Context(cli)
    for name in (name for section in SECTIONS.values() for name in section):
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_every_shipped_recipe_is_listed() -> None:
    assert {name_of(function) for function in shipped()} == set(RECIPES)


def test_no_line_of_the_help_is_cut() -> None:
    lines = CliRunner(env={"COLUMNS": "80"}).invoke(cli, ["--help"]).output.splitlines()
    for section in SECTIONS.values():
        for name, one in section.items():
            assert any(line.split() == [name, *one.summary.split()] for line in lines), name


def test_a_command_that_is_misspelt() -> None:
    done = CliRunner().invoke(cli, ["exprot"])
    assert done.exit_code == 2
    assert "No such command 'exprot'" in done.output


def of_a_dataset(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    """The words of each command whose first argument is a dataset that must be there."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from of_a_dataset(command, *before, name)
            continue
        assert command is not None
        places = [one for one in command.params if isinstance(one, click.Argument)]
        if places and places[0].name == "dataset" and name not in MAKING:
            others = [FILLED.get(str(one.name), "1") for one in places[1:] if one.required]
            options = [one for one in command.params if one.required and one not in places]
            given = [word for one in options for word in (one.opts[0], "out")]
            yield (*before, name, "shp", *others, *given)


MAKING = ("load", "demo", "feedback")
"""Commands that make the dataset of tickets they are given."""
FILLED = {"sources": "t.jsonl", "labels": "a"}


@pytest.mark.parametrize("words", list(of_a_dataset(cli)), ids=" ".join)
def test_a_dataset_that_isnt_there(quick: Program, words: tuple[str, ...]) -> None:
    quick.file("t.jsonl", [{"text": "late", "label": "a"}])
    quick.ok("load", "shop", "t.jsonl", "--answers")
    ran = quick(*words)
    assert (ran.code, ran.complaint) == (
        2,
        "no dataset called 'shp', perhaps 'shop'; there are: shop",
    )

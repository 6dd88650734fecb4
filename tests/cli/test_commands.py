"""The table of commands: it lists what there is, in a line each."""

from __future__ import annotations

import click
from click.testing import CliRunner

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

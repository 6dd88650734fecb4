"""The help of every command: whole, in 80 columns, and in one style."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from txtal import errors
from txtal.cli import cli

PACKAGE = Path(__file__).parents[2] / "txtal"
KINDS = {name for name in vars(errors) if name.endswith("Error")}
PROPER = ("Excel", "Parquet")
"""Names with which a message may begin."""
Entry = tuple[str, click.Command, click.Context]


def entries(command: click.Command, name: str, parent: click.Context | None) -> Iterator[Entry]:
    """Yield a command and those under it, with the path of each."""
    context = click.Context(command, parent, name, terminal_width=80, max_content_width=80)
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for under in command.list_commands(context):
            found = command.get_command(context, under)
            assert found is not None
            yield from entries(found, under, context)


ENTRIES = list(entries(cli, "txtal", None))


@pytest.fixture(params=ENTRIES, ids=lambda entry: entry[0])
def entry(request: pytest.FixtureRequest) -> Entry:
    found: Entry = request.param
    return found


def test_no_line_of_help_is_cut_or_too_wide(entry: Entry) -> None:
    _, command, context = entry
    text = command.get_help(context)
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.partition("\n")[2], "only the usage line repeats arguments"


def test_a_command_says_what_you_get(entry: Entry) -> None:
    _, command, _ = entry
    for said in ((command.help or "").partition("\n")[0], command.get_short_help_str(200)):
        assert re.fullmatch(r"[A-Z].*\.", said)


def test_the_help_of_an_option_is_a_sentence(entry: Entry) -> None:
    _, command, context = entry
    for param in command.get_params(context):
        if isinstance(param, click.Option):
            said = re.sub(r"\s*\[[^\]]*\]$", "", param.help or "")
            assert re.match(r"[A-Z`]", said), (param.name, said)
            assert said.endswith("."), (param.name, said)


def raised() -> Iterator[tuple[str, str]]:
    """Yield the messages of txtal's errors that stand where they are raised, and their places."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                said = node.args[0]
                if node.func.id in KINDS and isinstance(said, ast.JoinedStr | ast.Constant):
                    parts = said.values if isinstance(said, ast.JoinedStr) else [said]
                    text = "".join(
                        str(part.value) if isinstance(part, ast.Constant) else "{}"
                        for part in parts
                    )
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", text


def test_an_error_begins_in_lower_case_and_has_no_full_stop() -> None:
    found = list(raised())
    assert len(found) > 200
    for place, said in found:
        assert not re.match(r"[A-Z][a-z]", said) or said.startswith(PROPER), (place, said)
        assert not said.endswith("."), (place, said)

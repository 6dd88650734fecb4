"""Writes docs/reference.md from the commands and the key table, or checks that it is current.

python docs/reference.py            # write
python docs/reference.py --check    # fail if it would change
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from txtal.cli import cli
from txtal.types import TASKS
from txtal.ui.actions import ACTIONS
from txtal.ui.modes import MODES, TITLES

TARGET = Path(__file__).with_name("reference.md")
WIDTH = 96

HEAD = """# Reference

Made by `python docs/reference.py` from the program itself; don't edit it by hand.

## Exit codes

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed |
| 2 | the command's words don't fit together, or there is no terminal |
| 3 | bad data: a file, a database or a classifier that can't be taken |
| 4 | the database is locked, or was made by a newer txtal |
| 128+n | ended by signal n |

## Environment

| variable | meaning |
| --- | --- |
| `TXTAL_DB` | the database file, instead of `--db` |
| `TXTAL_ANNOTATOR` | your name, instead of `--annotator` |
| `TXTAL_THEME` | colours, instead of `--theme` |
| `TXTAL_CONFIG` | the user's configuration file |
| `TXTAL_HOOKS` | the file of hooks that you have confirmed |
| `TXTAL_LOG` | the log file for faults nobody foresaw |
| `TXTAL_DEBUG` | if set, such faults show their traceback instead |
| `TXTAL_PLAIN`, `ACCESSIBLE` | if set, label line by line as with `--plain` |
| `NO_COLOR` | if set, no colours |

## Commands
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, *_commands(), "## Keys\n", *_keys()]
    return "\n".join(parts).rstrip() + "\n"


def _commands() -> Iterator[str]:
    with click.Context(
        cli, info_name="txtal", terminal_width=WIDTH, help_option_names=["-h", "--help"]
    ) as context:
        yield f"```text\n{cli.get_help(context)}\n```\n"
        yield from _commands_of(cli, context)


def _commands_of(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        with click.Context(
            command,
            info_name=name,
            parent=context,
            terminal_width=WIDTH,
            **command.context_settings,
        ) as inner:
            yield f"### {inner.command_path}\n\n```text\n{command.get_help(inner)}\n```\n"
            if isinstance(command, click.Group):
                yield from _commands_of(command, inner)


def _keys() -> Iterator[str]:
    for mode in MODES:
        actions = [action for action in ACTIONS if action.modes[0] == mode and action.keys]
        yield f"### {TITLES[mode]}\n\n| key | does | tasks |\n| --- | --- | --- |"
        for action in actions:
            tasks = "all" if len(action.tasks) == len(TASKS) else ", ".join(action.tasks)
            yield f"| {action.shown.replace('|', '&#124;')} | {action.help} | {tasks} |"
        yield ""
    yield "### Line by line\n\nWith `--plain`, what is typed.\n"
    yield "| line | does | tasks |\n| --- | --- | --- |"
    for action in ACTIONS:
        if action.line:
            tasks = "all" if len(action.tasks) == len(TASKS) else ", ".join(action.tasks)
            yield f"| `{action.typed}` | {action.help} | {tasks} |"


def main() -> None:
    made = page()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(made, "utf-8")
    elif not TARGET.exists() or TARGET.read_text("utf-8") != made:
        sys.exit("docs/reference.md is not current: run `python docs/reference.py`")


if __name__ == "__main__":
    main()

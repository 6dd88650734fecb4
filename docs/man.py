"""Writes a man page for every command, as packagers want them; needs click-man.

python docs/man.py FOLDER
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import click
from click_man.core import write_man_pages

from txtal.cli import cli


def main() -> None:
    """Write them into the folder that is named."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    context = click.Context(cli)
    for name in cli.list_commands(context):
        cli.get_command(context, name)  # which are imported when they are asked for
    write_man_pages("txtal", cli, version=metadata.version("txtal"), target_dir=str(folder))
    print(f"{len(list(folder.glob('*.1')))} pages in {folder}")


if __name__ == "__main__":
    main()

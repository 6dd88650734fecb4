"""The command line: click, and nothing heavier before a command needs it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from txtal.cli.commands import RECIPES, Commands
from txtal.cli.errors import guarded
from txtal.cli.output import Console
from txtal.cli.threads import one_thread
from txtal.store import DEFAULT_PATH


def _version(context: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from txtal.cli.version import versions  # it reads the metadata of packages

        click.echo(versions())
        context.exit()


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--db",
    type=click.Path(path_type=Path),
    envvar="TXTAL_DB",
    default=DEFAULT_PATH,
    show_default=True,
    help="The database file. [env: TXTAL_DB]",
)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version, SQLite's and the installed extras.",
)
@click.pass_context
def cli(context: click.Context, db: Path, quiet: bool) -> None:
    """Label text in the terminal; a model picks the most useful text next.

    Exit codes: 0 done, 1 failed, 2 usage or no terminal, 3 bad data, 4 database locked or newer,
    128+n on a signal.
    """
    context.obj = Console(db, quiet)
    context.call_on_close(context.obj.clear)  # before an error is shown


def main() -> None:
    """The console script."""
    one_thread()
    sys.exit(guarded(_run))


def _run() -> int | None:
    from txtal import config

    files = config.defaults([*RECIPES, "demo", "run"])
    code: int | None = cli.main(prog_name="txtal", standalone_mode=False, default_map=files)
    return code

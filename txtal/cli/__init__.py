"""The command line: click, and nothing heavier before a command needs it."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import click

from txtal.cli.errors import guarded
from txtal.cli.output import Console
from txtal.store import DEFAULT_PATH


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--db",
    type=click.Path(path_type=Path),
    envvar="TXTAL_DB",
    default=DEFAULT_PATH,
    show_default=True,
    help="The database file. [env: TXTAL_DB]",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.version_option(package_name="txtal", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, db: Path, quiet: bool) -> None:
    """Label text in the terminal; a model asks the most useful ticket next.

    Exit codes: 0 done, 1 failed, 2 usage or no terminal, 3 bad data, 4 database locked or newer,
    128+n on a signal.
    """
    context.obj = Console(db, quiet)


@cache
def program() -> click.Group:
    """The group with all its commands.

    Not made on import: a shipped recipe that is run as a script imports this package, and would be
    loaded a second time.
    """
    from txtal.cli import (
        backup,
        config,
        dataset,
        datasets,
        demo,
        doctor,
        evaluate,
        export,
        forget,
        label,
        load,
        models,
        predict,
        recipes,
        report,
        restore,
        share,
        simulate,
        stats,
        suspects,
        train,
        verify,
        why_excluded,
    )

    for module in (demo, load, export, stats, datasets, label, config, train, predict, simulate):
        cli.add_command(module.command)
    for module in (evaluate, report, suspects, doctor, verify, backup, restore):
        cli.add_command(module.command)
    for module in (dataset, forget, share, why_excluded):
        cli.add_command(module.command)
    for command in (models.models, models.rollback, models.compare):
        cli.add_command(command)
    cli.add_command(recipes.run)
    cli.add_command(recipes.recipes)
    for command in recipes.shipped_commands():
        cli.add_command(command)
    return cli


def main() -> None:
    """The console script."""
    sys.exit(guarded(_run))


def _run() -> int | None:
    from txtal import config
    from txtal.recipes.recipe import name_of, shipped

    group = program()
    commands = [*(name_of(function) for function in shipped()), "demo", "run"]
    files = config.defaults(commands)
    code: int | None = group.main(prog_name="txtal", standalone_mode=False, default_map=files)
    return code

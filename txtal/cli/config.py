"""``txtal config``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from txtal.cli.options import dataset_names
from txtal.cli.output import Console, put_json, put_table
from txtal.errors import UsageError
from txtal.formats.toml import as_toml

if TYPE_CHECKING:
    from txtal.config import Origin


@click.command("config")
@click.argument("dataset", required=False, shell_complete=dataset_names)
@click.option(
    "--unset", multiple=True, metavar="NAME", help="Stop keeping this setting with DATASET."
)
@click.option("--show-origin", is_flag=True, help="Show where each value comes from.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(
    console: Console, dataset: str | None, unset: Sequence[str], show_origin: bool, as_json: bool
) -> None:
    """Show every setting, and what DATASET keeps.

    A flag overrides the environment, which overrides what DATASET keeps, which overrides the
    project's file and yours. A dataset keeps the options that teach and manual were last given for
    it, until you give others or --unset them. The project's file is txtal.toml in the current
    folder. Both files are TOML with lines such as strategy = "margin".
    """
    from txtal import config

    if unset:
        _unset(console, dataset, unset)
    kept = _kept(console, dataset) if dataset else {}
    found = config.everything(kept, dataset or "")
    if as_json:
        put_json([{"name": o.setting.name, "value": o.value, "origin": o.origin} for o in found])
    else:
        _show(found, show_origin or bool(dataset))


def _kept(console: Console, dataset: str) -> Mapping[str, str | float]:
    from txtal.store import datasets, settings

    with console.read() as conn:
        return settings.kept(conn, datasets.get(conn, dataset).id)


def _unset(console: Console, dataset: str | None, names: Sequence[str]) -> None:
    from txtal import config
    from txtal.store import datasets, settings

    if dataset is None:
        raise UsageError("--unset is for what a dataset keeps: name it, as in `txtal config shop`")
    unknown = [name for name in names if name not in config.KEPT]
    if unknown:
        there = ", ".join(sorted(config.KEPT))
        raise UsageError(f"no dataset keeps a setting called {unknown[0]!r}; there are: {there}")
    with console.open() as conn:
        gone = settings.forget(conn, datasets.get(conn, dataset).id, names)
    for name in names:
        said = "no longer kept" if name in gone else "wasn't kept"
        console.say(f"{dataset}: {name} {said}")


def _show(found: Sequence[Origin], origins: bool) -> None:
    from txtal import config

    heads = ("setting", "value", "origin") if origins else ("setting", "value")
    rows = [(o.setting.name, _said(o.value), o.origin)[: len(heads)] for o in found]
    put_table(heads, rows, words=(0, 1, 2))
    if origins:
        click.echo()
        put_table(
            ("file", "is"),
            [
                (str(path), "there" if path.is_file() else "not there")
                for path in (config.PROJECT_FILE, config.user_file())
            ],
            words=(0, 1),
        )


def _said(value: object) -> str:
    """Return a value as the file would have it, but for the quotes of a text."""
    return value if isinstance(value, str) else as_toml(value)

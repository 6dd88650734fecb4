"""``txtal config``."""

from __future__ import annotations

import click

from txtal.cli.output import put_json, put_table


@click.command("config")
@click.option("--show-origin", is_flag=True, help="Say where each value comes from.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(show_origin: bool, as_json: bool) -> None:
    """Show the settings: by environment, project file and user file; a flag goes before them all.

    The project's file is txtal.toml in the current folder. Both are TOML with lines such as
    strategy = "margin".
    """
    from txtal import config

    found = config.everything()
    if as_json:
        put_json([{"name": o.setting.name, "value": o.value, "origin": o.origin} for o in found])
        return
    heads = ("setting", "value", "origin") if show_origin else ("setting", "value")
    rows = [(o.setting.name, _said(o.value), o.origin)[: len(heads)] for o in found]
    put_table(heads, rows, words=(0, 1, 2))
    if show_origin:
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
    return str(value).lower() if isinstance(value, bool) else str(value)

"""``txtal demo``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from txtal.cli.options import default_annotator
from txtal.cli.output import Console

_WELCOME = (
    "Which label fits this message to a shop? Press its number. Soon one is suggested (▸): "
    "a takes it. ? helps, q quits."
)
_GOODBYE = "The demo's answers are gone with it.\nNow your own: txtal teach NAME FILE -l A,B"


@click.command("demo")
@click.option("--plain", is_flag=True, help="Line-by-line mode, for screen readers and scripts.")
@click.pass_obj
def command(console: Console, plain: bool) -> None:
    """Try labelling on made-up messages to a shop; nothing is kept."""
    from txtal.launch import Invocation, run
    from txtal.recipes.recipe import Recipe, file_of, shipped

    samples = sample_folder()
    recipe = Recipe(
        "demo",
        tickets=samples / "feedback.jsonl",
        labels_from=samples / "labels.txt",
        welcome=_WELCOME,
    )
    with tempfile.TemporaryDirectory(prefix="txtal-demo-", ignore_cleanup_errors=True) as folder:
        database = Path(folder) / "demo.db"
        code = file_of(shipped()[0])
        invocation = Invocation(database, default_annotator(), plain, "demo", code)
        exit_code = run(recipe, invocation, Console(database, quiet=True))
    console.say(_GOODBYE)
    click.get_current_context().exit(exit_code)


def sample_folder() -> Path:
    """Where the sample tickets are: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).parents[1]
    installed = here / "_sample_data"
    return installed if installed.is_dir() else here.parent / "sample_data"

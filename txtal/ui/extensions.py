"""Actions for what a recipe adds: its keys and its panels."""

from __future__ import annotations

from txtal.recipes.extensions import Key, Panel
from txtal.text import clean
from txtal.ui.shell import Shell


def press(one: Key | Panel, shell: Shell, typed: str) -> None:
    """Do what the recipe's key does, or show its panel."""
    if isinstance(one, Panel):
        shown = shell.extension.opened(one)
        if shown is not None:
            shell.read_panel(one, shown)
        return
    said = shell.extension.press(one)
    # What it says doesn't count where its answer was refused.
    if said and not shell.session.notice:
        shell.tell(clean(said))

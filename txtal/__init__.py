"""txtal: label the fewest tickets, with the fewest keystrokes, for a classifier you can trust.

The names below are what recipes are made of. Each is imported when it is first used, so that
`import txtal` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from txtal.cli.recipes import script
    from txtal.formats.exports import ExportFormat, export_format
    from txtal.learning.strategies.registry import strategy
    from txtal.recipes.extensions import Desk, Key, Panel
    from txtal.recipes.recipe import Recipe, recipe
    from txtal.types import Answer, Draft, Record, Ticket
    from txtal.vectors.registry import vectoriser

__all__ = [
    "Answer",
    "Desk",
    "Draft",
    "ExportFormat",
    "Key",
    "Panel",
    "Recipe",
    "Record",
    "Ticket",
    "export_format",
    "recipe",
    "script",
    "strategy",
    "vectoriser",
]

_HOMES = {
    "Answer": "txtal.types",
    "Desk": "txtal.recipes.extensions",
    "Draft": "txtal.types",
    "ExportFormat": "txtal.formats.exports",
    "Key": "txtal.recipes.extensions",
    "Panel": "txtal.recipes.extensions",
    "Recipe": "txtal.recipes.recipe",
    "Record": "txtal.types",
    "Ticket": "txtal.types",
    "export_format": "txtal.formats.exports",
    "recipe": "txtal.recipes.recipe",
    "script": "txtal.cli.recipes",
    "strategy": "txtal.learning.strategies.registry",
    "vectoriser": "txtal.vectors.registry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'txtal' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

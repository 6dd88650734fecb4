"""Tickets, as files and the store hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Span = tuple[int, int, str]
"""Where a part of a text begins and ends, and its style."""


@dataclass(slots=True)
class Record:
    """A ticket as a file holds it, before the store knows it.

    Not frozen, though nobody changes one: one is made of each line of a file, and a frozen one
    takes three times as long to make.
    """

    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Every other key of the line, kept and given back on export."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One text to label."""

    id: int
    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    synthetic: bool = False
    """Nobody sent it: it was composed of others."""

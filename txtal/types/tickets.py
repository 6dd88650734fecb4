"""Tickets, as they come from a file and as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Span = tuple[int, int, str]
"""Where a part of a text begins and ends, and its style."""


@dataclass(slots=True)
class Record:
    """A ticket as it comes from a file, before it is stored.

    It isn't frozen, though nothing changes one: one is made for each line of a file, and making a
    frozen one takes three times as long.
    """

    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Every other key of the line, kept and exported again."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A stored text to label."""

    id: int
    """Its number in the database."""
    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    synthetic: bool = False
    """Whether it was composed of two other tickets."""

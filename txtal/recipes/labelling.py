"""Labelling functions: what a recipe's author knows of a label, as a function of a ticket.

A function votes; what its votes are worth is measured by answers (Ratner et al. 2017, "Snorkel:
Rapid Training Data Creation with Weak Supervision", VLDB 11).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from txtal.errors import RecipeError
from txtal.types import Ticket

Labelled = str | Iterable[str] | None
"""A label, several (where one applies, those it may be; none at all where several may), nothing."""

F = TypeVar("F", bound=Callable[[Ticket], Labelled])


@dataclass(frozen=True, slots=True)
class LabellingFunction:
    """A function that guesses labels, by the name it is reported under."""

    name: str
    function: Callable[[Ticket], Labelled]
    file: Path

    @property
    def fingerprint(self) -> str:
        """Changes when the function's own text does."""
        try:
            text = inspect.getsource(self.function)
        except (OSError, TypeError):
            text = repr(self.function)
        return blake2b(text.encode(), digest_size=8).hexdigest()


_registered: dict[str, LabellingFunction] = {}

REGISTERED: Mapping[str, LabellingFunction] = _registered
"""Every labelling function that was loaded, by its name."""


def labels(name: str) -> Callable[[F], F]:
    """Mark a function of a ticket as the labelling function ``name``; it is returned unchanged."""

    def mark(function: F) -> F:
        file = Path(function.__code__.co_filename).resolve()
        there = _registered.get(name)
        if there and there.file == file and there.function.__qualname__ != function.__qualname__:
            line = function.__code__.co_firstlineno
            raise RecipeError(f"{file.name}:{line}: two labelling functions are called {name!r}")
        _registered[name] = LabellingFunction(name, function, file)
        return function

    return mark


def in_file(path: Path) -> list[LabellingFunction]:
    """Return the labelling functions of a file that was loaded, in their order."""
    return [one for one in _registered.values() if one.file == path.resolve()]

"""Strategies by name. Standard library only, so that the command line can list and check names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from txtal.errors import RecipeError, UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

    import numpy as np
    import numpy.typing as npt

    from txtal.learning.strategies.pool import Pool

    Scores: TypeAlias = npt.NDArray[np.floating]
    Strategy: TypeAlias = Callable[[Pool], Scores]

ENTRY_POINTS = "txtal.strategies"

BUILT_IN = {
    "random": "txtal.learning.strategies.uncertainty",
    "least-confidence": "txtal.learning.strategies.uncertainty",
    "margin": "txtal.learning.strategies.uncertainty",
    "entropy": "txtal.learning.strategies.uncertainty",
}
"""The module that registers each name, imported when the name is asked for."""

_registered: dict[str, Strategy] = {}


def strategy(name: str) -> Callable[[Strategy], Strategy]:
    """Register a function under ``name`` and give it back unchanged.

    ::

        @strategy("shortest")
        def shortest(pool):
            return -np.array([len(text) for text in pool.texts])

    Raises UsageError when another function has the name.
    """

    def register(function: Strategy) -> Strategy:
        taken = BUILT_IN.get(name, function.__module__) != function.__module__
        known = _registered.get(name, function)
        if taken or _origin(known) != _origin(function):
            raise UsageError(
                f"{_origin(function)} can't be the strategy {name!r}: that name is taken by "
                f"{BUILT_IN.get(name) or _origin(known)}. Give yours another name."
            )
        _registered[name] = function
        return function

    return register


def get(name: str) -> Strategy:
    """The strategy called ``name``; installed packages are asked only for a name unknown here.

    Raises UsageError for an unknown name and RecipeError when a package's strategy won't load.
    """
    if name in BUILT_IN:
        import_module(BUILT_IN[name])
    if name in _registered:
        return _registered[name]
    for point in _installed().select(name=name):
        return _load(point)
    from difflib import get_close_matches

    near = get_close_matches(name, names(), n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Choose from {', '.join(names())}."
    raise UsageError(f"There is no strategy {name!r}. {hint}")


def names() -> list[str]:
    """Every name :func:`get` knows, sorted; imports none of them."""
    installed = {point.name for point in _installed()}
    return sorted(installed | BUILT_IN.keys() | _registered.keys())


def _installed() -> EntryPoints:
    from importlib.metadata import entry_points  # slow to import: only when names are asked for

    return entry_points(group=ENTRY_POINTS)


def _load(point: EntryPoint) -> Strategy:
    try:
        loaded: Strategy = point.load()
    except Exception as error:
        raise RecipeError(
            f"The strategy {point.name!r} ({point.value}) can't be loaded: {error}. "
            "Reinstall or remove the package that provides it."
        ) from error
    return loaded


def _origin(function: Strategy) -> str:
    return f"{function.__module__}.{getattr(function, '__qualname__', repr(function))}"

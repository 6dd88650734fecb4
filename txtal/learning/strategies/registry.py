"""Strategies by name. Standard library only, so that the command line can list and check names."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from txtal.errors import RecipeError, UsageError
from txtal.learning.strategies import arguments

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

    import numpy as np
    import numpy.typing as npt

    from txtal.learning.strategies.pool import Pool

    Scores: TypeAlias = npt.NDArray[np.floating]
    Strategy: TypeAlias = Callable[[Pool], Scores]

ENTRY_POINTS = "txtal.strategies"

_HERE = "txtal.learning.strategies"

BUILT_IN = {
    "auto": f"{_HERE}.herding",
    "herding": f"{_HERE}.herding",
    "random": f"{_HERE}.uncertainty",
    "least-confidence": f"{_HERE}.uncertainty",
    "margin": f"{_HERE}.uncertainty",
    "margin-max": f"{_HERE}.uncertainty",
    "entropy": f"{_HERE}.uncertainty",
    "qbc": f"{_HERE}.committee",
    "qbc-kl": f"{_HERE}.committee",
    "spread": f"{_HERE}.committee",
    "expected-model-change": f"{_HERE}.change",
    "expected-error-reduction": f"{_HERE}.error_reduction",
    "density": f"{_HERE}.density",
    "kmeans": f"{_HERE}.diversity",
    "badge": f"{_HERE}.diversity",
    "coreset": f"{_HERE}.coverage",
    "typiclust": f"{_HERE}.coverage",
    "synthesis": f"{_HERE}.synthesis",
    "balance": f"{_HERE}.balance",
    "high-score": f"{_HERE}.balance",
    "band": f"{_HERE}.band",
}
"""The module that registers each name, imported when the name is asked for."""

_registered: dict[str, Strategy] = {}
_arguments: dict[str, Callable[[str], dict[str, Any]]] = dict(arguments.BUILT_IN)

_RECIPE = "txtal_recipe_"
"""How the modules of recipe files are named; see :mod:`txtal.recipes.recipe`."""

_SHARE = re.compile(r":(\d*\.?\d+)(?:\+|$)")


def strategy(
    name: str, argument: Callable[[str], dict[str, Any]] | None = None
) -> Callable[[Strategy], Strategy]:
    """Register a function under ``name`` and give it back unchanged.

    ::

        @strategy("shortest")
        def shortest(pool):
            return -np.array([len(text) for text in pool.texts])

    ``argument`` reads what follows ``=`` where the strategy is asked for as ``name=…``, and
    returns it as keyword arguments for the function; it raises UsageError for what it can't read.

    Raises UsageError when another function has the name, or the name holds one of ``= + : ,``.
    """

    def register(function: Strategy) -> Strategy:
        if re.search(r"[=+:,]", name):
            raise UsageError(
                f"{_origin(function)} can't be the strategy {name!r}: =, +, : and , have a "
                "meaning where strategies are named. Give it another name."
            )
        taken = BUILT_IN.get(name, function.__module__) != function.__module__
        known = _registered.get(name, function)
        if known.__module__.startswith(_RECIPE) and function.__module__.startswith(_RECIPE):
            known = function  # a recipe that was copied from another may keep its names
        if taken or _origin(known) != _origin(function):
            raise UsageError(
                f"{_origin(function)} can't be the strategy {name!r}: that name is taken by "
                f"{BUILT_IN.get(name) or _origin(known)}. Give yours another name."
            )
        _registered[name] = function
        if argument:
            _arguments[name] = argument
        return function

    return register


def get(name: str) -> Strategy:
    """The strategy called ``name``, ``name=argument``, or ``name:share+name:share`` for a mixture.

    Installed packages are asked only for a name unknown here. Raises UsageError for an unknown
    name or argument and RecipeError when a package's strategy won't load.
    """
    *parts, rest = _SHARE.split(name)
    if len(parts) > 2 and not rest:
        return _mixture(parts[::2], parts[1::2])
    base, equals, text = name.partition("=")
    if "+" in base or ":" in base:
        raise UsageError(
            f"{name!r} is no mixture of strategies. Give each a share: margin:0.8+random:0.2"
        )
    function = _find(base)
    if not equals:
        return function
    return partial(function, **_argument(base, text))


def _argument(base: str, text: str) -> dict[str, Any]:
    if base not in _arguments:
        raise UsageError(f"The strategy {base!r} takes no argument: leave out ={text}")
    return _arguments[base](text)


def _mixture(names: list[str], shares: list[str]) -> Strategy:
    weights = [float(share) for share in shares]
    if not all(weights):
        raise UsageError("A share of 0 in a mixture of strategies: leave that strategy out.")
    strategies = [get(name) for name in names]
    from txtal.learning.strategies.mixture import mixture  # needs numpy

    return mixture(strategies, weights)


def _find(name: str) -> Strategy:
    if name in BUILT_IN:
        import_module(BUILT_IN[name])
    if name in _registered:
        return _registered[name]
    for point in _installed().select(name=name):
        return _load(point)
    raise _unknown(name)


def check(name: str) -> None:
    """Raise UsageError for what :func:`get` would not know in ``name``; imports none of them.

    An installed package's own arguments aren't checked.
    """
    for part in parts(name):
        base, equals, text = part.partition("=")
        if base not in BUILT_IN and base not in names():
            raise _unknown(base)
        if equals and base in BUILT_IN:
            _argument(base, text)


def parts(name: str) -> list[str]:
    """The strategies that ``name`` is a mixture of, shares left out; or itself."""
    return [part for part in _SHARE.split(name)[::2] if part]


def _unknown(name: str) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name, names(), n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Choose from {', '.join(names())}."
    return UsageError(f"There is no strategy {name!r}. {hint}")


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

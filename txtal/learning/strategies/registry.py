"""Strategies by name: the built-in ones, those a recipe registers, those of installed packages.

Standard library only, so that the command line can list and check names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from txtal.errors import RecipeError, UsageError
from txtal.learning.strategies.table import BUILT_IN, Argument, StrategyRow, Traits

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

    from txtal.learning.strategies.table import Strategy

ENTRY_POINTS = "txtal.strategies"

_registered: dict[str, StrategyRow] = {}

_RECIPE = "txtal_recipe_"
"""How the modules of recipe files are named; see :mod:`txtal.recipes.recipe`."""

_PROPORTION = re.compile(r":(\d*\.?\d+)(?:\+|$)")


def strategy(
    name: str,
    argument: Argument | None = None,
    *,
    pointwise: bool = False,
    from_nothing: bool = False,
    swept: bool = True,
    travels: bool = False,
) -> Callable[[Strategy], Strategy]:
    """Register a function under ``name`` and give it back unchanged.

    ::

        @strategy("shortest", pointwise=True, from_nothing=True)
        def shortest(pool):
            return -np.array([len(text) for text in pool.texts])

    ``argument`` reads what follows ``=`` where the strategy is named ``name=…``, and returns it as
    keyword arguments for the function; it raises UsageError for what it can't read. The others are
    its :class:`Traits`: ``pointwise``, it scores each ticket by itself, so it may serve a stream;
    ``from_nothing``, it picks well without a model, so there is no starting order before it;
    ``swept=False``, it looks at a sample only, so a large pool isn't scored to its end;
    ``travels``, of an installed package's strategy, that workers with the package may run it.

    Raises UsageError when another function has the name, or the name holds one of ``= + : ,``.
    """

    def register(function: Strategy) -> Strategy:
        _check_free(name, function)
        _registered[name] = StrategyRow(
            function,
            pointwise=pointwise,
            from_nothing=from_nothing,
            swept=swept,
            travels=travels,
            argument=argument,
        )
        return function

    return register


def _check_free(name: str, function: Strategy) -> None:
    """Raise UsageError unless ``function`` may be registered under ``name``."""
    if re.search(r"[=+:,]", name):
        raise UsageError(
            f"{_origin(function)} can't be the strategy {name!r}: =, +, : and , have a meaning"
            " where strategies are named; give it another name"
        )
    row = BUILT_IN.get(name) or _registered.get(name)
    if row is None:
        return
    known = row.load()
    if _is_of_recipe(known) and _is_of_recipe(function):
        return  # a recipe that was copied from another may keep its names
    if name in BUILT_IN or _origin(known) != _origin(function):
        raise UsageError(
            f"{_origin(function)} can't be the strategy {name!r}: that name is taken by"
            f" {_origin(known)}; give yours another name"
        )


def get(name: str) -> Strategy:
    """Return the strategy called ``name``, ``name=argument``, or a mixture of several.

    A mixture is ``name:proportion+name:proportion``. Installed packages are asked only for a name
    unknown here. Raises UsageError for an unknown name or argument and RecipeError when a
    package's strategy won't load.
    """
    *named, rest = _PROPORTION.split(name)
    if len(named) > 2 and not rest:
        return _mixture(named[::2], named[1::2])
    base, equals, text = name.partition("=")
    if "+" in base or ":" in base:
        raise UsageError(
            f"bad mixture {name!r}: write NAME:FRACTION+NAME:FRACTION, as in margin:0.8+random:0.2"
        )
    row = _find(base)
    return partial(row.load(), **_read(row, base, text)) if equals else row.load()


def _mixture(names: list[str], proportions: list[str]) -> Strategy:
    weights = [float(proportion) for proportion in proportions]
    for name, weight in zip(names, weights, strict=True):
        if not weight:
            raise UsageError(
                f"the mixture gives {name!r} a proportion of 0: leave that strategy out"
            )
    strategies = [get(name) for name in names]
    from txtal.learning.strategies.mixture import mixture  # needs numpy

    return mixture(strategies, weights)


def _read(row: Traits, base: str, text: str) -> dict[str, Any]:
    """Read the argument of a strategy. Raises UsageError when it takes none, or not this one."""
    if row.argument is None:
        raise UsageError(f"the strategy {base!r} takes no argument: leave out ={text}")
    return row.argument(text)


def _find(name: str) -> StrategyRow:
    if row := BUILT_IN.get(name) or _registered.get(name):
        return row
    for point in _installed().select(name=name):
        return _load(point)
    raise _unknown(name)


def traits(name: str) -> Traits:
    """Return what is to know of the strategy, its argument left out.

    A mixture has none of the traits, but that it travels if every part does. Raises as
    :func:`get`; an installed package's strategy is imported.
    """
    named = parts(name)
    if len(named) < 2:
        return _find(_base(name))
    return Traits(travels=all(traits(part).travels for part in named))


def for_stream(name: str) -> str:
    """Return the name of the strategy that scores what arrives in a stream.

    Raises UsageError for one that compares the tickets of a pool, and as :func:`get`.
    """
    scores = traits(name).pointwise
    if not scores:
        rows = {**BUILT_IN, **_registered}
        raise UsageError(
            f"the strategy {name} compares the tickets of a pool; for a stream choose from"
            f" {', '.join(one for one, row in rows.items() if row.pointwise)}"
        )
    return scores if isinstance(scores, str) else name


def can_travel(name: str) -> bool:
    """Return whether other machines may score by it: it travels, and they have it as well.

    A recipe's own strategy is known to this machine only, whatever it says.
    """
    installed = {point.name for point in _installed()}
    bases = {_base(part) for part in parts(name)}
    return bases <= BUILT_IN.keys() | installed and traits(name).travels


def check(name: str) -> None:
    """Raise UsageError for what :func:`get` would not know in ``name``; imports none of them.

    An installed package's own arguments aren't checked.
    """
    for part in parts(name):
        base, equals, text = part.partition("=")
        row = BUILT_IN.get(base) or _registered.get(base)
        if row is None and base not in names():
            raise _unknown(base)
        if equals and row:
            _read(row, base, text)


def parts(name: str) -> list[str]:
    """Return the strategies that ``name`` is a mixture of, proportions left out; or itself."""
    return [part for part in _PROPORTION.split(name)[::2] if part]


def _base(part: str) -> str:
    return part.partition("=")[0]


def _unknown(name: str) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name, names(), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(names())}"
    return UsageError(f"no strategy {name!r}; {hint}")


def names() -> list[str]:
    """Return every name :func:`get` knows, sorted; imports none of them."""
    installed = {point.name for point in _installed()}
    return sorted(installed | BUILT_IN.keys() | _registered.keys())


def _installed() -> EntryPoints:
    from importlib.metadata import entry_points  # slow to import: only when names are asked for

    return entry_points(group=ENTRY_POINTS)


def _load(point: EntryPoint) -> StrategyRow:
    """Return the strategy of an installed package, with its traits if it registered any."""
    try:
        loaded: Strategy = point.load()
    except Exception as error:
        raise RecipeError(
            f"the strategy {point.name!r} ({point.value}) can't be loaded: {error}; reinstall or"
            " remove the package that provides it"
        ) from error
    row = _registered.get(point.name)
    return row if row and row.function is loaded else StrategyRow(loaded)


def _is_of_recipe(function: Strategy) -> bool:
    return function.__module__.startswith(_RECIPE)


def _origin(function: Strategy) -> str:
    return f"{function.__module__}.{getattr(function, '__qualname__', repr(function))}"

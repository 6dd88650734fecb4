"""Blocks by name: the built-in ones and users' own. Standard library only: naming one is cheap."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from txtal.errors import LearnerError, UsageError
from txtal.vectors.table import BUILT_IN

if TYPE_CHECKING:
    from txtal.vectors.blocks import Block

AUTO = "auto"
GROUP = "txtal.vectorisers"
NAME = re.compile(r"[a-z][a-z0-9_-]*")

_Class = TypeVar("_Class", bound=type[Any])
_registered: dict[str, type[Any]] = {}


def vectoriser(name: str) -> Callable[[_Class], _Class]:
    """Register a class under ``name``, to be used in a spec like a built-in block.

    The class is made without arguments. ``fit(texts)`` sees at most 20,000 texts, each cut to its
    first 5,000 characters, and returns self; ``transform(texts)`` returns a finite array of shape
    (n, d), the same d every time; rows are scaled to unit length by the caller. It can be saved
    with a model, and its features outlive the process, when it also has ``to_arrays()``, which
    returns a JSON-able dict and a dict of arrays, and the class method
    ``from_arrays(header, arrays)``.

    Raises UsageError when the name is taken or no spec can hold it, or the class lacks a method.
    """

    def register(cls: _Class) -> _Class:
        if not NAME.fullmatch(name):
            raise UsageError(
                f"vectoriser {name!r}: a name is a lower-case letter, then lower-case letters,"
                " digits, - and _"
            )
        lacking = [method for method in ("fit", "transform") if not hasattr(cls, method)]
        if lacking:
            missing = " and no ".join(lacking)
            raise UsageError(f"vectoriser {name!r}: {cls.__name__} has no {missing}; add it")
        other = _registered.get(name)
        if name in (AUTO, *BUILT_IN) or (other and other.__qualname__ != cls.__qualname__):
            raise UsageError(f"vectoriser {name!r}: the name is taken; choose another")
        _registered[name] = cls
        return cls

    return register


def block(name: str) -> type[Block]:
    """Return the class of a block, named as in a spec: a built-in one's own, or :class:`Custom`.

    Raises as :func:`find` for a name that isn't built in.
    """
    if row := BUILT_IN.get(base(name)):
        return row.load()
    find(name)
    from txtal.vectors.custom import Custom  # needs numpy

    return Custom


def check(name: str) -> None:
    """Check the name of a block and its argument; the block isn't imported.

    Raises UsageError when there is no such block or argument, or LearnerError when what the
    argument needs isn't installed.
    """
    row = BUILT_IN.get(base(name))
    if row is None:
        if name not in names():
            raise _unknown(name)
    elif row.argument:
        row.argument.check(name.partition("=")[2])


def base(name: str) -> str:
    """Return the name of a block without its argument."""
    return name.partition("=")[0]


def find(name: str) -> type[Any]:
    """Return the class registered under ``name``, by this process or by an installed package.

    Raises UsageError when there is none, LearnerError when the package that has it can't be
    imported.
    """
    if name not in _registered:
        from importlib.metadata import entry_points  # slow to import, and rarely wanted

        for entry in entry_points(group=GROUP, name=name):
            try:
                cls = entry.load()
            except (ImportError, AttributeError) as error:
                raise LearnerError(
                    f"vectoriser {name!r} ({entry.value}) can't be imported: {error}; install its"
                    " package again"
                ) from error
            _registered.setdefault(name, cls)
    if name not in _registered:
        raise _unknown(name)
    return _registered[name]


def _unknown(name: str) -> UsageError:
    return UsageError(f"no vectoriser {name!r}; there are {', '.join((AUTO, *names()))}")


def names() -> list[str]:
    """Return every block a spec may name; nothing is imported to list them."""
    from importlib.metadata import entry_points

    installed = {entry.name for entry in entry_points(group=GROUP)}
    return [*BUILT_IN, *sorted(installed | _registered.keys())]


def source_digest(name: str) -> str:
    """Return a digest of a registered class's source, "" when that isn't at hand."""
    try:
        source = inspect.getsource(find(name))
    except (OSError, TypeError):
        return ""
    return hashlib.sha256(source.encode()).hexdigest()

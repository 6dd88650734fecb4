"""Users' own vectorisers by name. Standard library only, so that naming one costs nothing."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

from txtal.errors import LearnerError, UsageError

AUTO = "auto"
SENTENCE = "sentence"
BUILT_IN = ("lexical", "static", "spacy", SENTENCE)
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
                f"vectoriser {name!r}: start with a lower-case letter, and go on with"
                " lower-case letters, digits, - and _"
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


def find(name: str) -> type[Any]:
    """The class registered under ``name``, by this process or by an installed package.

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
        raise UsageError(f"no vectoriser {name!r}; there are {', '.join((AUTO, *names()))}")
    return _registered[name]


def names() -> list[str]:
    """Every block a spec may name; nothing is imported to list them."""
    from importlib.metadata import entry_points

    installed = {entry.name for entry in entry_points(group=GROUP)}
    return [*BUILT_IN, *sorted(installed | _registered.keys())]


def source_digest(name: str) -> str:
    """Changes when the code of a registered class does; empty when its source isn't at hand."""
    try:
        source = inspect.getsource(find(name))
    except (OSError, TypeError):
        return ""
    return hashlib.sha256(source.encode()).hexdigest()

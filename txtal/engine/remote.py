"""What runs on a worker: one batch of work, with what all batches share sent only once.

Workers import it by name, so every worker needs the same txtal.
"""

from __future__ import annotations

import pickle
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from threading import Lock
from typing import Any

from txtal.errors import EngineError, TxtalError

_PACKAGES = ("txtal", "numpy", "scipy", "spacy", "wordllama")
"""Packages that the last bits of a result depend on."""

_KEPT = 2
"""Works kept ready on a worker: one that is ending may overlap with the next."""


@dataclass(frozen=True, slots=True)
class SharedWork:
    """What all batches of a work share."""

    token: str
    """Identifies it."""
    kind: Any
    """The class of the work."""
    header: dict[str, Any]
    arrays: dict[str, Any]
    versions: Mapping[str, str]
    """Versions in the process that sent it."""


@cache
def versions() -> dict[str, str]:
    """Return the versions here of everything that matters to a result."""
    return {"Python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def difference(found: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """Return in words which versions differ from those wanted; "" if none do."""
    return ", ".join(
        f"{name} {found.get(name, 'none')} and not {version}"
        for name, version in wanted.items()
        if found.get(name) != version
    )


_works: dict[str, Any] = {}
_alone = Lock()
"""A vectoriser remembers what it has read and isn't made for two threads: give a worker one thread,
and run as many workers as there are cores."""


def run(shared: SharedWork, batch: object) -> Any:
    """Return the work's result for a batch, which is pickled or kept here.

    Raises TxtalError as the work does, and EngineError, without a ticket's text, for any other
    failure.
    """
    try:
        with _alone:
            return _work(shared)(pickle.loads(batch) if isinstance(batch, bytes) else batch)
    except TxtalError:
        raise
    except Exception as error:
        kind = type(error).__name__
        raise EngineError(f"a worker failed with {kind}; its log says more") from error


def _work(shared: SharedWork) -> Any:
    if shared.token not in _works:
        different = difference(versions(), shared.versions)
        if different:  # it joined after the check
            here = platform.node() or "unknown"
            raise EngineError(f"a worker on {here} has {different}; install the same on both")
        while len(_works) >= _KEPT:
            _works.pop(next(iter(_works)))
        _works[shared.token] = shared.kind.from_arrays(shared.header, shared.arrays)
    return _works[shared.token]

"""``txtal --version``: the program's version, SQLite's, and the extras that are installed."""

from __future__ import annotations

import platform
import re
from collections import defaultdict
from collections.abc import Iterable
from importlib import metadata

from txtal.store.sqlite import sqlite

_FOR_DEVELOPERS = frozenset({"bench", "contract", "dev", "fuzz", "readers", "release"})
"""Extras that nobody needs to use txtal."""

_REQUIREMENT = re.compile(r"""([\w.-]+).*;.*\bextra\s*==\s*["']([\w-]+)["']""")
"""A package and the extra that brings it, as a wheel's metadata has them."""


def versions() -> str:
    """Return the lines of ``txtal --version``."""
    extras = ", ".join(installed(metadata.requires("txtal") or ())) or "none"
    return (
        f"txtal {metadata.version('txtal')}\n"
        f"Python {platform.python_version()}, SQLite {sqlite.sqlite_version}\n"
        f"extras: {extras}"
    )


def installed(requirements: Iterable[str]) -> list[str]:
    """Return the extras of which every package is there, of whatever version, in ABC order."""
    packages = defaultdict(list)
    for requirement in requirements:
        if found := _REQUIREMENT.match(requirement):
            packages[found[2]].append(found[1])
    return sorted(
        extra
        for extra, names in packages.items()
        if extra not in _FOR_DEVELOPERS and all(map(_is_there, names))
    )


def _is_there(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True

"""A table of formats: rows found by their name, or by how a file's name ends."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from txtal.errors import UsageError
from txtal.formats.compression import uncompressed


class Format(Protocol):
    """What a row of any table of formats has."""

    @property
    def name(self) -> str: ...
    @property
    def suffixes(self) -> tuple[str, ...]: ...


F = TypeVar("F", bound=Format)


class FormatTable(Generic[F]):
    """Formats in the order in which they are shown; no two share a name or a suffix."""

    def __init__(self, direction: str, *rows: F) -> None:
        self._direction = direction
        self._rows: dict[str, F] = {}
        for row in rows:
            self.add(row)

    def add(self, row: F) -> F:
        """Add a format and return it.

        A recipe file that is loaded twice may add the same row again. Raises UsageError when
        another format has the name or one of the suffixes.
        """
        for known in self._rows.values():
            if known == row:
                return row
            shared = {known.name} & {row.name} or {*known.suffixes} & {*row.suffixes}
            if shared:
                raise UsageError(
                    f"the {self._direction} format {row.name!r} can't be added: {known.name!r} "
                    f"already has {', '.join(sorted(shared))}"
                )
        self._rows[row.name] = row
        return row

    def __iter__(self) -> Iterator[F]:
        return iter(self._rows.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The name of every format."""
        return tuple(self._rows)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The suffix of every format, those of the first one first."""
        return tuple(suffix for row in self for suffix in row.suffixes)

    def named(self, name: str) -> F:
        """The format called ``name``. Raises UsageError, with the names there are."""
        try:
            return self._rows[name]
        except KeyError:
            raise UsageError(
                f"no {self._direction} format is called {name!r}; choose from "
                f"{', '.join(self.names)}"
            ) from None

    def by_suffix(self, path: str | Path) -> F | None:
        """The format of a file with this name, be it compressed or not; None where none fits."""
        name = uncompressed(Path(path).name.lower())
        return next((row for row in self if name.endswith(row.suffixes)), None)


def resolved(function: Any) -> Any:
    """A row's function, imported now if the row names it as ``module:function``."""
    if not isinstance(function, str):
        return function
    module, _, name = function.partition(":")
    return getattr(import_module(module), name)

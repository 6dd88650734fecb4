"""Where the same work is done to many batches: in this process, or on other machines.

An engine maps a :class:`Work` over batches and gives back the results in order, with only a few
batches in memory. The batches, and so the arithmetic, are the same for every engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

B = TypeVar("B", contravariant=True)
R = TypeVar("R", covariant=True)
Batch = TypeVar("Batch")
Result = TypeVar("Result")


class Work(Protocol[B, R]):
    """A function of a batch alone, with all it needs; it can be written down as plain arrays."""

    def __call__(self, batch: B, /) -> R: ...
    def to_arrays(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """A JSON-able header, and numpy arrays by name."""
        ...

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Work[B, R]:
        """Back from :meth:`to_arrays`; gives the very same results."""
        ...


class Engine(Protocol):
    """Does work to batches."""

    def map(self, work: Work[Batch, Result], batches: Iterable[Batch]) -> Iterator[Result]:
        """What ``work`` makes of each batch, in their order; batches are read as they are needed.

        Raises what the work raises, and EngineError when it can't be done.
        """
        ...


class Local:
    """This process, one batch after another."""

    def map(self, work: Work[Batch, Result], batches: Iterable[Batch]) -> Iterator[Result]:
        """See :class:`Engine`."""
        return map(work, batches)

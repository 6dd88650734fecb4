"""Engines: where the same work is done to many batches, in this process or on other machines.

An engine maps a :class:`Work` over batches and returns the results in order, with only a few
batches in memory. The batches, and so the arithmetic, are the same for every engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Any, Literal, Protocol, TypeVar

from txtal.errors import EngineError, UsageError

B = TypeVar("B", contravariant=True)
R = TypeVar("R", covariant=True)
Batch = TypeVar("Batch")
Result = TypeVar("Result")

EngineName = Literal["local", "dask"]
ENGINES: tuple[EngineName, ...] = ("local", "dask")

_LISTENING = 5.0
"""Seconds that a scheduler has to accept a connection."""

_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss)://)?[^\s/]+:\d{1,5}")


class Work(Protocol[B, R]):
    """A function of a batch, with all it needs; it can be saved as plain arrays."""

    def __call__(self, batch: B, /) -> R: ...
    def to_arrays(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a JSON-able header, and numpy arrays by name."""
        ...

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Work[B, R]:
        """Make it again from :meth:`to_arrays`; gives the very same results."""
        ...


class Engine(Protocol):
    """Maps work over batches."""

    @property
    def width(self) -> int:
        """Return how many batches are worked on at once."""
        ...

    def map(self, work: Work[Batch, Result], batches: Iterable[Batch]) -> Iterator[Result]:
        """Return the results of ``work`` in the order of the batches, which are read as needed.

        Raises what the work raises, and EngineError when it can't be done.
        """
        ...

    def keep(self, read: Callable[[], Batch]) -> Batch:
        """Return a batch to pass to :meth:`map` repeatedly; ``read`` makes it whenever needed."""
        ...


class Local:
    """This process, one batch after another."""

    width = 1

    def map(self, work: Work[Batch, Result], batches: Iterable[Batch]) -> Iterator[Result]:
        """See :class:`Engine`."""
        return map(work, batches)

    def keep(self, read: Callable[[], Batch]) -> Batch:
        """See :class:`Engine`."""
        return read()


LOCAL = Local()


def check(name: str, scheduler: str | None) -> None:
    """Raise the UsageErrors of :func:`open_engine`; nothing is imported or connected."""
    if name not in ENGINES:
        raise UsageError(f"no engine {name!r}; there are {', '.join(ENGINES)}")
    if name == "dask" and not scheduler:
        raise UsageError("--engine dask needs --scheduler, as in tcp://10.0.0.5:8786")
    if name == "dask" and find_spec("distributed") is None:
        raise UsageError(
            "the engine dask needs Dask, which isn't installed: pip install 'txtal[dask]'"
        )
    if scheduler and name != "dask":
        raise UsageError("--scheduler goes with --engine dask")
    if scheduler and not _ADDRESS.fullmatch(scheduler):
        raise UsageError(f"{scheduler} is no address of a scheduler, such as tcp://10.0.0.5:8786")


def reach(scheduler: str) -> None:
    """Raise EngineError when nothing listens at a scheduler's address; Dask isn't imported."""
    import socket

    try:
        host, _, port = scheduler.rpartition("://")[2].rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), _LISTENING).close()
    except (OSError, OverflowError, ValueError) as error:  # the last two for a bad name or port
        raise nobody_answers(scheduler) from error


def nobody_answers(scheduler: str) -> EngineError:
    """Return the error for a scheduler that can't be reached."""
    return EngineError(
        f"no Dask scheduler answers at {scheduler}: check that `dask scheduler` runs there, and"
        " that the address is the one it printed"
    )


def open_engine(
    name: str, scheduler: str | None, *, limit: float | None = None
) -> AbstractContextManager[Engine]:
    """Open the engine of this name; ``scheduler`` is the address of Dask's scheduler.

    ``limit`` is how many seconds other machines may take for one batch. Raises UsageError when
    the arguments don't fit together or Dask isn't installed, EngineError when the scheduler can't
    be reached or its workers aren't like this process.
    """
    check(name, scheduler)
    if scheduler is None:
        return nullcontext(LOCAL)
    from txtal.engine.cluster import connected

    return connected(scheduler, limit)

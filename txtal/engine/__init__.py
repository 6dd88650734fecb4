"""Where the same work is done to many batches: in this process, or on other machines.

An engine maps a :class:`Work` over batches and gives back the results in order, with only a few
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
"""Seconds that a scheduler has to take up a connection."""

_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss)://)?[^\s/]+:\d{1,5}")


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

    @property
    def width(self) -> int:
        """How many batches are worked on at once."""
        ...

    def map(self, work: Work[Batch, Result], batches: Iterable[Batch]) -> Iterator[Result]:
        """What ``work`` makes of each batch, in their order; batches are read as they are needed.

        Raises what the work raises, and EngineError when it can't be done.
        """
        ...

    def keep(self, read: Callable[[], Batch]) -> Batch:
        """A batch to give to :meth:`map` again and again; ``read`` makes it whenever it must be."""
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
    """Raise UsageError for what :func:`open_engine` would; nothing is imported or connected."""
    if name not in ENGINES:
        raise UsageError(f"no engine called {name!r}; there are {', '.join(ENGINES)}")
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
    """Raise EngineError when nothing listens at this address of a scheduler; a quick look, for
    which Dask isn't imported.
    """
    import socket

    try:
        host, _, port = scheduler.rpartition("://")[2].rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), _LISTENING).close()
    except (OSError, OverflowError, ValueError) as error:  # also of what is no name, no port
        raise nobody_answers(scheduler) from error


def nobody_answers(scheduler: str) -> EngineError:
    """What to say and do when it can't be reached."""
    return EngineError(
        f"no Dask scheduler answers at {scheduler}: see that `dask scheduler` runs there and that"
        " the address is what it said"
    )


def open_engine(
    name: str, scheduler: str | None, *, limit: float | None = None
) -> AbstractContextManager[Engine]:
    """The engine of this name; ``scheduler`` is the address of Dask's.

    ``limit`` is how many seconds other machines may take for one batch. Raises UsageError when
    these don't fit together or Dask isn't installed, EngineError when the scheduler can't be
    reached or its workers aren't like this process.
    """
    check(name, scheduler)
    if scheduler is None:
        return nullcontext(LOCAL)
    from txtal.engine.cluster import connected

    return connected(scheduler, limit)

"""Dask's workers as an engine. The only importer of Dask, of the extra ``dask``.

Dask pickles what it sends between its own machines: a scheduler and its workers are trusted as
this program is.
"""

from __future__ import annotations

import logging
import pickle
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from txtal.engine import Batch, Result, Work, remote
from txtal.errors import EngineError, TxtalError

PATIENCE = 20.0
"""Seconds to wait for the scheduler, for its first worker, and for one after all were lost."""

_AHEAD = 2
"""Batches under way for each thread of the workers: one at work and one that waits for it."""

_COUNTED = 50
"""Batches after which the workers are counted again: some may have joined."""

_LOST = 3
"""Times in a row that what was sent may be lost with all of its workers."""


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """The cluster whose scheduler has this address, until the block is left.

    Raises EngineError when nobody answers there, there are no workers, or they have other versions
    of what matters.
    """
    distributed = _quiet()
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False, name="txtal")
    except (OSError, ValueError, RuntimeError) as error:
        raise EngineError(
            f"no Dask scheduler answers at {address}: see that `dask scheduler` runs there and that"
            " the address is what it said"
        ) from error
    try:
        cluster = Cluster(client, address)
        cluster.check()
        yield cluster
    finally:
        with suppress(Exception):  # it may be gone; nothing of ours is lost with it
            client.close(timeout=2)


def _quiet() -> Any:
    """Dask, which leaves the talking to us."""
    import distributed

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    logging.getLogger("tornado").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"distributed\.")
    return distributed


@dataclass(slots=True)
class _Kept:
    """A batch that stays on a worker, and how to make it again once that is lost."""

    read: Callable[[], Any]
    future: Any = None


@dataclass(slots=True)
class _Sent:
    """A batch under way: pickled, or kept."""

    batch: bytes | _Kept
    future: Any


class Cluster:
    """Dask's workers, through a client that is connected."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._address = address
        self._jobs: dict[type, _Job] = {}
        """The last of each kind: its work needn't be sent again."""

    @property
    def width(self) -> int:
        """See :class:`txtal.engine.Engine`."""
        with self._foreseen():
            return max(1, self._threads())

    def check(self) -> None:
        """Wait for a worker and see that all of them are like this process.

        Raises EngineError when there is none, or one is otherwise.
        """
        self._wait_for_workers()
        found = self._client.run(remote.versions, on_error="return")
        for worker, theirs in sorted(found.items()):
            if isinstance(theirs, BaseException):
                raise EngineError(f"worker {worker} has no txtal that is like this one: install it")
            different = remote.difference(theirs)
            if different:
                raise EngineError(f"worker {worker} has {different}; install the same on both")

    def map(self, work: Work[Batch, Result], batches: Iterable[Batch]) -> Iterator[Result]:
        """See :class:`txtal.engine.Engine`.

        Each batch is a task of its own. Dask does again what a lost worker had at hand; what was
        sent is sent again if every worker that had it is lost.
        """
        job = self._job(work)
        waiting: deque[_Sent] = deque()
        ahead = 0
        try:
            for number, batch in enumerate(batches):
                with self._foreseen():
                    if number % _COUNTED == 0:
                        ahead = _AHEAD * self._threads() + 1
                    waiting.append(job.submit(_packed(batch)))
                while len(waiting) > ahead:
                    yield self._next(job, waiting)
            while waiting:
                yield self._next(job, waiting)
        finally:
            with suppress(Exception):
                job.forget(waiting)

    def keep(self, read: Callable[[], Batch]) -> Batch:
        """See :class:`txtal.engine.Engine`. It is sent with the first map that needs it."""
        return cast(Batch, _Kept(read))

    def _job(self, work: Work[Any, Any]) -> _Job:
        """The work, sent to the workers."""
        job = self._jobs.get(type(work))
        if job is None or job.work != work:
            job = _Job(self._client, work)
            with self._foreseen():
                job.send()
            self._jobs[type(work)] = job
        return job

    def _next(self, job: _Job, waiting: deque[_Sent]) -> Any:
        """The result of the first that waits; it waits no longer."""
        with self._foreseen():
            for _ in range(_LOST):
                try:
                    result = self._wait_for(waiting[0].future)
                except self._cancelled:
                    self._wait_for_workers()
                    job.send()
                    for sent in waiting:
                        if isinstance(sent.batch, _Kept):
                            sent.batch.future = None
                        sent.future = job.submit(sent.batch).future
                else:
                    waiting.popleft()
                    return result
            raise EngineError(f"the workers of {self._address} are lost again and again")

    def _wait_for(self, future: Any) -> Any:
        while True:
            try:
                return future.result(timeout=PATIENCE)
            except TimeoutError:
                if not self._threads():
                    raise EngineError(f"no worker of {self._address} is left") from None

    def _threads(self) -> int:
        return sum(self._client.nthreads().values())

    def _wait_for_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise EngineError(
                f"the scheduler at {self._address} has no workers; `dask worker"
                f" {self._address} --nthreads 1` starts one"
            ) from None

    @property
    def _cancelled(self) -> type[BaseException]:
        from concurrent.futures import CancelledError

        return CancelledError

    @contextmanager
    def _foreseen(self) -> Iterator[None]:
        """Whatever goes wrong between the machines as EngineError, without a ticket's text."""
        try:
            yield
        except (TxtalError, GeneratorExit):
            raise
        except Exception as error:
            kind = type(error).__name__
            if kind == "KilledWorker":
                reason = "a batch took several workers down with it, for want of memory perhaps"
            elif isinstance(error, OSError) or "Comm" in kind:
                reason = "the connection was lost"
            else:
                reason = f"a worker failed with {kind}; its log says more"
            raise EngineError(f"Dask at {self._address}: {reason}") from error


def _packed(batch: object) -> bytes | _Kept:
    if isinstance(batch, _Kept):
        return batch
    return pickle.dumps(batch, pickle.HIGHEST_PROTOCOL)


class _Job:
    """A work, sent to the workers once."""

    def __init__(self, client: Any, work: Work[Any, Any]) -> None:
        header, arrays = work.to_arrays()
        self.work = work
        self._client = client
        self._shared = remote.Shared(
            uuid.uuid4().hex, type(work), header, arrays, remote.versions()
        )
        self._held: Any = None

    def send(self) -> None:
        """To every worker there is; one that joins later gets it from them."""
        self._held = self._client.scatter(self._shared, broadcast=True, hash=False)

    def submit(self, batch: bytes | _Kept) -> _Sent:
        """A batch as a task, done where it is kept."""
        given: Any = batch
        if isinstance(batch, _Kept):
            if batch.future is None:
                batch.future = self._client.scatter(batch.read(), hash=False)
            given = batch.future
        return _Sent(batch, self._client.submit(remote.run, self._held, given, pure=False))

    def forget(self, waiting: Iterable[_Sent]) -> None:
        """What nobody waits for any more needn't be done."""
        self._client.cancel([sent.future for sent in waiting])

"""Dask's workers as an engine. The only importer of Dask (the extra ``dask``).

Dask pickles what it sends between its machines: a scheduler and its workers are trusted as much as
this program.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import time
import uuid
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any, TypeVar, cast

from txtal.engine import Batch, Result, Work, nobody_answers, remote
from txtal.errors import EngineError, TxtalError

PATIENCE = 20.0
"""Seconds to wait for the scheduler, for its first worker, and for one after losing all."""

_ANSWERED = 10.0
"""Seconds within which a running scheduler says how many workers it has."""

_LOOK = 0.1
"""Seconds between two checks for a worker."""

_CLOSING = 2.0
"""Seconds for closing the connection."""

_AHEAD = 2
"""Batches under way per worker thread: one at work, one waiting."""

_COUNTED = 50
"""Batches after which the workers are counted again, because some may have joined."""

_LOST = 3
"""Times in a row that a batch may be lost with all of its workers."""

T = TypeVar("T")


@contextmanager
def connected(address: str, limit: float | None = None) -> Iterator[DaskWorkers]:
    """Connect to the cluster whose scheduler has this address, until the block is left.

    ``limit`` is how many seconds one result may take; without it there is no limit, as long as the
    scheduler answers and has workers. Raises EngineError when nothing answers there, there are no
    workers, or they have other versions of what matters.
    """
    try:
        client = _client(address)
    except (OSError, ValueError, RuntimeError) as error:
        raise nobody_answers(address) from error
    try:
        cluster = DaskWorkers(client, address, limit)
        cluster.check()
        yield cluster
    finally:
        with suppress(Exception):  # it may be gone already; nothing is lost
            client.close(timeout=_CLOSING)


def _client(address: str) -> Any:
    """Return a connected client; raises OSError, ValueError or RuntimeError.

    It connects in a thread, because Dask waits forever for a peer that listens without answering.
    """
    distributed = _quiet()
    made: Future[Any] = Future()

    def make() -> None:
        client = fault = None
        try:
            client = distributed.Client(
                address, timeout=PATIENCE, set_as_default=False, name="txtal"
            )
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            fault = error
        if made.set_running_or_notify_cancel():
            made.set_exception(fault) if fault else made.set_result(client)
        elif client is not None:
            client.close(timeout=_CLOSING)

    Thread(target=make, name="connect", daemon=True).start()
    try:
        return made.result(PATIENCE + _CLOSING)
    finally:
        made.cancel()


def _quiet() -> Any:
    """Import Dask with its own log messages and warnings turned off."""
    import distributed

    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"distributed\.")
    return distributed


@dataclass(slots=True)
class _OnWorker:
    """A batch that stays on a worker, and how to make it again if that is lost."""

    read: Callable[[], Any]
    future: Any = None


@dataclass(slots=True)
class _Sent:
    """A batch under way: pickled, or kept."""

    batch: bytes | _OnWorker
    future: Any

    def result(self, seconds: float) -> Any:
        """Return the result. Raises TimeoutError, or CancelledError if the workers have lost it."""
        return self.future.result(timeout=seconds)


class DaskWorkers:
    """Dask's workers, through a client that is connected."""

    def __init__(self, client: Any, address: str, limit: float | None = None) -> None:
        self._client = client
        self._address = address
        self._limit = limit
        self._jobs: dict[type, _SentWork] = {}
        """The last of each kind, so that its work needn't be sent again."""

    @property
    def width(self) -> int:
        """See :class:`txtal.engine.Engine`."""
        with self._foreseen():
            return max(1, self._threads())

    def check(self) -> None:
        """Wait for a worker and see that all of them are like this process.

        Raises EngineError when there is none, or one is otherwise.
        """
        with self._foreseen():
            self._wait_for_workers()
            found = self._ask(lambda: self._client.run(remote.versions, on_error="return"))
        for worker, theirs in sorted(found.items()):
            if isinstance(theirs, BaseException):
                raise EngineError(f"worker {worker} has no txtal that is like this one: install it")
            different = remote.difference(theirs, remote.versions())
            if different:
                raise EngineError(f"worker {worker} has {different}; install the same on both")

    def map(self, work: Work[Batch, Result], batches: Iterable[Batch]) -> Iterator[Result]:
        """See :class:`txtal.engine.Engine`.

        Each batch is a task of its own. Dask repeats what a lost worker was doing; data is sent
        again if every worker that had it is lost. If reading a batch fails, those read before it
        are still done, as in the local engine.
        """
        job = self._job(work)
        waiting: deque[_Sent] = deque()
        fault: list[Exception] = []
        ahead = 0
        try:
            for number, batch in enumerate(_until_fault(batches, fault)):
                with self._foreseen():
                    if number % _COUNTED == 0:
                        ahead = _AHEAD * self._threads() + 1
                    waiting.append(job.submit(_packed(batch)))
                while len(waiting) > ahead:
                    yield self._next(job, waiting)
            while waiting:
                yield self._next(job, waiting)
            if fault:
                raise fault[0]
        finally:
            with suppress(Exception):
                job.forget(waiting)

    def keep(self, read: Callable[[], Batch]) -> Batch:
        """See :class:`txtal.engine.Engine`. It is sent with the first map that needs it."""
        return cast(Batch, _OnWorker(read))

    def _job(self, work: Work[Any, Any]) -> _SentWork:
        """Send the work to the workers, unless they have it."""
        job = self._jobs.get(type(work))
        if job is None or job.work != work:
            job = _SentWork(self._client, self._ask, work)
            with self._foreseen():
                job.send()
            self._jobs[type(work)] = job
        return job

    def _next(self, job: _SentWork, waiting: deque[_Sent]) -> Any:
        """Return the result of the first waiting batch, and take it off the queue."""
        with self._foreseen():
            for _ in range(_LOST):
                try:
                    result = self._patiently(waiting[0].result)
                except CancelledError:
                    if self._limit is not None and self._is_cut_off:
                        raise  # it may come back, but a session doesn't wait for that
                    self._wait_for_workers()
                    job.send()
                    for sent in waiting:
                        if isinstance(sent.batch, _OnWorker):
                            sent.batch.future = None
                        sent.future = job.submit(sent.batch).future
                else:
                    waiting.popleft()
                    return result
            raise EngineError(f"the workers of {self._address} are lost repeatedly")

    # --- waiting, always with an end ----------------------------------------------------

    def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """Return the scheduler's answer; raises as :meth:`_patiently`."""

        async def asked() -> T:  # on the client's own loop, where its methods can be awaited
            return await question()

        answer = asyncio.run_coroutine_threadsafe(asked(), self._client.loop.asyncio_loop)
        try:
            return self._patiently(answer.result)
        finally:
            answer.cancel()

    def _patiently(self, wait: Callable[[float], T]) -> T:
        """Return the result of ``wait``, which raises TimeoutError after a number of seconds.

        It is repeated while the scheduler answers and has workers, within the limit.
        """
        began = time.monotonic()
        while True:
            try:
                return wait(PATIENCE)
            except TimeoutError:
                if not self._threads():
                    raise EngineError(self._deserted) from None
                if self._limit is not None and time.monotonic() - began >= self._limit:
                    raise EngineError(f"the workers of {self._address} give no answer") from None

    @property
    def _is_cut_off(self) -> bool:
        """Return whether the connection is lost; Dask retries for PATIENCE seconds."""
        return bool(self._client.status != "running")

    def _threads(self) -> int:
        """Count the workers' threads. Raises TimeoutError when the scheduler doesn't answer."""
        return sum(self._client.nthreads(callback_timeout=_ANSWERED).values())

    def _wait_for_workers(self) -> None:
        until = time.monotonic() + PATIENCE
        while self._is_cut_off or not self._threads():
            if time.monotonic() > until:
                raise EngineError(self._gone if self._is_cut_off else self._deserted)
            time.sleep(_LOOK)

    @contextmanager
    def _foreseen(self) -> Iterator[None]:
        """Raise what goes wrong between the machines as EngineError, without a ticket's text."""
        try:
            yield
        except (TxtalError, GeneratorExit):
            raise
        except Exception as error:
            raise EngineError(self._said(error)) from error

    @property
    def _gone(self) -> str:
        return f"the scheduler at {self._address} is gone"

    @property
    def _deserted(self) -> str:
        return (
            f"the scheduler at {self._address} has no workers; `dask worker {self._address}"
            " --nthreads 1` starts one"
        )

    def _said(self, error: Exception) -> str:
        kind = type(error).__name__
        if kind == "KilledWorker":
            return (
                f"a batch killed several workers of {self._address}; perhaps they ran out of memory"
            )
        if self._is_cut_off or "Comm" in kind:
            return self._gone
        if isinstance(error, TimeoutError):
            return f"the scheduler at {self._address} doesn't answer"
        if isinstance(error, OSError):
            return f"the connection to {self._address} was lost"
        return f"a worker of {self._address} failed with {kind}; its log says more"


def _until_fault(batches: Iterable[Batch], fault: list[Exception]) -> Iterator[Batch]:
    """Yield the batches until one can't be read; the reason is then in ``fault``."""
    try:
        yield from batches
    except Exception as error:  # noqa: BLE001 - raised once the others are done
        fault.append(error)


def _packed(batch: object) -> bytes | _OnWorker:
    if isinstance(batch, _OnWorker):
        return batch
    return pickle.dumps(batch, pickle.HIGHEST_PROTOCOL)


class _SentWork:
    """A work that is sent to the workers once."""

    def __init__(self, client: Any, ask: Callable[..., Any], work: Work[Any, Any]) -> None:
        header, arrays = work.to_arrays()
        self.work = work
        self._client = client
        self._ask = ask
        self._shared = remote.SharedWork(
            uuid.uuid4().hex, type(work), header, arrays, remote.versions()
        )
        self._held: Any = None

    def send(self) -> None:
        """Send it to every worker there is; one that joins later gets it from them."""
        self._held = self._scattered(self._shared, broadcast=True)

    def submit(self, batch: bytes | _OnWorker) -> _Sent:
        """Submit a batch as a task, done where the batch is kept."""
        given: Any = batch
        if isinstance(batch, _OnWorker):
            if batch.future is None:
                batch.future = self._scattered(batch.read())
            given = batch.future
        return _Sent(batch, self._client.submit(remote.run, self._held, given, pure=False))

    def _scattered(self, data: object, *, broadcast: bool = False) -> Any:
        return self._ask(
            lambda: self._client.scatter(data, broadcast=broadcast, hash=False, timeout=PATIENCE)
        )

    def forget(self, waiting: Iterable[_Sent]) -> None:
        """Cancel batches that nothing waits for any more."""
        self._client.cancel([sent.future for sent in waiting])

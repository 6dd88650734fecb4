"""The screen's end of the learner process: start it, poke it, poll it, bring it back.

Nothing here waits. A reader thread turns the process's lines into messages; everything else
happens in :meth:`LearnerProcess.poll`, which the session calls between keys. Killing the process at
any moment loses nothing: it keeps no state that the database doesn't have.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from txtal import processes
from txtal.learner import protocol
from txtal.processes import Child
from txtal.types import Advised, Cluster, Explanation, LearnerSettings, LearnerStatus, Ranking

PROGRAM = (sys.executable, "-P", "-m", "txtal.learner")
"""With -P nothing is ever imported from the working directory."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How the process is started, and when it is given up."""

    program: Sequence[str] = PROGRAM
    backoff: tuple[float, ...] = (0.5, 2.0, 8.0)
    """Seconds before each restart in a row; after the last the learner is given up."""
    patience: float = 300.0
    """Seconds without a message, while there is work, after which the process counts as hung."""
    clock: Callable[[], float] = time.monotonic


UPKEEP = Upkeep()

_GONE = object()
"""The last message of every process."""


class Worker:
    """The process, started as often as it takes, and the threads that read its messages."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.wake: Callable[[], object] = lambda: None
        """Called from the reader thread whenever there is something to poll for."""
        self._command = command
        self._log = log
        self._child: Child | None = None
        self._inbox: SimpleQueue[tuple[Child, object]] = SimpleQueue()

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start the process; return at once."""
        child = self._child = processes.start(self._command, self._log)
        threading.Thread(target=self._read, args=(child,), daemon=True).start()

    def _read(self, child: Child) -> None:
        with suppress(ValueError):  # closed in the meantime
            for line in child.stdout:
                try:
                    message: object = protocol.load_message(line)
                except (ValueError, KeyError, TypeError):
                    continue  # not ours: something in the process wrote to its standard output
                self._inbox.put((child, message))
                self.wake()
        self._inbox.put((child, _GONE))
        self.wake()

    def messages(self) -> Iterator[object]:
        """Yield what today's process has sent since, without waiting for more."""
        with suppress(Empty):
            while True:
                child, message = self._inbox.get_nowait()
                if child is self._child:
                    yield message

    def send(self, line: str) -> bool:
        """Write a line; return False when the process is gone, which the reader thread notices."""
        return self._child is not None and self._child.send(line)

    def kill(self) -> None:
        """Stop a process that hangs; the reader thread reports it gone."""
        if self._child is not None:
            self._child.kill()

    def end(self) -> int | None:
        """Stop the process at once and hear no more of it; return its exit code if there is one."""
        child, self._child = self._child, None
        return None if child is None else child.end()


class LearnerProcess:
    """``python -m txtal.learner`` as a :class:`txtal.session.protocols.Learner`."""

    def __init__(
        self,
        path: Path,
        dataset: str,
        settings: LearnerSettings,
        *,
        log: Path,
        upkeep: Upkeep = UPKEEP,
    ) -> None:
        self.status = LearnerStatus("starting")
        self.explanation: Explanation | None = None
        self.cluster: Cluster | None = None
        self.advice: Advised | None = None
        self.notices: list[str] = []
        self._upkeep = upkeep
        self._worker = Worker([*upkeep.program, protocol.dump_job(path, dataset, settings)], log)
        self._failures = 0
        """Restarts in a row."""
        self._restart_at: float | None = None
        self._newest: int | None = None
        """The newest poke."""
        self._wanted = False
        """Whether it hasn't been sent yet."""
        self._heard: float | None = None
        """While a poke is being worked on: when it was sent, or the process was last heard of."""

    def wake(self, function: Callable[[], object]) -> None:
        """Call ``function`` from the reader thread whenever there is something to poll for."""
        self._worker.wake = function

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._worker.pid

    def start(self) -> None:
        """Start the process; return at once."""
        self._restart_at = self._heard = None
        self._worker.start()
        self._wanted = self._newest is not None
        self._send_poke()

    def poke(self, newest: int) -> None:
        """Tell it of answers up to ``newest``. Pokes during a fit collapse into one."""
        self._newest = newest
        self._wanted = True
        self.advice = None
        self._send_poke()

    def explain(self, ticket_id: int, label_id: int) -> None:
        """Ask for an explanation; :attr:`explanation` has it some time later, or never."""
        self._worker.send(protocol.dump_explain(ticket_id, label_id))

    def gather(self, ticket_id: int) -> None:
        """Ask for the cluster of a ticket; :attr:`cluster` has it some time later, or never."""
        self._worker.send(protocol.dump_gather(ticket_id))

    def advise(self) -> None:
        """Ask for faults of the labels; :attr:`advice` has them some time later, or never."""
        self._worker.send(protocol.dump_advise())

    def _send_poke(self) -> None:
        """Send the newest poke, unless one is still being worked on: so the pipe never fills."""
        if not self._wanted or self._newest is None or self._heard is not None:
            return
        if self._worker.send(protocol.dump_poke(self._newest)):
            self._heard, self._wanted = self._upkeep.clock(), False

    def poll(self) -> Ranking | None:
        """Return the newest ranking since the last call; also restart what stopped or hangs."""
        ranking: Ranking | None = None
        for message in self._worker.messages():
            ranking = self._take(message) or ranking
        self._check_clock()
        return ranking

    def _take(self, message: object) -> Ranking | None:
        if self._heard is not None:
            self._heard = self._upkeep.clock()
        if message is _GONE:
            self._gone()
        elif isinstance(message, LearnerStatus):
            self.status = message
            if message.state == "failed":
                self._heard = None  # it lives and says why; the next answer may mend it
        elif isinstance(message, Explanation):
            self.explanation = message
        elif isinstance(message, Cluster):
            self.cluster = message
        elif isinstance(message, Advised):
            self.advice = message
        elif isinstance(message, protocol.Notice):
            self.notices.append(message.text)
        elif isinstance(message, Ranking):
            self._failures = 0
            self._heard = None
            self._send_poke()
            return message
        return None

    def _gone(self) -> None:
        """Plan a restart, or give up after as many as there are waits for."""
        code, waits = self._worker.end(), self._upkeep.backoff
        if self._failures >= len(waits):
            self.status = LearnerStatus(
                "failed",
                f"training stopped {self._failures + 1} times, given up; see the log",
            )
            return
        self._restart_at = self._upkeep.clock() + waits[self._failures]
        self._failures += 1
        self.status = LearnerStatus("restarting", f"training stopped (exit code {code})")

    def _check_clock(self) -> None:
        now = self._upkeep.clock()
        if self._restart_at is not None and now >= self._restart_at:
            self.start()
        elif self._heard is not None and now - self._heard > self._upkeep.patience:
            self._worker.kill()
            self._heard = now

    def close(self) -> None:
        """Stop the process at once; it holds nothing that could be lost."""
        self._restart_at = None
        self._worker.end()

"""The screen's end of the learner process: start it, poke it, poll it, bring it back.

Nothing here waits. A reader thread turns the process's lines into messages; everything else
happens in :meth:`LearnerProcess.poll`, which the session calls between keys. Killing the process at
any moment loses nothing: it keeps no state that the database doesn't have.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from txtal import processes
from txtal.learner import protocol
from txtal.types import Explanation, LearnerSettings, LearnerStatus, Ranking

PROGRAM = (sys.executable, "-P", "-m", "txtal.learner")
"""With -P nothing is ever imported from the working directory."""

BACKOFF = (0.5, 2.0, 8.0)
"""Seconds before each restart in a row; after the last the learner is given up."""

PATIENCE = 300.0
"""Seconds without a word, while there is work, after which the process counts as hung."""

_GONE = object()

Inbox = SimpleQueue[tuple[int, object]]


class LearnerProcess:
    """``python -m txtal.learner`` as a :class:`txtal.session.protocols.Learner`."""

    def __init__(
        self,
        path: Path,
        dataset: str,
        settings: LearnerSettings,
        *,
        log: Path,
        program: Sequence[str] = PROGRAM,
        backoff: tuple[float, ...] = BACKOFF,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.status = LearnerStatus("starting")
        self.explanation: Explanation | None = None
        self.notices: list[str] = []
        self._command = [*program, protocol.dump_job(path, dataset, settings)]
        self._log = log
        self._backoff = backoff
        self._patience = patience
        self._clock = clock
        self._inbox: Inbox = SimpleQueue()
        self._wake: Callable[[], object] = lambda: None
        self._process: subprocess.Popen[str] | None = None
        self._generation = 0
        self._failures = 0
        self._restart_at: float | None = None
        self._newest: int | None = None
        self._wanted = False
        self._asked: int | None = None
        self._heard = 0.0

    def wake(self, function: Callable[[], object]) -> None:
        """Call ``function`` from the reader thread whenever there is something to poll for."""
        self._wake = function

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process; returns at once."""
        self._generation += 1
        self._restart_at = None
        self._asked = None
        self._heard = self._clock()
        self._process = processes.start(self._command, self._log)
        reader = threading.Thread(
            target=self._read, args=(self._process, self._generation), daemon=True
        )
        reader.start()
        self._wanted = self._newest is not None
        self._send_poke()

    def _read(self, process: subprocess.Popen[str], generation: int) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                message: object = protocol.load_message(line)
            except (ValueError, KeyError, TypeError):
                continue  # not ours: something in the process wrote to its standard output
            self._inbox.put((generation, message))
            self._wake()
        self._inbox.put((generation, _GONE))
        self._wake()

    def poke(self, newest: int) -> None:
        """There are answers up to ``newest``. Pokes during a fit collapse into one."""
        self._newest = newest
        self._wanted = True
        self._send_poke()

    def explain(self, ticket_id: int, label_id: int) -> None:
        """Ask why; the answer is :attr:`explanation` some time later, or never."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                self._process.stdin.write(protocol.dump_explain(ticket_id, label_id) + "\n")
                self._process.stdin.flush()

    def _send_poke(self) -> None:
        """Send the newest poke, unless one is still being worked on: so the pipe never fills."""
        if not self._wanted or self._newest is None or self._process is None:
            return
        if self._asked is not None:
            return
        assert self._process.stdin is not None
        # A process that is gone is noticed by the reader thread.
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(protocol.dump_poke(self._newest) + "\n")
            self._process.stdin.flush()
            self._asked, self._wanted = self._newest, False
            self._heard = self._clock()

    def poll(self) -> Ranking | None:
        """The newest ranking since the last call; also where restarts happen."""
        ranking: Ranking | None = None
        with contextlib.suppress(Empty):
            while True:
                generation, message = self._inbox.get_nowait()
                if generation == self._generation:
                    ranking = self._take(message) or ranking
        self._mind_the_clock()
        return ranking

    def _take(self, message: object) -> Ranking | None:
        self._heard = self._clock()
        if message is _GONE:
            self._gone()
        elif isinstance(message, LearnerStatus):
            self.status = message
            if message.state == "failed":
                self._asked = None  # it lives and says why; the next answer may mend it
        elif isinstance(message, Explanation):
            self.explanation = message
        elif isinstance(message, protocol.Notice):
            self.notices.append(message.text)
        elif isinstance(message, Ranking):
            self._failures = 0
            self._asked = None
            self._send_poke()
            return message
        return None

    def _gone(self) -> None:
        code = self._reap()
        if self._failures >= len(self._backoff):
            self.status = LearnerStatus(
                "failed",
                f"the learner stopped {self._failures + 1} times, is given up; see the log",
            )
            return
        self._restart_at = self._clock() + self._backoff[self._failures]
        self._failures += 1
        self.status = LearnerStatus("restarting", f"the learner stopped ({code})")

    def _mind_the_clock(self) -> None:
        now = self._clock()
        if self._restart_at is not None and now >= self._restart_at:
            self.start()
        elif self._process and self._asked is not None and now - self._heard > self._patience:
            self._process.kill()  # hung; the reader thread reports it gone
            self._heard = now

    def _reap(self) -> int | None:
        process, self._process = self._process, None
        return None if process is None else processes.end(process)

    def close(self) -> None:
        """Stop the process at once; it holds nothing that could be lost."""
        self._generation += 1
        self._restart_at = None
        self._reap()

"""Training and the look for drift, each in a process of its own beside the service."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from txtal import logs

_PROGRAM = (sys.executable, "-P", "-m", "txtal")


@dataclass(frozen=True, slots=True)
class Job:
    """A run of a command, and what came of it."""

    command: str
    state: Literal["running", "done", "failed"]
    started: float
    """Seconds since the epoch."""
    ended: float | None = None
    result: Any = None
    """The JSON that it printed; None where it failed."""
    error: str = ""
    """The last line of its complaints, if it failed."""


class Jobs:
    """The commands of one dataset that run behind the service, one of a kind at a time."""

    def __init__(self, database: Path, dataset: str) -> None:
        self._words = (*_PROGRAM, "--db", str(database), "-q")
        self._dataset = dataset
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._done: dict[str, Job] = {}
        self._processes: dict[str, subprocess.Popen[str]] = {}

    def newest(self, command: str) -> Job | None:
        """Return the newest run of ``train`` or ``drift``."""
        return self._jobs.get(command)

    def newest_done(self, command: str) -> Job | None:
        """Return the newest run that came to an end as it should."""
        return self._done.get(command)

    def start(self, command: str, options: Sequence[str] = ()) -> tuple[Job, bool]:
        """Start a run, unless one is under way. Returns it, and whether it is new."""
        with self._lock:
            job = self._jobs.get(command)
            if job is not None and job.state == "running":
                return job, False
            with logs.path().open("a", encoding="utf-8") as log:
                # What it complains of may be of a ticket: only its exit code is read here.
                process = subprocess.Popen(
                    [*self._words, command, "--json", *options, "--", self._dataset],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    encoding="utf-8",
                )
            job = self._jobs[command] = Job(command, "running", time.time())
            self._processes[command] = process
        threading.Thread(target=self._wait, args=(job, process), daemon=True).start()
        return job, True

    def _wait(self, job: Job, process: subprocess.Popen[str]) -> None:
        said, _ = process.communicate()
        result = None
        with suppress(ValueError):
            result = json.loads(said) if process.returncode == 0 else None
        done = process.returncode == 0
        over = self._jobs[job.command] = replace(
            job,
            state="done" if done else "failed",
            ended=time.time(),
            result=result,
            error="" if done else f"exit code {process.returncode}; the log says why",
        )
        if done:
            self._done[job.command] = over

    def close(self) -> None:
        """Stop what runs; what it has written stays, and it can be started again."""
        for process in self._processes.values():
            with suppress(OSError):
                process.kill()

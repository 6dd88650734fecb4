"""A real scheduler with worker processes on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.cli.driving import REPOSITORY, until


class Machines:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--scheduler-file", file, "--port", "0")
        until(lambda: file.exists() and file.read_text().endswith("}"), "a scheduler")
        self.address: str = json.loads(file.read_text())["address"]

    def start(self, workers: int, **env: str) -> None:
        """So many more."""
        for _ in range(workers):
            place = self.folder / f"worker{len(self.workers)}"
            options = ("--nthreads", "1", "--no-nanny", "--memory-limit", "0")
            words = ("worker", self.address, *options, "--local-directory", place)
            self.workers.append(self._start(*words, env=env))

    def kill(self, worker: int) -> None:
        """By SIGKILL."""
        self.workers[worker].kill()
        self.workers[worker].wait()

    def stop(self) -> None:
        """All of them, in whatever state."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    @property
    def options(self) -> list[str]:
        """Of a command that is to use them."""
        return ["--engine", "dask", "--scheduler", self.address]

    def _start(
        self, *words: object, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *map(str, words)]
        command += ["--host", "127.0.0.1", "--no-dashboard"]
        return subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **(env or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def running(folder: Path, workers: int) -> Iterator[Machines]:
    """A scheduler with workers, gone when the block is left."""
    started = Machines(folder)
    try:
        started.start(workers)
        yield started
    finally:
        started.stop()

"""The screen's end of the loader: start it, poll it, wait for its end."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from txtal.ingest import protocol
from txtal.ingest.protocol import LoadJob
from txtal.processes import Child, ReadProcess
from txtal.text import percent
from txtal.types import Loading

PROGRAM = (sys.executable, "-P", "-m", "txtal.ingest")
"""With -P nothing is ever imported from the working directory."""

LOOK_SECONDS = 0.1


class LoaderProcess:
    """``python -m txtal.ingest`` as a :class:`txtal.session.protocols.Loader`.

    A reader thread takes in what it says; killing it at any moment loses no more than the part it
    was writing.
    """

    def __init__(self, job: LoadJob, *, log: Path, program: Sequence[str] = PROGRAM) -> None:
        self._source = job.source
        self._process = ReadProcess([*program, protocol.dump_job(job)], log, self._read)
        self._news = Loading("loading", job.added)
        self._taken: Loading | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid

    def start(self) -> None:
        """Start the process; returns at once."""
        self._process.start()

    def _read(self, child: Child) -> None:
        with contextlib.suppress(ValueError):  # closed in the meantime
            for line in child.stdout:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    self._news = protocol.load_news(line)
        if self._news.state == "loading":
            self._news = self._stopped()

    def _stopped(self) -> Loading:
        share = f" at {percent(self._news.progress, 0)}" if self._news.progress else ""
        said = f"loading {self._source} was stopped{share}; the same command again loads the rest"
        return replace(self._news, state="failed", detail=said, exit_code=1)

    def poll(self) -> Loading | None:
        """How far it is, if that has changed since the last call. Never waits."""
        news = self._news
        if news is self._taken:
            return None
        self._taken = news
        return news

    def finish(self, watch: Callable[[Loading], object]) -> Loading:
        """Wait until the file is loaded, or can't be; the last word."""
        while self._process.is_read:
            watch(self._news)
            time.sleep(LOOK_SECONDS)
        self.close()
        return self._news

    def close(self) -> Loading:
        """Stop it at once; what was loaded is loaded. The last word."""
        self._process.close()
        return self._news

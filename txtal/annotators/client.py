"""The screen's end of the annotators' process: start it, hear what it has to tell, end it."""

from __future__ import annotations

import contextlib
import json
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from txtal.annotators import protocol
from txtal.annotators.protocol import AnnotatorJob
from txtal.processes import Child, ReadProcess

PROGRAM = (sys.executable, "-P", "-m", "txtal.annotators")
"""With -P nothing is ever imported from the working directory."""


class AnnotatorProcess:
    """``python -m txtal.annotators`` as a :class:`txtal.session.protocols.Teller`.

    It writes votes by itself: killing it at any moment loses no more than the part at hand.
    """

    def __init__(self, job: AnnotatorJob, *, log: Path, program: Sequence[str] = PROGRAM) -> None:
        self._process = ReadProcess([*program, protocol.dump_job(job)], log, self._read)
        self._told: deque[str] = deque()
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid

    def start(self) -> None:
        """Start the process; returns at once."""
        self._process.start()

    def _read(self, child: Child) -> None:
        ended = False
        with contextlib.suppress(ValueError):  # closed in the meantime
            for line in child.stdout:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    said = json.loads(line)
                    ended = ended or bool(said.get("done"))
                    if said.get("tell"):
                        self._told.append(str(said["tell"]))
        if not ended and not self._closing:
            self._told.append("the rules and commands that vote were stopped; labelling goes on")

    def poll(self) -> str | None:
        """What there is to tell since the last call, one thing at a time. Never waits."""
        return self._told.popleft() if self._told else None

    def close(self) -> None:
        """Stop it at once; what was voted is stored."""
        self._closing = True
        self._process.close(patience=1.0)  # so that it stops its command

"""Processes that work behind the screen and exchange lines with it through pipes."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, slots=True)
class Child:
    """A running process with its two pipes."""

    process: subprocess.Popen[str]
    stdin: IO[str]
    stdout: IO[str]

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def send(self, line: str) -> bool:
        """Write a line to its standard input; return False when it is gone."""
        with suppress(OSError, ValueError):
            self.stdin.write(line + "\n")
            self.stdin.flush()
            return True
        return False

    def kill(self) -> None:
        """Stop it at once; whoever reads its output notices."""
        self.process.kill()

    def end(self) -> int:
        """Stop it at once, close its pipes, and return its exit code."""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.stdin, self.stdout):
            with suppress(OSError, ValueError):
                pipe.close()
        return code


def start(command: Sequence[str], log: Path) -> Child:
    """Start a process whose standard error goes to the log; return at once."""
    with log.open("a", encoding="utf-8") as complaints:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
            bufsize=1,
        )
    if process.stdin is None or process.stdout is None:  # both were asked for
        raise OSError("the process has no pipes")
    return Child(process, process.stdin, process.stdout)

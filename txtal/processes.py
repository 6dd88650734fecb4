"""Processes that work behind the screen, which tell and are told a line at a time, by pipes."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def start(command: Sequence[str], log: Path) -> subprocess.Popen[str]:
    """The process of ``command``, whose complaints go to the log; returns at once."""
    with log.open("a", encoding="utf-8") as complaints:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
            bufsize=1,
        )


def end(process: subprocess.Popen[str]) -> int:
    """Stop it at once, let go of its pipes, and give back its exit code."""
    process.kill()
    code = process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError, ValueError):
                pipe.close()
    return code

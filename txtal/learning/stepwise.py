"""Work of several fits, done one fit at a time, so that nobody who comes meanwhile waits long."""

from __future__ import annotations

from collections.abc import Generator
from typing import Generic, TypeVar

Result = TypeVar("Result")

Steps = Generator[None, None, Result]
"""Stops after each fit; returns what comes of them all."""


def finished(steps: Steps[Result]) -> Result:
    """Do what is left to the end, and return what comes of it."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


class UnderWay(Generic[Result]):
    """Work that was begun, and its result once there is one."""

    def __init__(self, steps: Steps[Result]) -> None:
        self._steps = steps
        self.result: Result | None = None

    def step(self) -> bool:
        """Do one fit; return whether more is to be done."""
        try:
            next(self._steps)
        except StopIteration as end:
            self.result = end.value
            return False
        return True

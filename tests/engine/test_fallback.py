"""An engine that fails is no reason to stop: what it had, and the rest, is done here."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from tests.engine.works import Scaling
from txtal import engine as engines
from txtal.engine import LOCAL, fallback, reach
from txtal.engine.fallback import Fallback, steadfast
from txtal.errors import EngineError, UsageError

BATCHES = [[float(number), number / 3] for number in range(12)]
WORK = Scaling(np.array([0.1, 0.7]))
EXPECTED = [result.tolist() for result in LOCAL.map(WORK, BATCHES)]


class Failing:
    """Works on three batches at once, and fails after so many results."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.left = False
        self.read = 0

    @property
    def width(self) -> int:
        if not self.after:
            raise EngineError("the scheduler is gone")
        return 3

    def map(self, work: Any, batches: Iterable[Any]) -> Iterator[Any]:
        waiting: list[Any] = []
        for batch in batches:
            self.read += 1
            waiting.append(batch)
            if len(waiting) == 3:
                if not self.after:
                    raise EngineError("the scheduler is gone")
                self.after -= 1
                yield work(waiting.pop(0))
        for batch in waiting:
            yield work(batch)

    def keep(self, read: Callable[[], Any]) -> Any:
        return read()

    @contextmanager
    def opened(self, *words: object, limit: float) -> Iterator[Failing]:
        try:
            yield self
        finally:
            self.left = True


@pytest.fixture
def told() -> list[str]:
    return []


def falling(after: int, told: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Failing]:
    failing = Failing(after)
    monkeypatch.setattr(fallback, "open_engine", failing.opened)
    return steadfast("dask", "tcp://a:1", told.append), failing


@pytest.mark.parametrize("after", [0, 1, 5, 100])
@pytest.mark.parametrize("kept", [False, True])
def test_nothing_is_missing_and_nothing_twice(
    after: int, kept: bool, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, failing = falling(after, told, monkeypatch)
    given = [engine.keep(lambda batch=batch: batch) for batch in BATCHES] if kept else BATCHES
    for _ in range(2):
        assert [one.tolist() for one in engine.map(WORK, iter(given))] == EXPECTED
    failed = after < len(BATCHES)
    said = "the scheduler is gone; the work is done here now"
    assert told == ([said] if failed else [])
    assert failing.left == failed
    assert engine.width == (1 if failed else 3)
    if failed:
        assert failing.read == after + 3  # once it failed it isn't asked again


def test_kept_after_the_fall(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    engine, _ = falling(0, told, monkeypatch)
    assert engine.width == 1
    held = engine.keep(lambda: BATCHES[3])
    assert [one.tolist() for one in engine.map(WORK, [held])] == EXPECTED[3:4]
    assert len(told) == 1


def test_no_scheduler_at_all(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def refused(*words: object, limit: float) -> Iterator[None]:
        raise EngineError("nobody is there")
        yield

    monkeypatch.setattr(fallback, "open_engine", refused)
    engine = Fallback("dask", "tcp://a:1", told.append)
    assert [one.tolist() for one in engine.map(WORK, BATCHES)] == EXPECTED
    assert told == ["nobody is there; the work is done here now"]


def test_what_fails_in_the_work_is_no_reason_to_fall(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, _ = falling(100, told, monkeypatch)
    with pytest.raises(TypeError):
        list(engine.map(WORK, [["a", "b"], [1, 2], [3, 4]]))
    assert told == []


def test_what_needs_no_other_machine_is_as_it_was(told: list[str]) -> None:
    assert steadfast("local", None, told.append) is LOCAL
    with pytest.raises(UsageError):
        steadfast("dask", None, told.append)


def test_whether_a_scheduler_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reach(f"tcp://127.0.0.1:{port}")
        reach(f"127.0.0.1:{port}")
    for address in (f"tcp://127.0.0.1:{port}", "tcp://127.0.0.1:99999", "tcp://[::1]:9", "a..b:1"):
        with pytest.raises(EngineError, match="no Dask scheduler answers at"):
            reach(address)
    assert engines.nobody_answers("tcp://a:1").exit_code == 1

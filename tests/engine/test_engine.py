"""Engines without any other machine: what is mapped, what is imported, what is refused."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.engine.works import Scaling
from txtal.engine import Local, open_engine, remote
from txtal.errors import EngineError, UsageError

WORK = Scaling(np.array([2.0, 3.0]))


def shared() -> remote.SharedWork:
    return remote.SharedWork("a", Scaling, *WORK.to_arrays(), remote.versions())


def test_the_local_engine_reads_batches_as_they_are_needed() -> None:
    read: list[int] = []

    def batches() -> Iterator[list[float]]:
        for number in range(3):
            read.append(number)
            yield [number, number]

    results = Local().map(WORK, batches())
    assert next(results).tolist() == [0, 0]
    assert read == [0]
    assert [result.tolist() for result in results] == [[2, 3], [4, 6]]


def test_a_worker_makes_the_work_once_for_all_batches() -> None:
    remote._works.clear()
    for batch in ([1.0, 1.0], [2.0, 2.0]):
        result = remote.run(shared(), pickle.dumps(batch))
        assert result.tolist() == (np.array(batch) * WORK.factor).tolist()
    assert list(remote._works) == ["a"]
    for token in "bcd":
        remote.run(replace(shared(), token=token), pickle.dumps([1.0, 1.0]))
    assert list(remote._works) == ["c", "d"]


def test_another_version_is_refused() -> None:
    remote._works.clear()
    other = replace(shared(), versions={**remote.versions(), "spacy": "1.0"})
    with pytest.raises(EngineError, match=r"a worker on .* has spacy .* and not 1\.0;"):
        remote.run(other, pickle.dumps([1.0, 1.0]))
    assert "txtal none and not" in remote.difference({}, remote.versions())


@pytest.mark.parametrize(
    ("name", "scheduler", "said"),
    [
        ("dask", None, "--engine dask needs --scheduler"),
        ("local", "tcp://a:1", "--scheduler goes with --engine dask"),
        ("dask", "a.txt", "a.txt is no address"),
        ("dask", "http://a:1", "is no address"),
    ],
)
def test_words_that_dont_fit_together(name: str, scheduler: str | None, said: str) -> None:
    if scheduler and name == "dask":
        pytest.importorskip("distributed")
    with pytest.raises(UsageError, match=said), open_engine(name, scheduler):
        pass


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UsageError, match=r"pip install 'txtal\[dask\]'"),
        open_engine("dask", "tcp://127.0.0.1:1"),
    ):
        pass


@pytest.mark.slow
def test_nobody_imports_dask_who_isnt_asked_to() -> None:
    code = (
        "import sys, txtal.engine, txtal.classifier.predict, txtal.learner.pool;"
        "import txtal.cli.predict;"
        "print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"dask", "distributed", "tornado", "pyarrow"}.isdisjoint(run.stdout.split())

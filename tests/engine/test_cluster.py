"""A real scheduler with worker processes on this machine, some of which are killed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import prepared  # noqa: F401 - a fixture of the command line's tests
from tests.cli.driving import REPOSITORY, TICKETS, Program, until
from tests.engine.works import Failing, Scaling, Slow
from txtal.engine import Local, cluster, open_engine, remote
from txtal.errors import DataError, EngineError

pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

BATCHES = [[float(number), number / 3] for number in range(60)]
WORK = Slow(np.array([0.1, 0.7]))
EXPECTED = [result.tolist() for result in Local().map(Scaling(WORK.factor), BATCHES)]


class Machines:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--scheduler-file", file, "--port", "0")
        until(lambda: file.exists() and file.read_text().endswith("}"), "a scheduler")
        self.address: str = json.loads(file.read_text())["address"]

    def start(self, workers: int) -> None:
        """So many more."""
        for _ in range(workers):
            place = self.folder / f"worker{len(self.workers)}"
            options = ("--nthreads", "1", "--no-nanny", "--memory-limit", "0")
            self.workers.append(
                self._start("worker", self.address, *options, "--local-directory", place)
            )

    def kill(self, worker: int) -> None:
        """By SIGKILL."""
        self.workers[worker].kill()
        self.workers[worker].wait()

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, *words: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *map(str, words)]
        command += ["--host", "127.0.0.1", "--no-dashboard"]
        return subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    """A scheduler without workers yet."""
    started = Machines(tmp_path)
    yield started
    started.stop()


def results(machines: Machines) -> Iterator[list[float]]:
    with open_engine("dask", machines.address) as engine:
        for result in engine.map(WORK, BATCHES):
            yield result.tolist()


def test_the_results_are_those_of_this_process_in_order(machines: Machines) -> None:
    machines.start(2)
    assert list(results(machines)) == EXPECTED


def test_a_killed_worker_costs_what_it_had_at_hand(machines: Machines) -> None:
    machines.start(2)
    coming = results(machines)
    first = [next(coming) for _ in range(5)]
    machines.kill(0)
    assert [*first, *coming] == EXPECTED


def test_what_all_workers_lost_is_sent_again(machines: Machines) -> None:
    machines.start(1)
    coming = results(machines)
    first = [next(coming) for _ in range(5)]
    machines.kill(0)
    machines.start(1)
    assert [*first, *coming] == EXPECTED


def test_no_worker_is_left(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    machines.start(1)
    coming = results(machines)
    next(coming)
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    machines.kill(0)
    with pytest.raises(EngineError, match=r"no worker|has no workers"):
        list(coming)


def test_the_scheduler_is_killed(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    machines.start(1)
    coming = results(machines)
    next(coming)
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    machines.scheduler.kill()
    with pytest.raises(EngineError, match=machines.address):
        list(coming)


def test_what_goes_wrong_in_the_work(machines: Machines) -> None:
    machines.start(1)
    work = Failing(WORK.factor)
    with open_engine("dask", machines.address) as engine:
        with pytest.raises(DataError, match=r"a\.jsonl:3: no text"):
            list(engine.map(work, ["foreseen"]))
        with pytest.raises(EngineError, match="a worker failed with ValueError") as caught:
            list(engine.map(work, ["unforeseen"]))
        assert "secret" not in str(caught.value)
        (result,) = engine.map(work, BATCHES[:1])
        assert result.tolist() == EXPECTED[0]


def test_work_that_kills_its_workers_is_given_up(machines: Machines) -> None:
    machines.start(5)
    with open_engine("dask", machines.address) as engine:
        until(lambda: len(engine._client.nthreads()) == 5, "five workers")
        with pytest.raises(EngineError, match=r"down with it|again and again"):
            list(engine.map(Failing(WORK.factor), ["deadly"]))


def test_workers_of_another_version_are_refused(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.start(1)
    monkeypatch.setattr(remote, "_version", lambda package: "99.0")
    remote.versions.cache_clear()
    with (
        pytest.raises(EngineError, match=r"worker tcp://.* has txtal .* and not 99\.0"),
        open_engine("dask", machines.address),
    ):
        pass
    remote.versions.cache_clear()


def test_a_scheduler_without_workers(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    with (
        pytest.raises(EngineError, match="has no workers; `dask worker"),
        open_engine("dask", machines.address),
    ):
        pass


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    with (
        pytest.raises(EngineError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        open_engine("dask", "tcp://127.0.0.1:9"),
    ):
        pass


def dask(machines: Machines) -> list[str]:
    """The options for it."""
    return ["--engine", "dask", "--scheduler", machines.address]


@pytest.fixture
def labelled(prepared: Path, tmp_path: Path) -> Program:  # noqa: F811
    program = Program(tmp_path, {"PYTHONPATH": str(REPOSITORY)})
    shutil.copy(prepared / "labelled.db", program.folder / program.db)
    return program


def test_predict_writes_the_same_bytes_though_a_worker_is_killed(
    machines: Machines, labelled: Program
) -> None:
    machines.start(2)
    labelled.ok("train", "d", "-o", "model", "--vectors", "lexical")
    many = labelled.file("many.jsonl", TICKETS.read_text("utf-8").splitlines() * 20)
    labelled.ok("predict", "model", many, "-o", "local.jsonl")
    command = ["predict", "model", str(many), "-o", "dask.jsonl"]
    running = subprocess.Popen(
        [sys.executable, "-m", "txtal", *command, *dask(machines)],
        cwd=labelled.folder,
        env=labelled.environ,
        stderr=subprocess.PIPE,
    )
    until((labelled.folder / "dask.jsonl.txtal-part.json").exists, "a commit")
    machines.kill(1)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 0, said
    made, local = (labelled.folder / name for name in ("dask.jsonl", "local.jsonl"))
    assert made.read_bytes() == local.read_bytes()
    assert not list(labelled.folder.glob("*txtal-part*"))

"""A real scheduler with worker processes on this machine, some of which are killed."""

from __future__ import annotations

import gzip
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import prepared  # noqa: F401 - a fixture of the command line's tests
from tests.cli.driving import REPOSITORY, Program, until
from tests.cli.test_predict import LINES
from tests.engine.machines import Machines, running
from tests.engine.works import Failing, Noting, Scaling, Slow
from txtal.engine import Local, cluster, open_engine, remote
from txtal.engine.fallback import Fallback
from txtal.errors import DataError, EngineError

pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

BATCHES = [[float(number), number / 3] for number in range(60)]
UNDER_WAY = 6
"""Batches with two workers: two for each, one to be sent, and one whose result is out."""

WORK = Slow(np.array([0.1, 0.7]))
EXPECTED = [result.tolist() for result in Local().map(Scaling(WORK.factor), BATCHES)]


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """A scheduler without workers yet."""
    with running(tmp_path, 0) as started:
        yield started


def results(machines: Machines, limit: float | None = None) -> Iterator[list[float]]:
    with open_engine("dask", machines.address, limit=limit) as engine:
        for result in engine.map(WORK, BATCHES):
            yield result.tolist()


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is long enough to wait for what doesn't come."""
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    monkeypatch.setattr(cluster, "_ANSWERED", 1.0)


def test_the_results_are_those_of_this_process_in_order(machines: Machines) -> None:
    machines.start(2)
    assert list(results(machines)) == EXPECTED


def test_a_killed_worker_costs_what_it_had_at_hand(machines: Machines, tmp_path: Path) -> None:
    machines.start(2)
    work = Noting(WORK.factor, str(tmp_path / "done"))
    with open_engine("dask", machines.address) as engine:
        until(lambda: engine.width == 2, "two workers")
        coming = (result.tolist() for result in engine.map(work, BATCHES))
        first = [next(coming) for _ in range(5)]
        machines.kill(0)
        assert [*first, *coming] == EXPECTED
    done = (tmp_path / "done").read_text().splitlines()
    assert set(done) == {str(batch[0]) for batch in BATCHES}
    assert len(done) - len(BATCHES) <= UNDER_WAY  # what was done twice


def test_few_batches_are_under_way(machines: Machines) -> None:
    machines.start(2)
    read, most = 0, 0

    def batches() -> Iterator[list[float]]:
        nonlocal read
        for batch in BATCHES:
            read += 1
            yield batch

    with open_engine("dask", machines.address) as engine:
        until(lambda: engine.width == 2, "two workers")
        for number, _ in enumerate(engine.map(WORK, batches())):
            most = max(most, read - number)
            held = sum(len(keys) for keys in engine._client.has_what().values())
            assert held <= 2 * UNDER_WAY  # results, and what all share, once a worker
    assert most == UNDER_WAY


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
    impatient(monkeypatch)
    machines.kill(0)
    with pytest.raises(EngineError, match=r"no worker|has no workers"):
        list(coming)


def test_the_scheduler_is_killed(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    machines.start(1)
    coming = results(machines)
    next(coming)
    impatient(monkeypatch)
    machines.scheduler.kill()
    with pytest.raises(EngineError, match=machines.address):
        list(coming)


def test_what_was_read_before_a_fault_is_done(machines: Machines) -> None:
    machines.start(1)

    def batches() -> Iterator[list[float]]:
        yield from BATCHES[:4]
        raise DataError("b.jsonl is damaged")

    with open_engine("dask", machines.address) as engine:
        coming = engine.map(WORK, batches())
        assert [next(coming).tolist() for _ in range(4)] == EXPECTED[:4]
        with pytest.raises(DataError, match="is damaged"):
            next(coming)


@pytest.mark.parametrize("limit", [None, 1.0])
def test_the_scheduler_hangs(
    machines: Machines, limit: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.start(1)
    coming = results(machines, limit)
    next(coming)
    impatient(monkeypatch)
    machines.scheduler.send_signal(signal.SIGSTOP)
    with pytest.raises(EngineError, match=r"the scheduler at tcp://.* doesn't answer"):
        list(coming)


def test_nobody_waits_longer_than_the_limit(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.start(1)
    coming = results(machines, 1.0)
    next(coming)
    impatient(monkeypatch)
    machines.workers[0].send_signal(signal.SIGSTOP)
    with pytest.raises(EngineError, match=r"the workers of tcp://.* give no answer"):
        list(coming)


@pytest.mark.parametrize("lost", ["scheduler", "workers"])
def test_a_session_goes_on_here(
    machines: Machines,
    lost: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    machines.start(2)
    told: list[str] = []
    engine = Fallback("dask", machines.address, told.append)
    coming = (result.tolist() for result in engine.map(WORK, BATCHES))
    first = [next(coming) for _ in range(5)]
    impatient(monkeypatch)
    if lost == "scheduler":
        machines.scheduler.kill()
    else:
        machines.kill(0)
        machines.kill(1)
    assert [*first, *coming] == EXPECTED
    why = "is gone" if lost == "scheduler" else "has no workers; .* starts one"
    (said,) = told
    assert re.fullmatch(
        rf"the scheduler at {machines.address} {why}; the work is done here now", said
    )
    assert capfd.readouterr() == ("", "")


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
        with pytest.raises(EngineError, match=r"killed several workers|lost repeatedly"):
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


def test_a_worker_of_another_version_that_comes_later(machines: Machines, tmp_path: Path) -> None:
    other = tmp_path / "other" / "txtal-99.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: txtal\nVersion: 99.0\n")
    machines.start(1)
    coming = results(machines)
    next(coming)
    machines.start(1, PYTHONPATH=str(other.parent))
    until(lambda: (tmp_path / "worker1").exists(), "a second worker")
    machines.kill(0)
    with pytest.raises(EngineError, match=r"a worker on .* has txtal 99\.0 and not "):
        list(coming)
    with (
        pytest.raises(EngineError, match=r"worker tcp://.* has txtal 99\.0 and not "),
        open_engine("dask", machines.address),
    ):
        pass


def test_a_worker_without_txtal(machines: Machines, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['txtal'] = None\n")
    machines.start(1, PYTHONPATH=str(tmp_path))
    with (
        pytest.raises(EngineError, match="has no txtal that is like this one: install it"),
        open_engine("dask", machines.address),
    ):
        pass


def test_a_scheduler_without_workers(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)
    with (
        pytest.raises(EngineError, match="has no workers; `dask worker"),
        open_engine("dask", machines.address),
    ):
        pass


def test_a_scheduler_that_hangs_from_the_first(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    machines.scheduler.send_signal(signal.SIGSTOP)
    with (
        pytest.raises(EngineError, match=rf"no Dask scheduler answers at {machines.address}"),
        open_engine("dask", machines.address),
    ):
        pass


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)
    with (
        pytest.raises(EngineError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"),
        open_engine("dask", "tcp://127.0.0.1:9"),
    ):
        pass


@pytest.fixture
def labelled(prepared: Path, tmp_path: Path) -> Program:  # noqa: F811
    program = Program(tmp_path, {"PYTHONPATH": str(REPOSITORY)})
    shutil.copy(prepared / "labelled.db", program.folder / program.db)
    return program


def _content(path: Path) -> bytes:
    """What a file says: packed, where its blocks end depends on how long they took."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "parquet"])
def test_predict_writes_the_same_bytes_though_a_worker_is_killed(
    machines: Machines, labelled: Program, form: str
) -> None:
    machines.start(2)
    here = labelled.folder
    labelled.ok("train", "d", "-o", "model", "--vectors", "lexical")
    (here / "shards").mkdir()
    for number, suffix in enumerate(("jsonl", "jsonl.gz", "csv", "tsv")):
        texts = [f"{line['text']} {number}".replace('"', "") for line in LINES * 5]
        lines: list[Any] = [{"text": text} for text in texts]
        if suffix in ("csv", "tsv"):
            lines = [text.replace(",", "").replace("\n", " ") for text in texts]
        labelled.file(
            f"shards/{number}.{suffix}", ["text", *lines] if suffix in ("csv", "tsv") else lines
        )
    command = ["predict", "model", "shards", "--format", form, "-o"]
    labelled.ok(*command, "local/")
    running = subprocess.Popen(
        [sys.executable, "-m", "txtal", *command, "dask/", *machines.options],
        cwd=here,
        env=labelled.environ,
        stderr=subprocess.PIPE,
    )
    until((here / "dask" / f"part-00000.{form}").exists, "a first file")
    machines.kill(1)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 0, said
    made, local = (
        {one.name: _content(one) for one in (here / name).glob("part*")}
        for name in ("dask", "local")
    )
    assert made == local
    assert set(made) == {f"part-{number:05}.{form}" for number in range(4)}

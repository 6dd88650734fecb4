"""The screen's end of the loader, with the real process and with ones that misbehave."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.driving import until
from tests.conftest import MakeDataset
from txtal.ingest.client import PROGRAM, LoaderProcess
from txtal.ingest.protocol import LoadJob, dump_job, dump_news
from txtal.store import tickets
from txtal.store.sqlite import Connection
from txtal.types import Loading

Start = Callable[..., LoaderProcess]
LINE = dump_news(Loading("loading", 5, 0.25))


@pytest.fixture
def source(path: Path) -> Path:
    source = path.with_name("t.jsonl")
    source.write_text("".join(json.dumps({"text": f"t {n}"}) + "\n" for n in range(3000)))
    return source


@pytest.fixture
def start(path: Path, source: Path, make_dataset: MakeDataset) -> Iterator[Start]:
    make_dataset([])
    started: list[LoaderProcess] = []

    def begin(code: str | None = None) -> LoaderProcess:
        program = PROGRAM if code is None else (sys.executable, "-c", code)
        job = LoadJob(str(path), "d", str(source), 0)
        started.append(LoaderProcess(job, log=path.with_name("log"), program=program))
        started[-1].start()
        return started[-1]

    yield begin
    for one in started:
        one.close()


def test_the_real_one_loads_the_file(start: Start, conn: Connection) -> None:
    watched: list[Loading] = []
    loader = start()
    assert loader.poll() == Loading("loading", 0)
    last = loader.finish(watched.append)
    assert (last.state, last.added, last.exit_code) == ("done", 3000, 0)
    assert loader.poll() == last
    assert loader.poll() is None
    assert tickets.count(conn, 1) == 3000
    assert loader.pid is None


def test_it_ends_with_the_session(path: Path, source: Path, make_dataset: MakeDataset) -> None:
    make_dataset([])
    fifo = path.with_name("slow.jsonl")
    subprocess.run(["mkfifo", str(fifo)], check=True)
    process = subprocess.Popen(
        [*PROGRAM, dump_job(LoadJob(str(path), "d", str(fifo), 0))], stdin=subprocess.PIPE
    )
    assert process.stdin
    process.stdin.close()
    assert process.wait(60) == 0


@pytest.mark.parametrize("end", ["sys.exit(3)", "os.kill(os.getpid(), 9)", "pass"])
def test_one_that_stops_says_so_and_how_to_go_on(start: Start, end: str) -> None:
    loader = start(f"import os, sys\nprint('a banner')\nprint({LINE!r}, flush=True)\n{end}")
    last = loader.finish(lambda now: None)
    assert (last.state, last.added, last.exit_code) == ("failed", 5, 1)
    assert "was stopped at 25%; the same command again loads the rest" in last.detail


def test_closing_does_not_wait(start: Start) -> None:
    loader = start(f"import time\nprint({LINE!r}, flush=True)\ntime.sleep(600)")
    until(lambda: (loader.poll() or Loading("loading", 0)).added, "its news")
    assert loader.close().state == "failed"
    assert loader.pid is None
    assert loader.close().state == "failed"

"""The service as a process, with many who use it at once, and killed again and again."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

import txtal
from tests.cli.driving import PATIENCE, Program
from tests.service.serving import label_of, make
from txtal.classifier import versions
from txtal.store import schema, tokens

pytestmark = pytest.mark.slow

MANY = int(os.environ.get("TXTAL_TEST_TICKETS", "100"))
"""Tickets that are labelled; 2,000 takes some minutes."""


@dataclass
class Running:
    """``txtal serve`` as a process on a port that stays."""

    folder: Path
    token: str
    port: int
    process: subprocess.Popen[bytes] | None = None
    words: tuple[str, ...] = ("--no-model",)

    def start(self) -> None:
        words = ["-P", "-m", "txtal", "serve", "--port", str(self.port), *self.words]
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *words],
                env=Program(self.folder).environ,
                cwd=self.folder,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError):
                self.ask("GET", "/healthz")
                return
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Ask, and return the status and the JSON. Raises OSError while it is down."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
                said = reply.read()
                return reply.status, json.loads(said) if said else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    make(tmp_path / "t.db", answered=16, trained=True)
    with closing(schema.open_database(tmp_path / "t.db")) as conn:
        token = tokens.add(conn, "all", ["admin"], None)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = Running(tmp_path, token, port)
    made.start()
    yield made
    made.kill()


@dataclass
class RestAnnotator:
    """Somebody who answers by HTTP until nothing is open, however often the service is down."""

    service: Running
    name: str
    done: threading.Event
    acknowledged: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def work(self) -> None:
        while not self.done.is_set():
            status, asked = self.insist("GET", f"/next?annotator=all/{self.name}")
            if status == 204:
                time.sleep(0.05)
                continue
            assert status == 200, asked
            given = {"ticket": asked["ticket"], "lease": asked["lease"]}
            given |= {"labels": [label_of(asked["text"])], "annotator": f"all/{self.name}"}
            status, said = self.insist("POST", "/answers", given)
            if status == 201:
                self.acknowledged.append(said["id"])
            else:
                assert status == 409, said
                self.refused.append(said["error"])

    def insist(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Ask again until there is an answer."""
        while True:
            with suppress(OSError, ValueError, HTTPException):
                status, said = self.service.ask(method, path, body)
                if status != 503:
                    return status, said
            if self.done.is_set():
                return 204, None
            time.sleep(0.02)


def terminal(folder: Path, name: str, done: threading.Event, rng: random.Random) -> int:
    """Label line by line in a terminal that is killed now and then. Returns how often it was."""
    killed = 0
    while not done.is_set():
        words = ["-P", "-m", "txtal", "manual", "shop", "--plain", "--annotator", name]
        process = subprocess.Popen(
            [sys.executable, *words],
            env=Program(folder).environ,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.write(b"1\n" * rng.randint(5, 40))
            process.stdin.close()
        for _ in range(rng.randint(1, 200)):
            if not process.stdout.readline():  # it has come to its end
                break
        killed += process.poll() is None
        process.kill()
        process.stdout.close()
        process.wait()
        _a_quarter_of_an_hour_later(folder, name)
    return killed


def _a_quarter_of_an_hour_later(folder: Path, name: str) -> None:
    """Let the leases run out of those that were killed."""
    with closing(schema.open_database(folder / "t.db", busy_seconds=PATIENCE)) as conn:
        conn.execute(
            "UPDATE lease SET expires = 0 WHERE session_id IN"
            " (SELECT id FROM session WHERE annotator LIKE ?)",
            (name,),
        )


@pytest.mark.timeout(3600)
def test_four_by_rest_and_two_terminals_with_kills_lose_nothing(running: Running) -> None:
    path, rng = running.folder / "t.db", random.Random(1)
    shop = txtal.open(path)["shop"]
    shop.add([f"the parcel {n} of many" for n in range(MANY)])
    done = threading.Event()
    people = [RestAnnotator(running, name, done) for name in ("ann", "bea", "cas", "dan")]
    with closing(schema.open_database(path)) as conn, ThreadPoolExecutor(8) as pool:
        working = [pool.submit(one.work) for one in people]
        terminals = [
            pool.submit(terminal, running.folder, name, done, random.Random(name))
            for name in ("eva", "fay")
        ]
        try:
            while _open(conn) > 0:
                _wait_for(conn, _open(conn) - rng.randint(1, 10 + MANY // 20))
                running.kill()
                _a_quarter_of_an_hour_later(running.folder, "all/%")
                running.start()
        finally:
            done.set()
        for one in working:
            one.result(PATIENCE)
        assert all(one.result(PATIENCE) for one in terminals)
        rows = conn.execute("SELECT id, ticket_id, annotator FROM standing_answer").fetchall()
    twice = [ticket for ticket, times in Counter(row[1] for row in rows).items() if times > 1]
    assert twice == []
    there = {row[0] for row in rows}
    acknowledged = [one for person in people for one in person.acknowledged]
    assert {*acknowledged} <= there
    assert all(person.acknowledged for person in people)
    assert {"eva", "fay"} <= {row[2] for row in rows}
    assert '"status": 500' not in (running.folder / "serve.log").read_text()


def _wait_for(conn: Any, wanted: int) -> None:
    """Wait until no more than so many tickets are open."""
    deadline = time.monotonic() + PATIENCE
    while _open(conn) > max(wanted, 0):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _open(conn: Any) -> int:
    found: int = conn.execute(
        "SELECT count(*) FROM ticket WHERE id NOT IN (SELECT ticket_id FROM standing_answer)"
    ).fetchone()[0]
    return found


def test_a_model_that_is_exchanged_under_load_fails_no_request(running: Running) -> None:
    txtal.open(running.folder / "t.db")["shop"].train(vectors="lexical")
    folder = next((running.folder / "t.db.models").iterdir())
    done, found, failed = threading.Event(), Counter[int](), list[Any]()

    def load() -> None:
        texts = [f"the parcel {n}" for n in range(20)]
        while not done.is_set():
            for body in ({"text": "a parcel"}, {"texts": texts}):
                status, said = running.ask("POST", "/predict", body)
                if status == 200:
                    found[said["version"]] += 1
                else:
                    failed.append((status, said))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(12):
        versions.use(folder, 1 + turn % 2)
        time.sleep(0.7)
    done.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert failed == []
    assert min(found[1], found[2]) > 10


def test_who_sends_nothing_is_hung_up_on(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_connection(("127.0.0.1", running.port)) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-")
        slow.settimeout(PATIENCE)
        assert slow.recv(100) == b""
    assert running.ask("GET", "/healthz")[0] == 200


@pytest.mark.parametrize(
    ("request_", "answered"),
    [
        (
            b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
            [400],
        ),
        (b"GET /healthz HTTP/1.1\r\n\r\n", [400]),
        (b"GET /models/ HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n", [404]),
        (b"\x16\x03\x01\x02\x00", [400]),
    ],
    ids=["two ends", "no host", "slash", "TLS"],
)
def test_what_is_no_proper_request_is_refused_and_the_log_stays_json(
    running: Running, request_: bytes, answered: list[int]
) -> None:
    with socket.create_connection(("127.0.0.1", running.port)) as raw:
        raw.settimeout(PATIENCE)
        raw.sendall(request_)
        said = b"".join(iter(lambda: raw.recv(65536), b""))  # until it is closed
    assert [int(one) for one in re.findall(rb"HTTP/1.1 ([0-9]+)", said)] == answered
    lines = (running.folder / "serve.log").read_text().splitlines()[1:]
    assert all(json.loads(one) for one in lines)


_SCHEMATHESIS = os.environ.get("SCHEMATHESIS") or shutil.which("schemathesis")
"""The program, of the extra contract; the variable names that of another environment."""

_VARIED = 8
"""Endpoints of which there are as many cases as are wanted; of the others there are few."""


@pytest.mark.timeout(3600)
@pytest.mark.skipif(_SCHEMATHESIS is None, reason="needs schemathesis (extra contract)")
def test_the_service_keeps_to_its_own_description(running: Running) -> None:
    cases = int(os.environ.get("TXTAL_TEST_CASES", "160"))
    ran = subprocess.run(
        [
            *(str(_SCHEMATHESIS), "run", f"http://127.0.0.1:{running.port}/openapi.json"),
            *("-H", f"Authorization: Bearer {running.token}"),
            *("-n", str(-(-cases // _VARIED)), "--seed", "1"),
            *("--phases", "fuzzing,stateful", "--exclude-path-regex", "^/(train|drift)$"),
            *("--checks", "not_a_server_error,status_code_conformance,content_type_conformance"),
        ],
        cwd=running.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    found = re.search(r"([0-9,]+) generated", ran.stdout)
    assert found, ran.stdout[-3000:]
    assert int(found[1].replace(",", "")) >= cases
    lines = (running.folder / "serve.log").read_text("utf-8").splitlines()
    statuses = Counter(json.loads(line).get("status") for line in lines if line[:1] == "{")
    print(ran.stdout[-600:], dict(statuses))
    assert statuses[404] < sum(statuses.values()) / 10  # else the names of datasets are guessed
    assert statuses[200] + statuses[201] + statuses[204] > sum(statuses.values()) / 10

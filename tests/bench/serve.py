"""Requests a second of ``POST /predict``, beside a bare starlette application with the same model.

    python -m tests.bench.serve --seconds 5

Both are processes of their own, run by the same uvicorn with the same protocol, and get the same
requests in turn: one short text each, over so many connections that are kept open. The bare
application reads the JSON, calls ``Classifier.predict`` where the request arrives, and writes what
it says: no token, no checks, no counts, no log. What asks them is a process too, and all three
share the machine's cores: ``--wrk`` has wrk ask, which takes little of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

import txtal
from tests.bench.common import ROOT, emit, parser
from txtal.store import schema, tokens

BARE = """
import socket, sys
import orjson, uvicorn
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from txtal.classifier import load
from txtal.service.run import ImpatientProtocol

classifier = load(Path(sys.argv[1]))
classifier.predict(["warm up"])

async def predict(request):
    said = classifier.predict([orjson.loads(await request.body())["text"]])
    body = [{"labels": one.labels, "probabilities": one.probabilities} for one in said]
    return Response(orjson.dumps({"predictions": body}), media_type="application/json")

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], file=sys.stderr, flush=True)
app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
config = uvicorn.Config(app, log_config=None, access_log=False, http=ImpatientProtocol)
uvicorn.Server(config).run(sockets=[listening])
"""

TEXTS = ["Where is my parcel? It was to come on Monday.", "Lovely shop, thank you all!"]


def main() -> None:
    command = parser(__doc__)
    command.add_argument("--seconds", type=float, default=5.0, help="of each turn")
    command.add_argument("--rounds", type=int, default=5)
    command.add_argument("--connections", type=int, default=16)
    command.add_argument("--wrk", action="store_true", help="ask with wrk, which has to be there")
    args = command.parse_args()
    ask = _wrk if args.wrk else _load
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "t.db"
        token = _prepare(path)
        folder = next(path.with_name("t.db.models").iterdir()) / "1"
        served = ["-m", "txtal", "--db", str(path), "serve", "shop", "--port", "0"]
        costs: dict[str, list[float]] = {"txtal serve": [], "bare starlette": []}
        rates: dict[str, list[float]] = {"txtal serve": [], "bare starlette": []}
        with (
            _process(served, path) as ours,
            _process(["-c", BARE, str(folder)], path) as bare,
        ):
            for port, _ in (ours, bare):
                ask(port, token, 1.0, args.connections)
            for _ in range(args.rounds):
                for label, (port, process) in (("txtal serve", ours), ("bare starlette", bare)):
                    before = sum(process.cpu_times()[:2])
                    rate = ask(port, token, args.seconds, args.connections)
                    rates[label].append(rate)
                    spent = sum(process.cpu_times()[:2]) - before
                    costs[label].append(1e6 * spent / (rate * args.seconds))
    found = {label: statistics.median(values) for label, values in rates.items()}
    ratios = [a / b for a, b in zip(*rates.values(), strict=True)]
    spent = {label: statistics.median(values) for label, values in costs.items()}
    rows = [
        {
            "server": label,
            "requests a second": round(rate),
            "microseconds of the processor a request": round(spent[label]),
        }
        for label, rate in found.items()
    ]
    ratio = round(statistics.median(ratios), 2)
    of_processor = round(spent["bare starlette"] / spent["txtal serve"], 2)
    told = {"rates": rows, "ratio": ratio, "ratio of the processor": of_processor}
    emit("serve", told, as_json=args.json)


def _prepare(path: Path) -> str:
    """Make a dataset with a model of lexical and static vectors. Returns a token."""
    lines = (ROOT / "sample_data" / "feedback_labelled.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    labels = sorted({row["label"] for row in rows})
    shop = txtal.open(path, create=True).create("shop", labels)
    by_text = {row["text"]: row["label"] for row in rows}
    shop.add(by_text)
    with shop.session("ann", model=False) as session:
        for asked in session:
            session.answer(by_text[asked.text])
    shop.train(vectors="lexical+static@en")
    conn = schema.open_database(path)
    made = tokens.add(conn, "bench", ["predict"], None)
    conn.close()
    return made


@contextmanager
def _process(words: list[str], path: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Start a server and yield its port, which it says on standard error, and its process."""
    environment = {**os.environ, "TXTAL_LOG": str(path.with_name("log")), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, *words], stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        port = int("".join(one for one in said.partition(";")[0].split(":")[-1] if one.isdigit()))
        drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        try:
            yield port, psutil.Process(process.pid)
        finally:
            process.kill()
            drain.kill()
            drain.wait()


WRK = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {token}"
wrk.body = [[{body}]]
done = function(summary, latency, requests)
  local e = summary.errors
  local wrong = e.connect + e.read + e.write + e.status + e.timeout
  io.write("rate ", summary.requests / summary.duration * 1e6, " wrong ", wrong, "\\n")
end
"""


def _wrk(port: int, token: str, seconds: float, connections: int) -> float:
    """Return the requests a second of wrk. Raises RuntimeError where some were not answered."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK.format(token=token, body=json.dumps({"text": TEXTS[0]})))
        script.flush()
        ran = subprocess.run(
            [
                *(
                    "wrk",
                    "-t1",
                    "--timeout",
                    "60s",
                    f"-c{connections}",
                    f"-d{max(1, round(seconds))}s",
                ),
                *("-s", script.name, f"http://127.0.0.1:{port}/predict"),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    _, rate, _, wrong = ran.stdout.splitlines()[-1].split()
    if int(wrong):
        raise RuntimeError(ran.stdout)
    return float(rate)


def _load(port: int, token: str, seconds: float, connections: int) -> float:
    return asyncio.run(_load_with(port, token, seconds, connections))


async def _load_with(port: int, token: str, seconds: float, connections: int) -> float:
    """Return the requests a second that were answered with 200."""
    end = time.perf_counter() + seconds
    began = time.perf_counter()
    counts = await asyncio.gather(*(_ask(port, token, end, n) for n in range(connections)))
    return sum(counts) / (time.perf_counter() - began)


async def _ask(port: int, token: str, end: float, number: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"text": TEXTS[number % len(TEXTS)]}).encode()
    request = (
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer " + token.encode() + b"\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )
    done = 0
    while time.perf_counter() < end:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        done += 1
    writer.close()
    return done


if __name__ == "__main__":
    main()

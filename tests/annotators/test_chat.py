"""The commands that come with txtal, against a server that speaks the protocol, and badly."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driving import Program, until
from txtal.annotators.command import words_of
from txtal.recipes.recipe import shipped_folder

TICKET = {
    "id": 7,
    "text": "my money back",
    "task": "exclusive",
    "labels": [{"name": "refund", "description": "wants money"}, {"name": "o", "description": ""}],
    "examples": [{"text": "hello", "label": "o"}],
}
KEY = "sk-not-a-real-key"


class Chat(BaseHTTPRequestHandler):
    """Answers by what the model is called."""

    seen: list[dict[str, Any]] = []  # noqa: RUF012 - of one test each

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).seen.append({"body": body, "key": self.headers.get("Authorization")})
        first = len(type(self).seen) == 1
        kind = body["model"]
        if kind == "busy" and first:
            self.send_response(429)
            self.send_header("Retry-After", "0")
            self.end_headers()
            return
        if kind == "refuses":
            self.send_error(401)
            return
        if kind == "hangs":
            type(self).waiting.wait(20)
            return
        said = {"label": "refund", "confidence": 0.8, "reason": "money"}
        content = (
            f"Sure! {json.dumps(said)} I hope it helps." if kind != "chatty" else "It's a refund."
        )
        reply = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
        if kind == "nonsense":
            reply = b"<html>"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(reply)

    waiting = threading.Event()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Chat.seen, Chat.waiting = [], threading.Event()
    made = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}/v1"
    Chat.waiting.set()
    made.shutdown()
    made.server_close()


def ask(command: str, *more: str) -> dict[str, Any]:
    ran = subprocess.run(
        [*words_of(command), *more],
        input=json.dumps(TICKET) + "\n",
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OPENAI_API_KEY": KEY, "no_proxy": "*"},
        timeout=60,
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("kind", ["good", "busy"])
def test_a_label_comes_back(server: str, kind: str) -> None:
    found = ask("txtal:openai-compatible", "--url", server, "--model", kind)
    assert found == {"id": 7, "label": "refund", "confidence": 0.8, "reason": "money"}
    sent = Chat.seen[-1]
    assert sent["key"] == f"Bearer {KEY}"
    prompt = sent["body"]["messages"][0]["content"]
    assert "- refund: wants money" in prompt
    assert "'hello' has the label 'o'" in prompt
    assert len(Chat.seen) == (2 if kind == "busy" else 1)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("refuses", "the server answered 401"),
        ("nonsense", "the server's answer isn't a chat completion"),
        ("chatty", "no JSON in the reply"),
    ],
)
def test_what_is_no_answer_abstains(server: str, kind: str, reason: str) -> None:
    found = ask("txtal:local-server", "--url", server, "--model", kind)
    assert found == {"id": 7, "label": None, "reason": reason}
    assert Chat.seen[0]["key"] is None


def test_a_server_that_hangs_is_tried_again_and_given_up(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shipped_folder() / "suggest"
    chat = runpy.run_path(str(folder / "chat.py"))
    asked = chat["asked"]
    monkeypatch.setitem(asked.__globals__, "WAIT", 0.0)
    options = chat["options"](None).parse_args(["--url", server, "--model", "hangs"])
    options.timeout = 0.2
    assert asked(options, "", TICKET)["label"] is None
    assert len(Chat.seen) == 5


def test_a_zero_shot_classifier_is_asked_by_descriptions() -> None:
    folder = shipped_folder() / "suggest"
    sys.path.insert(0, str(folder))
    try:
        labelled = runpy.run_path(str(folder / "zero_shot.py"))["labelled"]
    finally:
        sys.path.remove(str(folder))

    def classify(text: str, names: list[str], *, multi_label: bool) -> dict[str, Any]:
        assert (text, names) == ("my money back", ["wants money", "o"])
        return {"labels": ["wants money", "o"], "scores": [0.7, 0.3]}

    assert labelled(classify, TICKET, 0.5) == {"label": "refund", "confidence": 0.7}
    several = {**TICKET, "task": "multilabel"}
    assert labelled(classify, several, 0.5) == {"labels": ["refund"]}


def test_the_key_is_stored_nowhere(server: str, tmp_path: Path) -> None:
    txtal = Program(tmp_path, {"OPENAI_API_KEY": KEY, "no_proxy": "*"})
    rows = [{"text": f"money {n}"} for n in range(12)]
    line = f"txtal:openai-compatible --url {server} --model good"
    path = txtal.file("a.jsonl", rows)
    txtal.quick.ok("load", "d", path)

    from tests.cli.terminal import Terminal

    words = ("teach", "d", "-l", "refund,o", "-s", "random", "--suggest", line)
    terminal = Terminal(txtal, *words, "--vectors", "lexical", "--audit", "0")
    terminal.wait("0 of 12")
    until(lambda: len(Chat.seen) >= 12, "it was asked for all")
    terminal.answer("1", 1)
    terminal.wait("openai-compatible")
    terminal.send("q")
    assert terminal.end() == 0
    for file in txtal.folder.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes()
    found = txtal.json("rules", "d", "--json")[0]
    assert found["votes"] == 12

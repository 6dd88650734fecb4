"""Hooks: each thing that happens is told at least once, or is on the list of what was given up."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import txtal
from tests.service.serving import make
from txtal.api.database import LabelledDataset
from txtal.cli.options import hooks_given
from txtal.errors import UsageError
from txtal.hooks import courier, starting, targets, trust
from txtal.hooks.courier import Manner
from txtal.store import outbox, schema
from txtal.store.sqlite import Connection


@dataclass
class Receiver:
    """A server that notes what it is told, and answers as a test says."""

    url: str
    status: int = 200
    hang: threading.Event | None = None
    told: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.bodies.append(body)
            found.told.append(json.loads(body))
            found.headers.append({key.lower(): value for key, value in self.headers.items()})
            if found.hang is not None:
                found.hang.wait(30)
            self.send_response(found.status)
            self.send_header("Location", f"{found.url}elsewhere")
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"http://127.0.0.1:{server.server_address[1]}/")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    if found.hang is not None:
        found.hang.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(tmp_path: Path) -> LabelledDataset:
    make(tmp_path / "t.db")
    return txtal.open(tmp_path / "t.db")["shop"]


@pytest.fixture
def conn(shop: LabelledDataset) -> Iterator[Connection]:
    with closing(schema.open_database(shop.path)) as opened:
        yield opened


def hook(conn: Connection, shop: LabelledDataset, **given: str) -> None:
    starting.keep(conn, shop.path, 1, given)


def label(shop: LabelledDataset, count: int = 1) -> None:
    with shop.session("ann", model=False) as session:
        for _ in range(count):
            assert session.ask()
            session.answer("praise")


def due_now(conn: Connection) -> None:
    conn.execute("UPDATE outbox SET due = 0 WHERE dead = 0")


def test_an_answer_and_its_undo_are_told_in_names_and_signed(
    shop: LabelledDataset, conn: Connection, receiver: Receiver
) -> None:
    hook(conn, shop, answer=receiver.url)
    with shop.session("ann", model=False) as session:
        asked = session.ask()
        assert asked is not None
        session.answer("praise")
        session.undo()
    assert courier.deliver_due(shop.path) == 2
    given, undone = receiver.told
    assert given["event"] == "answer"
    assert given["dataset"] == "shop"
    assert given["answer"]["labels"] == ["praise"]
    assert given["answer"]["text"] == asked.text
    assert undone["answer"]["undoes"] == given["answer"]["id"]
    secret = outbox.hooks(conn)[0].secret
    headers = receiver.headers[0]
    assert headers["x-txtal-signature"] == targets.signature(
        secret, headers["x-txtal-timestamp"], receiver.bodies[0]
    )
    assert outbox.every(conn) == []


def test_nothing_is_noted_without_a_hook_or_by_a_refused_answer(
    shop: LabelledDataset, conn: Connection
) -> None:
    label(shop)
    assert outbox.every(conn) == []
    hook(conn, shop, answer="true")
    with shop.session("ann", model=False) as session:
        assert session.ask()
        with pytest.raises(UsageError):
            session.answer("nope")
    assert outbox.every(conn) == []


def test_a_receiver_that_is_wrong_is_tried_again_and_then_given_up(
    shop: LabelledDataset, conn: Connection, receiver: Receiver
) -> None:
    hook(conn, shop, answer=receiver.url)
    label(shop)
    receiver.status = 500
    for tries in range(1, len(courier.PAUSES) + 2):
        assert courier.deliver_due(shop.path) == 0
        (waiting,) = outbox.every(conn)
        assert (waiting.tries, waiting.error) == (tries, "it answered with status 500")
        assert courier.deliver_due(shop.path) == 0  # it isn't due yet
        due_now(conn)
    assert len(receiver.told) == len(courier.PAUSES) + 1
    assert outbox.every(conn, dead=True) == [waiting]
    receiver.status = 204
    assert outbox.retry(conn) == 1
    assert courier.deliver_due(shop.path) == 1
    assert len({one["delivery"] for one in receiver.told}) == 1


def test_a_receiver_that_is_down_or_slow_holds_up_no_answer(
    shop: LabelledDataset,
    conn: Connection,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(targets, "URL_SECONDS", 0.2)
    receiver.hang = threading.Event()
    hook(conn, shop, answer=receiver.url)
    label(shop, 3)  # nothing is delivered by whoever answers
    assert receiver.told == []
    assert courier.deliver_due(shop.path) == 0
    assert {one.error for one in outbox.every(conn)} == {"no answer in 0.2 s"}
    hook(conn, shop, answer="http://127.0.0.1:9/")
    due_now(conn)
    assert courier.deliver_due(shop.path) == 0
    assert all("can't be reached" in one.error for one in outbox.every(conn))
    receiver.hang.set()
    hook(conn, shop, answer=receiver.url)
    due_now(conn)
    assert courier.deliver_due(shop.path) == 3


@pytest.fixture
def trickling() -> Iterator[str]:
    """A server that sends a header of its answer now and then, and never the last."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            with suppress(OSError):
                while not over.wait(0.02):
                    self.send_header("X-More", "to come")
                    self.flush_headers()

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    over.set()
    server.shutdown()
    server.server_close()


def test_a_receiver_that_answers_bit_by_bit_has_no_more_time_than_others(
    shop: LabelledDataset, conn: Connection, trickling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "URL_SECONDS", 0.2)
    hook(conn, shop, answer=trickling)
    label(shop)
    assert courier.deliver_due(shop.path) == 0
    assert {one.error for one in outbox.every(conn)} == {"no answer in 0.2 s"}


def test_a_receiver_that_is_slow_does_not_hold_up_another_hook(
    shop: LabelledDataset, conn: Connection, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "SLOW_SECONDS", -1.0)
    hook(conn, shop, answer="http://127.0.0.1:9/", stop=receiver.url)
    label(shop, 3)
    outbox.note(conn, 1, "stop", {"why": "enough"})
    assert courier.deliver_due(shop.path) == 1
    assert [one["event"] for one in receiver.told] == ["stop"]
    assert sorted(one.tries for one in outbox.every(conn)) == [0, 0, 1]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import time; time.sleep(60)", "it took longer than 0.5 s"),
        (
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
            "it took longer than 0.5 s",
        ),
        ("import os, time; os.close(0); time.sleep(60)", "it took longer than 0.5 s"),
        ("print('x' * 9_000_000)", ""),
        ("import sys; sys.exit(3)", "it ended with exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "it ended with exit code -9"),
    ],
    ids=["hangs", "ignores SIGTERM", "closes its input", "says much", "fails", "is killed"],
)
def test_a_command_that_is_no_good_is_noted_and_ended(
    shop: LabelledDataset,
    conn: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    error: str,
) -> None:
    monkeypatch.setattr(targets, "COMMAND_SECONDS", 0.5 if "took" in error else 60.0)
    script = tmp_path / "bad.py"
    script.write_text(code)
    hook(conn, shop, answer=f"{sys.executable} {script}")
    label(shop)
    assert courier.deliver_due(shop.path) == (not error)
    assert [one.error for one in outbox.every(conn)] == ([error] if error else [])


def test_no_redirect_is_followed(
    shop: LabelledDataset, conn: Connection, receiver: Receiver
) -> None:
    hook(conn, shop, answer=receiver.url)
    label(shop)
    receiver.status = 302
    assert courier.deliver_due(shop.path) == 0
    assert len(receiver.told) == 1


def test_a_courier_that_is_killed_leaves_it_to_the_next(
    shop: LabelledDataset, conn: Connection, receiver: Receiver
) -> None:
    hook(conn, shop, answer=receiver.url)
    label(shop)
    assert outbox.claim(conn, outbox.hooks(conn), 60.0) is not None  # and nothing comes of it
    assert courier.deliver_due(shop.path) == 0
    due_now(conn)
    assert courier.deliver_due(shop.path) == 1


def test_a_command_gets_the_body_and_its_exit_code_counts(
    shop: LabelledDataset, conn: Connection, tmp_path: Path
) -> None:
    script = tmp_path / "told.py"
    script.write_text(
        "import os, sys\n"
        f"open({str(tmp_path / 'told')!r}, 'a').write(sys.stdin.read() + '\\n')\n"
        "signed = len(os.environ['TXTAL_SIGNATURE']) == 64\n"
        "sys.exit(os.environ['TXTAL_EVENT'] != 'answer' or not signed)"
    )
    hook(conn, shop, answer=f"{sys.executable} {script}")
    label(shop, 2)
    assert courier.deliver_due(shop.path) == 2
    told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    assert [one["answer"]["annotator"] for one in told] == ["ann", "ann"]
    hook(conn, shop, answer="false")
    label(shop)
    assert courier.deliver_due(shop.path) == 0
    assert outbox.every(conn)[0].error == "it ended with exit code 1"
    hook(conn, shop, answer="/no/such/command")
    due_now(conn)
    courier.deliver_due(shop.path)
    assert outbox.every(conn)[0].error == "/no/such/command: No such file or directory"


def test_a_new_version_a_reason_to_stop_and_drift_are_told(
    shop: LabelledDataset, conn: Connection, receiver: Receiver
) -> None:
    hook(conn, shop, train=receiver.url, stop=receiver.url, drift=receiver.url)
    with shop.session("ann", model=False) as session:
        for asked in session:
            session.answer("delivery" if "parcel" in asked.text else "praise")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("txtal.hooks.starting.send_now", lambda database: None)
        shop.train(vectors="lexical")
        starting.tell(shop.path, "shop", "drift", {"noticed": True})
    outbox.note(conn, 1, "stop", {"reason": "gain"})
    assert courier.deliver_due(shop.path) == 3
    told = {one["event"]: one for one in receiver.told}
    assert told["train"]["train"]["version"] == 1
    assert told["stop"]["stop"] == {"reason": "gain"}
    assert told["drift"]["drift"] == {"noticed": True}


def test_where_there_is_no_such_hook_nothing_is_written(
    shop: LabelledDataset, conn: Connection
) -> None:
    hook(conn, shop, answer="true")
    before = conn.execute("PRAGMA data_version").fetchone()
    starting.tell(shop.path, "shop", "drift", {"noticed": True})
    assert conn.execute("PRAGMA data_version").fetchone() == before
    assert outbox.every(conn) == []


def test_a_database_from_elsewhere_runs_nothing(
    shop: LabelledDataset, conn: Connection, tmp_path: Path
) -> None:
    outbox.keep_hook(conn, 1, "answer", f"touch {tmp_path / 'ran'}")
    label(shop)
    assert courier.deliver_due(shop.path) == 0
    assert not (tmp_path / "ran").exists()
    assert outbox.every(conn)[0].tries == 0  # it waits for somebody who has confirmed it
    trust.trust(shop.path, outbox.hooks(conn))
    assert courier.deliver_due(shop.path) == 1
    assert (tmp_path / "ran").exists()
    outbox.keep_hook(conn, 1, "answer", f"touch {tmp_path / 'other'}")
    label(shop)
    assert courier.deliver_due(shop.path) == 0


def test_a_forgotten_ticket_is_told_to_nobody(
    shop: LabelledDataset, conn: Connection, receiver: Receiver
) -> None:
    from txtal.store import datasets, upkeep

    hook(conn, shop, answer=receiver.url)
    label(shop)
    ticket = conn.execute("SELECT ticket_id FROM answer").fetchone()[0]
    upkeep.forget(conn, shop.path, datasets.get(conn, "shop"), [ticket], again=False)
    assert courier.deliver_due(shop.path) == 0
    assert receiver.told == []
    assert outbox.every(conn) == []


def test_a_dataset_that_is_dropped_takes_its_hooks_along(
    shop: LabelledDataset, conn: Connection
) -> None:
    from txtal.store import upkeep

    hook(conn, shop, answer="true")
    label(shop)
    upkeep.drop(conn, shop.path, "shop")
    assert (outbox.hooks(conn), outbox.every(conn)) == ([], [])


@pytest.mark.parametrize(
    "target",
    ["ftp://example.org/", "http://", "http:// a/", "http://[", "a 'b", "http://a/\nb", "a\0"],
)
def test_what_is_no_target_is_refused(shop: LabelledDataset, conn: Connection, target: str) -> None:
    with pytest.raises(UsageError):
        hook(conn, shop, answer=target)
    assert outbox.hooks(conn) == []


def test_the_courier_stays_for_what_is_due_soon_and_no_longer(
    shop: LabelledDataset, conn: Connection
) -> None:
    hook(conn, shop, answer="true")
    label(shop)
    tried: list[str] = []

    def refuse(target: str, parcel: targets.Parcel) -> None:
        tried.append(target)
        raise targets.DeliveryError("down")

    manner = Manner(pauses=(5.0, 100.0), sleep=lambda _: due_now(conn), deliver=refuse)
    courier.work(shop.path, lambda: False, manner)
    assert len(tried) == 2  # after the second, the next is too far off
    assert outbox.every(conn)[0].tries == 2


def test_options_that_are_not_given_change_nothing() -> None:
    assert hooks_given({"on_answer": None, "on_train": "", "on_stop": "x", "on_drift": None}) == {
        "train": "",
        "stop": "x",
    }


def test_of_two_couriers_at_once_one_gets_a_delivery(
    shop: LabelledDataset, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(conn, shop, train="https://example.org/")
    outbox.note(conn, 1, "train", {"version": 1})
    outbox.note(conn, 1, "train", {"version": 2})
    hooks = outbox.hooks(conn)
    taken = []
    usual = outbox.transaction

    def meanwhile(writing: Connection) -> AbstractContextManager[None]:
        """Let another courier claim, between the look and the claim of the first."""
        monkeypatch.setattr(outbox, "transaction", usual)
        with closing(schema.open_database(shop.path)) as other:
            taken.append(outbox.claim(other, hooks, 60))
        return usual(writing)

    monkeypatch.setattr(outbox, "transaction", meanwhile)
    taken.append(outbox.claim(conn, hooks, 60))
    assert len({one.id for one in taken if one is not None}) == 2

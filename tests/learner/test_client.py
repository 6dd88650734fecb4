"""The client's promises, kept against processes that crash, hang and talk nonsense."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from txtal.learner import protocol
from txtal.learner.client import LearnerProcess, Upkeep
from txtal.types import (
    Advice,
    Advised,
    Estimate,
    Explanation,
    LearnerSettings,
    LearnerStatus,
    Ranked,
    Ranking,
    Revision,
    serialise,
)

RANKING = Ranking(
    Revision(3, 7, 0.5, "lexical@en", "margin", Estimate(10, 0.5, 0.3, 0.7), "note"),
    (Ranked(1, (2,), ((2, 0.7), (1, 0.3)), "margin", 0.25, 1.0),),
    (Ranked(2, reason="audit", selection_probability=0.1),),
)

STUB = f"""\
import json, sys, time
print("a library's banner", flush=True)
LINE = {protocol.dump_message(RANKING)!r}
for number, poke in enumerate(sys.stdin):
    newest = json.loads(poke)["newest"]
    BODY
"""
ANSWER = "print(LINE, flush=True)"
CRASH = "sys.exit(3)"
HANG = "time.sleep(600)"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


Make = Callable[[str], LearnerProcess]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def news() -> threading.Semaphore:
    return threading.Semaphore(0)


@pytest.fixture
def make(tmp_path: Path, clock: Clock, news: threading.Semaphore) -> Iterator[Make]:
    made: list[LearnerProcess] = []

    def start(body: str) -> LearnerProcess:
        script = tmp_path / "stub.py"
        script.write_text(STUB.replace("BODY", body))
        learner = LearnerProcess(
            tmp_path / "x.db",
            "d",
            LearnerSettings(),
            log=tmp_path / "log",
            upkeep=Upkeep((sys.executable, str(script)), (1.0, 2.0), 60.0, clock),
        )
        learner.wake(news.release)
        made.append(learner)
        learner.start()
        return learner

    yield start
    for learner in made:
        learner.close()


def wait(news: threading.Semaphore) -> None:
    assert news.acquire(timeout=60), "the learner's process said nothing"


@pytest.mark.parametrize(
    "message",
    [
        RANKING,
        LearnerStatus("vectorising", "", 0.5),
        LearnerStatus("failed", "why"),
        protocol.Notice("the scheduler is gone"),
    ],
)
def test_messages_cross_the_pipe(message: protocol.Message) -> None:
    assert protocol.load_message(protocol.dump_message(message)) == message


def test_a_ranking_that_an_older_version_stored_is_read() -> None:
    body = json.loads(serialise.dump_ranking(RANKING))
    body["revision"]["audit"] = body["revision"].pop("headline")
    assert serialise.load_ranking(json.dumps(body)) == RANKING


def test_jobs_and_pokes_cross_the_pipe(tmp_path: Path) -> None:
    settings = LearnerSettings(strategy="entropy", code="r.py")
    job = protocol.dump_job(tmp_path, "ünïcode", settings)
    assert protocol.load_job(job) == (tmp_path, "ünïcode", settings)
    assert protocol.load_request(protocol.dump_poke(12)) == protocol.Request(12)
    asked = protocol.load_request(protocol.dump_gather(7))
    assert (asked.ticket_id, asked.label) == (7, 0)
    asked = protocol.load_request(protocol.dump_explain(7, 2))
    assert asked == protocol.Request(ticket_id=7, label=2)
    told = Explanation(7, 2, (("späť", 0.5), ("no", -1.0)))
    assert protocol.load_message(protocol.dump_message(told)) == told
    asked = protocol.load_request(protocol.dump_advise())
    assert asked == protocol.Request(advise=True)
    assert asked.waited_for
    remark = Advice("merge", ("späť", "b"), "why", (3, 4), "txtal label merge d späť b")
    advised = Advised((remark,), {3: "Žltý", 4: "two"}, 12)
    assert protocol.load_message(protocol.dump_message(advised)) == advised


def test_a_poke_brings_a_ranking(make: Make, news: threading.Semaphore) -> None:
    learner = make(ANSWER)
    assert learner.poll() is None
    learner.poke(7)
    wait(news)
    assert learner.poll() == RANKING
    assert learner.poll() is None


def test_pokes_during_a_fit_collapse_into_one(make: Make, news: threading.Semaphore) -> None:
    learner = make(
        "print(json.dumps({'state': 'ready', 'detail': str(newest), 'progress': None}),"
        " flush=True); print(LINE, flush=True)"
    )
    for newest in range(1, 51):
        learner.poke(newest)
    seen = []
    for _ in range(4):  # two messages for the first poke, two for the last
        wait(news)
        learner.poll()
        seen.append(learner.status.detail)
    assert seen[0] == "1"
    assert seen[-1] == "50"
    assert not news.acquire(blocking=False)


def test_tickets_that_come_during_a_fit_are_looked_at_after_it(
    make: Make, news: threading.Semaphore
) -> None:
    learner = make(ANSWER)
    learner.poke(7)
    learner.poke(7)  # no new answer, but something else is
    for _ in range(2):
        wait(news)
        learner.poll()
    assert not news.acquire(blocking=False)


def test_a_ranking_that_nobody_asked_for_is_taken(make: Make, news: threading.Semaphore) -> None:
    learner = make("print(LINE, flush=True); print(LINE, flush=True)")
    learner.poke(7)
    rankings = []
    for _ in range(2):
        wait(news)
        rankings.append(learner.poll())
    assert RANKING in rankings
    assert not news.acquire(blocking=False)


def test_a_crash_is_survived_and_the_poke_repeated(
    make: Make, news: threading.Semaphore, clock: Clock, tmp_path: Path
) -> None:
    learner = make(CRASH)
    learner.poke(7)
    wait(news)
    learner.poll()
    assert learner.status == LearnerStatus("restarting", "training stopped (exit code 3)")
    (tmp_path / "stub.py").write_text(STUB.replace("BODY", ANSWER))
    learner.poll()
    assert learner.pid is None  # not before its time
    clock.now += 1.0
    learner.poll()
    wait(news)
    assert learner.poll() == RANKING


def test_it_is_given_up_after_the_last_restart(
    make: Make, news: threading.Semaphore, clock: Clock
) -> None:
    learner = make(CRASH)
    for newest in range(3):
        learner.poke(newest)
        wait(news)
        learner.poll()
        clock.now += 10
        learner.poll()
    assert learner.status.state == "failed"
    assert "given up" in learner.status.detail
    learner.poke(9)
    assert learner.poll() is None
    assert learner.pid is None


def test_a_hung_process_is_killed_and_restarted(
    make: Make, news: threading.Semaphore, clock: Clock
) -> None:
    learner = make(HANG)
    learner.poke(1)
    first = learner.pid
    clock.now += 61
    learner.poll()
    wait(news)
    learner.poll()
    assert learner.status.state == "restarting"
    clock.now += 1
    learner.poll()
    assert learner.pid not in (None, first)


def test_an_idle_process_is_never_taken_for_hung(
    make: Make, news: threading.Semaphore, clock: Clock
) -> None:
    learner = make(ANSWER)
    learner.poke(1)
    wait(news)
    learner.poll()
    pid = learner.pid
    clock.now += 3600
    learner.poll()
    assert learner.pid == pid


def test_killed_from_outside(make: Make, news: threading.Semaphore, clock: Clock) -> None:
    import os
    import signal

    learner = make(ANSWER)
    assert learner.pid is not None
    os.kill(learner.pid, signal.SIGKILL)
    wait(news)
    learner.poke(5)
    learner.poll()
    assert learner.status.state == "restarting"
    clock.now += 1
    learner.poll()
    wait(news)
    assert learner.poll() == RANKING


def test_close_ends_the_process_at_once(make: Make) -> None:
    learner = make(HANG)
    learner.poke(1)
    learner.close()
    assert learner.pid is None
    assert learner.poll() is None

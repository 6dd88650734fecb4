"""``python -m txtal.learner JOB``: a loop that reads pokes on stdin, writes messages on stdout."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, TextIO

from txtal import logs
from txtal.errors import TxtalError
from txtal.learner import protocol
from txtal.types import LearnerSettings, LearnerStatus

if TYPE_CHECKING:
    from txtal.learner.idle import Ranker

NICENESS = 10
"""The screen is served first where both want the same core."""


def main() -> None:
    """Work until the pipe closes. An unforeseen fault ends the process: the client restarts it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the screen's to handle
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    out = _claim_stdout()
    path, dataset, settings = protocol.load_job(sys.argv[1])
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(settings.compute.threads))
    # What a sentence model computes with: every core but the screen's.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) - 1)))
    requests: SimpleQueue[protocol.Request] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()

    one_at_a_time = threading.Lock()

    def send(message: protocol.Message) -> None:
        with one_at_a_time:
            out.write(protocol.dump_message(message) + "\n")
            out.flush()

    send(LearnerStatus("starting"))
    learner: Ranker | None = None
    while True:
        request = _latest(requests)
        try:
            if learner is None:
                learner = _made(path, dataset, settings, send)
            if request.advise:
                send(learner.advise())
            elif request.ticket_id and request.label:
                send(learner.explain(request.ticket_id, request.label))
            elif request.ticket_id:
                send(learner.gather(request.ticket_id))
            else:
                send(learner.rank(measure_later=True))
                send(LearnerStatus("ready"))
            while requests.empty() and learner.idle.work():
                if learner.outdated:
                    send(learner.rank(measure_later=True))
                    send(LearnerStatus("ready"))
        except TxtalError as error:
            send(LearnerStatus("failed", str(error)))
        except BrokenPipeError:
            return  # the screen is gone
        except Exception as error:
            if os.environ.get("TXTAL_DEBUG"):
                raise
            logs.record(error)  # Python itself would quote the message, and that perhaps a ticket
            raise SystemExit(1) from None


def _made(
    path: Path, dataset: str, settings: LearnerSettings, send: Callable[[protocol.Message], None]
) -> Ranker:
    """Make the learner that the settings want; here everything heavy is imported."""

    def tell(notice: str) -> None:
        send(protocol.Notice(notice))

    if settings.stream:
        from txtal.learner.stream import StreamLearner

        return StreamLearner(path, dataset, settings, send)
    from txtal.learner.pool import PoolLearner

    return PoolLearner(path, dataset, settings, send, tell=tell)


def _claim_stdout() -> TextIO:
    """Keep standard output for messages; whatever a recipe prints goes to the log instead."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # the screen ends this process by a kill
    return out


def _listen(requests: SimpleQueue[protocol.Request]) -> None:
    """Pass requests on; leave when the pipe closes, even in the middle of a fit."""
    with suppress(ValueError, KeyError, TypeError):  # what is none ends it, too
        for line in sys.stdin:
            requests.put(protocol.load_request(line))
    os._exit(0)


def _latest(requests: SimpleQueue[protocol.Request]) -> protocol.Request:
    """Wait for a poke and take every other that is there: the latest stands for all.

    Unless somebody is waiting for the answer to another question: the pokes can wait for that.
    """
    latest = requests.get()
    while not latest.waited_for and not requests.empty():
        request = requests.get()
        if request.waited_for:
            requests.put(latest)
        latest = request
    return latest


if __name__ == "__main__":
    main()

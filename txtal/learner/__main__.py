"""``python -m txtal.learner JOB``: the loop. Reads pokes on stdin, writes messages on stdout."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import TextIO

from txtal import logs
from txtal.errors import TxtalError
from txtal.learner import protocol
from txtal.session import LearnerStatus

NICENESS = 10
"""The screen is served first where both want the same core."""


def main() -> None:
    """Work until the pipe closes. An unforeseen fault ends the process: the client restarts it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the screen's to handle
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    out = _claim_stdout()
    path, dataset, settings = protocol.load_job(sys.argv[1])
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(settings.threads))
    # What a sentence model computes with: every core but the screen's.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) - 1)))
    pokes: SimpleQueue[int] = SimpleQueue()
    threading.Thread(target=_listen, args=(pokes,), daemon=True).start()

    def send(message: protocol.Message) -> None:
        out.write(protocol.dump_message(message) + "\n")
        out.flush()

    send(LearnerStatus("starting"))
    learner = None
    while True:
        _latest(pokes)
        try:
            if learner is None:
                from txtal.learner.learner import Learner

                learner = Learner(path, dataset, settings, send)
            send(learner.rank())
            send(LearnerStatus("ready", learner.chosen))
            while pokes.empty() and learner.tune():
                pass
        except TxtalError as error:
            send(LearnerStatus("failed", str(error)))
        except BrokenPipeError:
            return  # the screen is gone
        except Exception as error:
            if os.environ.get("TXTAL_DEBUG"):
                raise
            logs.record(error)  # Python itself would quote the message, and that perhaps a ticket
            raise SystemExit(1) from None


def _claim_stdout() -> TextIO:
    """Keep standard output for messages; whatever a recipe prints goes to the log instead."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def _listen(pokes: SimpleQueue[int]) -> None:
    """Pass pokes on; leave when the pipe closes, even in the middle of a fit."""
    with suppress(ValueError, KeyError, TypeError):  # what isn't a poke ends it, too
        for line in sys.stdin:
            pokes.put(protocol.load_poke(line))
    os._exit(0)


def _latest(pokes: SimpleQueue[int]) -> int:
    """Wait for a poke and take every other that is there: the latest stands for all."""
    newest = pokes.get()
    while not pokes.empty():
        newest = pokes.get()
    return newest


if __name__ == "__main__":
    main()

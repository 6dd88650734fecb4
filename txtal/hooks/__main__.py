"""``python -m txtal.hooks DATABASE``: deliver until standard input closes, and what is due soon."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from txtal import logs
from txtal.errors import TxtalError
from txtal.hooks import courier


def main() -> None:
    """Be a courier."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the session's to handle
    over = threading.Event()

    def listen() -> None:
        sys.stdin.buffer.read()
        over.set()

    threading.Thread(target=listen, daemon=True).start()
    try:
        courier.work(Path(sys.argv[1]), lambda: not over.is_set())
    except TxtalError as error:
        logs.record(error)
        raise SystemExit(error.exit_code) from None


main()

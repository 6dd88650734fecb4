"""``python -m txtal.ingest JOB``: load the file, tell how far it is, and end with the session."""

from __future__ import annotations

import os
import signal
import sys
import threading

from txtal import logs
from txtal.ingest import protocol
from txtal.ingest.background import load_behind
from txtal.types import Loading


def main() -> None:
    """Work until the file is loaded, or the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the screen's to handle
    threading.Thread(target=_listen, daemon=True).start()

    def tell(news: Loading) -> None:
        print(protocol.dump_news(news), flush=True)

    try:
        load_behind(protocol.load_job(sys.argv[1]), tell)
    except BrokenPipeError:
        os._exit(0)  # the screen is gone
    except Exception as error:
        if os.environ.get("TXTAL_DEBUG"):
            raise
        logs.record(error)  # Python itself would quote the message, and that perhaps a ticket
        raise SystemExit(1) from None


def _listen() -> None:
    """Leave when the pipe closes, even in the middle of a transaction: it counts for nothing."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()

"""``python -m txtal.ingest JOB``: load the file, tell how far it is, and end with the session."""

from __future__ import annotations

import sys

from txtal import logs, processes
from txtal.ingest import protocol
from txtal.ingest.background import load_behind
from txtal.types import Loading


def main() -> None:
    """Work until the file is loaded, or the pipe closes."""

    def tell(news: Loading) -> None:
        print(protocol.dump_news(news), flush=True)

    processes.run_behind(lambda: load_behind(protocol.load_job(sys.argv[1]), tell), logs.record)


if __name__ == "__main__":
    main()

"""``python -m txtal.annotators JOB``: have rules and a command vote, and end with the session."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from pathlib import Path

from txtal import logs, processes
from txtal.annotators import protocol
from txtal.annotators.applying import apply_rules
from txtal.annotators.protocol import AnnotatorJob
from txtal.annotators.rules import check_names, read_quota, read_rules
from txtal.annotators.suggesting import Suggesting
from txtal.errors import TxtalError
from txtal.store import datasets, schema, votes
from txtal.store.sqlite import foreseen

LOOK_SECONDS = 1.0
"""Between two looks at whether there is more to ask a command for."""


def main() -> None:
    """Work until all have voted, or the pipe closes."""
    processes.run_behind(_told_work, logs.record, _stop_commands)


def _told_work() -> None:
    try:
        _work(protocol.load_job(sys.argv[1]))
    except TxtalError as error:
        _tell(str(error))
    print(json.dumps({"done": True}), flush=True)


def _work(job: AnnotatorJob) -> None:
    path = Path(job.database)
    rules = [rule for file in job.rules for rule in read_rules(Path(file))]
    quota = read_quota(Path(job.patterns)) if job.patterns else []
    check_names([*quota, *rules])
    with closing(schema.open_database(path)) as conn, foreseen(path):
        dataset = datasets.get(conn, job.dataset)
        if job.patterns:
            votes.keep_patterns(conn, dataset.id, {rule.name for rule in quota})
        done = apply_rules(conn, path, dataset, [*quota, *rules])
        for name, note in done.notes.items():
            _tell(f"{name}: {note}")
        if job.command:
            suggesting = Suggesting(conn, path, dataset, job.command, job.budget, _tell)
            suggesting.begin()
            _suggesting.append(suggesting)
            suggesting.work(_look_again)


_suggesting: list[Suggesting] = []
"""Whose command is to be stopped when the session ends."""


def _look_again() -> bool:
    time.sleep(LOOK_SECONDS)
    return True


def _tell(said: str) -> None:
    print(json.dumps({"tell": said}), flush=True)


def _stop_commands() -> None:
    for one in _suggesting:
        one.command.close()


if __name__ == "__main__":
    main()

"""The log file: where the traceback of an unforeseen fault goes, and never a ticket's text."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from txtal.tempfiles import is_database, is_shared, rights


def path() -> Path:
    """The log file, made (mode 0600) with its folder if need be. ``TXTAL_LOG`` names another.

    The null device where it can't be written, is a database or a pipe that nobody reads.
    """
    named = os.environ.get("TXTAL_LOG")
    if named:
        file = Path(named)
    else:
        from platformdirs import user_log_path

        file = user_log_path("txtal", appauthor=False) / "txtal.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new = not file.exists()
        if is_database(file):
            return Path(os.devnull)
        never_waits = getattr(os, "O_NONBLOCK", 0)
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY | never_waits, 0o600))
        if new and is_shared(file.parent):  # several people's, by their own choice
            file.chmod(rights(file.parent))
    except OSError:
        return Path(os.devnull)
    return file


def record(error: BaseException) -> None:
    """Append the error's kind and where it happened.

    Its message is left out: it may quote a ticket.
    """
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    import traceback

    frames = "".join(traceback.format_tb(error.__traceback__))
    # A full disk or a log that can't be written must not become a second fault.
    with suppress(OSError), path().open("a", encoding="utf-8") as log:
        log.write(f"{stamp} {type(error).__module__}.{type(error).__qualname__}\n{frames}\n")


class Trouble:
    """What fails again and again in a loop that goes on: recorded once, until it works again."""

    def __init__(self) -> None:
        self._kind: type[Exception] | None = None

    @contextmanager
    def survived(self) -> Iterator[None]:
        """Record the block's error, unless the time before ended with one of the same kind."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the loop has to go on
            if type(error) is not self._kind:
                record(error)
            self._kind = type(error)
        else:
            self._kind = None

"""What an annotator chose of the screen's looks, kept from session to session beside the log."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from txtal import logs, tempfiles
from txtal.ui.modes import SIDES, Side


def _file() -> Path | None:
    """The file; None where nothing can be kept."""
    log = logs.path()
    return None if log == Path(os.devnull) else log.with_name("side")


def side() -> Side:
    """Return what stood beside the ticket last; the labels where that isn't known."""
    file, said = _file(), ""
    with suppress(OSError, ValueError):
        said = file.read_text("utf-8")[:20].strip() if file else ""
    return next((one for one in SIDES if one == said), SIDES[0])


def keep_side(chosen: Side) -> None:
    """Keep it for the next session, where that can be written."""
    file = _file()
    if file is not None and chosen != side():
        with suppress(OSError), tempfiles.replacing(file) as out:
            out.write(chosen.encode())

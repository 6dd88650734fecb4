"""A session in a process of its own: ``python -m tests.ui.child``."""

from __future__ import annotations

import sys

from tests.ui.fakes import make_session
from txtal.ui.app import run
from txtal.ui.display import Display

if __name__ == "__main__":
    sys.exit(run(make_session(), Display("feedback")))

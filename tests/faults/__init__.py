"""Faults that need real processes, disks and kills, and what drives them."""

import signal
from pathlib import Path

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where files are made that need not outlast the machine, which is fast."""


def end_in_order() -> None:
    """Let SIGTERM and SIGHUP end this process as ctrl-C does, so that it says how far it came."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:  # under nohup it is
            signal.signal(each, signal.default_int_handler)

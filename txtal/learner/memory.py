"""Memory that is free within the process, handed back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> None:
    """Return free memory to the system. Does nothing without glibc, which has the call.

    glibc keeps what lies below anything still in use: after a fit, some hundred megabytes.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)

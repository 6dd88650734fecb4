"""How many threads linear algebra has in a command."""

from __future__ import annotations

import os


def one_thread() -> None:
    """Give OpenBLAS one thread, unless the environment says otherwise.

    The arrays are small: threads that wait for each other took two to three times the processor's
    time of ``evaluate`` beside other work. It is read when numpy is imported, so call it before.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

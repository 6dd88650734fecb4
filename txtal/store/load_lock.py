"""Who is loading a file into a dataset behind a session: a lock that goes with its process."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from txtal.store import make_cache_folder
from txtal.tempfiles import rights


def loading_lock(database: Path, name: str) -> FileLock:
    """To be held while a file is loaded into the dataset whose caches are called ``name``."""
    folder = make_cache_folder(database)
    return FileLock(folder / f"{name}.loading", mode=rights(folder))


def is_loading(database: Path, name: str) -> bool:
    """Whether anybody holds it: soon there will be more tickets."""
    lock = loading_lock(database, name)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False  # where no lock can be made, nobody has made one
    lock.release()
    return False

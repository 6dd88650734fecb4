"""The SQLite file: the only truth of txtal.

Functions take an open connection and plain data. :mod:`.sqlite` opens it, :mod:`.schema` makes and
migrates it; ``datasets``, ``tickets``, ``answers`` and ``revisions`` each own their tables;
:class:`.ledger.StoreLedger` is what a session sees of all this.
"""

from pathlib import Path

from txtal.tempfiles import SHARED

DEFAULT_PATH = Path("txtal.db")
"""The database where none is named."""


def make_cache_folder(database: Path) -> Path:
    """Make the folder, shared with the database's group where the database is. Raises OSError."""
    folder = cache_folder(database)
    if not folder.is_dir():
        folder.mkdir(mode=0o700, exist_ok=True)
        if database.exists() and database.stat().st_mode & 0o060 == 0o060:
            folder.chmod(SHARED)
    return folder


def cache_folder(database: Path) -> Path:
    """Where the features of its tickets are kept; may be deleted at any time."""
    return database.with_name(f"{database.name}.cache")

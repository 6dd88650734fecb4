"""The SQLite file: the only truth of txtal.

Functions take an open connection and plain data. :mod:`.sqlite` opens it, :mod:`.schema` makes and
migrates it; ``datasets``, ``tickets``, ``answers`` and ``revisions`` each own their tables;
:class:`.ledger.Ledger` is what a session sees of all this.
"""

from pathlib import Path

DEFAULT_PATH = Path("txtal.db")
"""The database where none is named."""


def cache_folder(database: Path) -> Path:
    """Where the features of its tickets are kept; may be deleted at any time."""
    return database.with_name(f"{database.name}.cache")

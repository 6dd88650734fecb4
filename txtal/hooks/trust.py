"""Which hooks this user has confirmed. A database from elsewhere must not run commands here.

Nor may it send answers to an address that nobody here has named. So each hook is noted in a file of
the user's when it is given on the command line, and only those that are noted are delivered.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from txtal import tempfiles
from txtal.store.outbox import Hook

_VARIABLE = "TXTAL_HOOKS"
"""The environment variable that names another file."""


def trusted_file() -> Path:
    """Return where they are noted."""
    named = os.environ.get(_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_state_path

    return user_state_path("txtal", appauthor=False) / "hooks.json"


def trust(database: Path, hooks: Iterable[Hook]) -> None:
    """Note that the user wants these. Raises OSError."""
    file = trusted_file()
    known = _known(file) | {_mark(database, one) for one in hooks}
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfiles.replacing(file) as out:
        out.write(json.dumps(sorted(known)).encode())


def trusted(database: Path, hooks: Iterable[Hook]) -> list[Hook]:
    """Return those of the hooks that the user has confirmed for this database."""
    known = _known(trusted_file())
    return [one for one in hooks if _mark(database, one) in known]


def _known(file: Path) -> set[str]:
    try:
        said = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return set()
    return {one for one in said if isinstance(one, str)} if isinstance(said, list) else set()


def _mark(database: Path, hook: Hook) -> str:
    """Return what stands for a hook; its words aren't repeated in another file."""
    said = "\0".join((str(database.resolve()), hook.dataset, hook.event, hook.target))
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

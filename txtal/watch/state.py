"""What a watch remembers between two steps, in a file that is replaced as a whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from txtal import tempfiles
from txtal.errors import DataError


@dataclass(frozen=True, slots=True)
class State:
    """How far it is."""

    offset: int = 0
    """Bytes of the growing file that are taken in."""
    offset_wanted: int = 0
    """Up to where they are being taken in; equal when nothing is under way."""
    cursor: int = 0
    """The newest ticket of the queue that is taken in."""
    cursor_wanted: int = 0
    tried: int = 0
    """The newest row of the answer log at the last training, kept or not."""
    tried_at: float = 0.0


def read_state(file: Path) -> State:
    """Return what is remembered; of a new watch, nothing. Raises DataError for a damaged file."""
    try:
        said = json.loads(file.read_text("utf-8"))
        return State(**said)
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{file}: can't be read as the state of a watch; delete it to start over"
        ) from (error)


def write_state(file: Path, state: State) -> None:
    """Remember it, durably."""
    with tempfiles.replacing(file) as out:
        out.write(json.dumps(asdict(state)).encode())
    tempfiles.sync_folder(file.parent)

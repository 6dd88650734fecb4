"""Who answers where nobody is named."""

from __future__ import annotations

import getpass


def default_annotator() -> str:
    """Return the user's login name, or ``annotator`` where the system knows none."""
    try:
        return whole(getpass.getuser()) or "annotator"
    except (OSError, KeyError, ImportError):
        return "annotator"


def whole(name: str) -> str:
    """Return a name with U+FFFD for half characters, which can't be stored.

    A name in another encoding than the terminal's comes with some.
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()

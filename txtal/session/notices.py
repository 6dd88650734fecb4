"""Notices for the annotator, one at a time, and errors for the log."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from txtal.errors import TxtalError

_KEPT = 100


class Notices:
    """The newest notice, and what went wrong in a recipe or a stream."""

    def __init__(self) -> None:
        self.text = ""
        """Empty when there is nothing to tell."""
        self.warns = False
        """Whether it says that something went wrong."""
        self.kept: deque[str] = deque(maxlen=_KEPT)
        """Every notice of the session, the newest first."""
        self.errors: list[Exception] = []
        """Taken out by the shell, which logs them."""

    def tell(self, text: str, *, warns: bool = False) -> None:
        """Replace the current notice."""
        self.text, self.warns = text, warns and bool(text)
        if text and (not self.kept or self.kept[0] != text):
            self.kept.appendleft(text)

    def begin_with(self, said: Sequence[str]) -> None:
        """Keep what was printed before; show the first of it where there is nothing else to tell.

        That is how a file is read, if it had to be guessed.
        """
        self.kept.extend(reversed(said))
        self.text = self.text or next(iter(said), "")

    def recipe_failed(self, what: str, error: Exception, before: str = "") -> None:
        """Tell that a part of the recipe raised this, and keep it for the log."""
        self.errors.append(error)
        kind = str(error) if isinstance(error, TxtalError) else type(error).__name__
        self.tell(f"{before}the recipe's {what} failed: {kind}; details in the log", warns=True)

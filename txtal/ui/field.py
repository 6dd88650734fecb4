"""A line being typed, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A text and the place of the cursor in it; every edit is a new field."""

    text: str = ""
    cursor: int = 0

    @staticmethod
    def of(text: str) -> Field:
        """A field that holds ``text``, with the cursor behind it."""
        return Field(text, len(text))

    def typed(self, text: str) -> Field:
        """With ``text``, in one line, put in before the cursor."""
        text = " ".join(text.split()) if text.strip() else text[:1]
        joined = self.text[: self.cursor] + text + self.text[self.cursor :]
        return Field(joined, self.cursor + len(text))

    def erased(self) -> Field:
        """Without the character before the cursor."""
        at = max(0, self.cursor - 1)
        return Field(self.text[:at] + self.text[self.cursor :], at)

    def deleted(self) -> Field:
        """Without the character under the cursor."""
        return Field(self.text[: self.cursor] + self.text[self.cursor + 1 :], self.cursor)

    def moved(self, by: int) -> Field:
        """With the cursor moved, no further than the ends."""
        return Field(self.text, min(max(0, self.cursor + by), len(self.text)))

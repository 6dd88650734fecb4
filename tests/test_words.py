"""The words that users see: no phrase that a native reader stumbles over comes back.

The patterns are those of the voice that the project has agreed on; what a string may still hold,
because it is a code that files and scripts rely on, is in ``KEPT``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "txtal"
ROOMS = ("ui", "session", "recipes")
"""Those whose words were gone through; a room is added once its own are."""

PATTERNS = {
    "report, print or show": r"\b(?:is|are|be|was) told\b(?! where)|\btold (?:by|from)\b",
    "tickets are shown or picked": (
        r"\basks? (?:a|the|typical) tickets?\b|\btickets? (?:is|are) asked\b"
        r"|\basked (?:at random|of everybody|to start|by)\b"
    ),
    "set aside; a session": r"\blet go\b|\bsittings?\b",
    "label propagation; at half weight": r"\bcarr(?:ied|ying) on\b|\bhalved\b",
    "start over; former; least; in the meantime": r"\banew\b|\bof old\b|\blest\b|\bmeanwhile[.;]?$",
    "continue": r"\b(?:going|gone|goes?) on (?:with|where)\b",
    "per answer": r"\b(?:s|answers|labels|bytes|line) an? (?:answer|ticket|label|line)\b",
    "confused with; corrected": r"\b(?:held against|put right|taken for|mixed up)\b",
    "must be from 0 to 1": r"\bmakes? no sense\b|\bsay(?:s|ing)? nothing\b",
    "most probable; selection probability": r"\blikeli(?:er|est)\b|\bchance of being asked\b",
    "undone": r"\b(?:taken|take|takes) (?:it |them )?back\b",
    "81%, without a space": r"(?:\d|^) %(?:\W|$)",
}
KEPT = frozenset({"let go"})
"""Codes in the database and in JSON."""


def seen_strings() -> Iterator[tuple[str, str]]:
    """Where a string stands, and what it says: of those with a space, docstrings left out."""
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            quiet = {
                id(node.value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            }
            for node in ast.walk(tree):
                if (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and " " in node.value
                    and id(node) not in quiet
                    and node.value not in KEPT
                ):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node.value


@pytest.mark.parametrize("instead", PATTERNS)
def test_no_string_has_a_phrase_that_readers_stumble_over(instead: str) -> None:
    found = re.compile(PATTERNS[instead], re.IGNORECASE)
    hits = [f"{place}: {said}" for place, said in seen_strings() if found.search(said)]
    assert hits == [], f"say: {instead}"


def test_the_check_looks_at_the_screens_words() -> None:
    said = {text for _, text in seen_strings()}
    assert "ignore this ticket and don't show it again" in said
    assert len(said) > 200

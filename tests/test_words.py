"""The words of txtal: no phrase that a native reader stumbles over comes back.

All text is looked at: strings, docstrings and comments in ``txtal`` and ``recipes``, the README and
the documentation. ``KEPT`` has what stays, with the reason.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = sorted([*(ROOT / "txtal").rglob("*.py"), *(ROOT / "recipes").rglob("*.py")])
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

PATTERNS = {
    "report, print or show": r"\b(?:is|are|be|was) told\b(?! where)|\btold (?:by|from)\b",
    "tickets are shown or picked": (
        r"\basks? (?:a|the|typical) (?:\w+ )?tickets?\b|\btickets? (?:is|are|was|were) asked\b"
        r"|\basked (?:at random|of everybody|to start|by)\b|\bits ticket is asked\b"
    ),
    "set aside; a session": r"\blet go\b|\bsittings?\b",
    "label propagation; at half weight": r"\bcarr(?:ied|ying) on\b|\bhalved\b",
    "again; former; so that not; in the meantime": (
        r"\banew\b|\bof old\b|\blest\b|\bmeanwhile[.;]?$"
    ),
    "continue": r"\b(?:going|gone|goes?) on (?:with|where)\b",
    "per answer": r"\b(?:s|answers|labels|bytes|line) an? (?:answer|ticket|label|line)\b",
    "compared with; corrected; predicted; confused": (
        r"\b(?:held against|put right|taken for|mixed up)\b"
    ),
    "must be from 0 to 1": r"\bmakes? no sense\b|\bsay(?:s|ing)? nothing of\b",
    "most probable; selection probability": (
        r"\blikeli(?:er|est)\b|\bchances? of being (?:asked|drawn)\b"
    ),
    "undone": r"\b(?:taken|take|takes) (?:it |them )?back\b",
    "81%, without a space": r"(?:\d|^) %(?! \d)(?:\W|$)",
}
KEPT = "let go"
"""A code in the database and in JSON; quoted, in the text of a migration."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text of the project, with where it stands."""

    place: str
    text: str


def said_in_code(path: Path) -> Iterator[Said]:
    """Yield the strings that have a space, docstrings too, and the comments of a module."""
    source = path.read_text("utf-8")
    name = path.relative_to(ROOT)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield Said(f"{name}:{node.lineno}", node.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Said(f"{name}:{token.start[0]}", token.string)


def said_on_page(path: Path) -> Iterator[Said]:
    """Yield the paragraphs and table rows of a page, without code."""
    lines = re.sub(r"^```.*?^```$", _blank, path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    start, paragraph = 0, ""
    for number, line in enumerate([*lines.splitlines(), ""], start=1):
        if paragraph and re.match(r"$|\||\s*- |\d+\. |#", line):
            yield Said(f"{path.relative_to(ROOT)}:{start}", re.sub(r"`[^`]*`", "CODE", paragraph))
            paragraph = ""
        start = start if paragraph else number
        paragraph = f"{paragraph} {line.strip()}".strip()


def _blank(fenced: re.Match[str]) -> str:
    return "\n" * fenced[0].count("\n")


@cache
def everything() -> list[Said]:
    """Return all there is: reading it takes seconds, which no other test should wait for."""
    in_code = [said for path in CODE for said in said_in_code(path)]
    return in_code + [said for path in PAGES for said in said_on_page(path)]


@pytest.mark.parametrize("instead", PATTERNS)
def test_no_text_has_a_phrase_that_readers_stumble_over(instead: str) -> None:
    found = re.compile(PATTERNS[instead], re.IGNORECASE)
    hits = [
        f"{said.place}: {hit[0]}: {text}"
        for said in everything()
        if (text := " ".join(said.text.split()).replace(f"'{KEPT}'", "")) != KEPT
        for hit in found.finditer(text)
    ]
    assert hits == [], f"say: {instead}"


def test_no_sentence_of_the_documentation_is_too_long() -> None:
    """Lists of code and what stands in brackets don't count."""
    hits = []
    for said in everything():
        if ".md:" in said.place and not said.text.startswith("|"):
            text = re.sub(r"\([^()]*\)|\bCODE\b,?", "", said.text)
            sentences = re.split(r"(?<=[.:;?!])\s", text)
            hits += [f"{said.place}: {one}" for one in sentences if len(one.split()) > 40]
    assert hits == []


def test_the_check_looks_at_strings_docstrings_comments_and_pages() -> None:
    texts = {said.text for said in everything()}
    assert "ignore this ticket and don't show it again" in texts
    assert any("Raises UsageError" in text for text in texts)
    assert any(text.startswith("# noqa") for text in texts)
    assert any(said.place.startswith("docs/how-to/label.md") for said in everything())
    assert any("Stone 1974. Cross-validatory choice" in text for text in texts)


@pytest.mark.parametrize(
    "phrase",
    [
        "bad lines are told and left out",
        "it asks the ticket it learns most from",
        "typical tickets are asked first",
        "what it let go",
        "the last sitting's ranking",
        "answers carried on 10",
        "each in turn halved",
        "is made anew",
        "a name of old",
        "lest it fail",
        "closed meanwhile",
        "it goes on where it stopped",
        "4.2 s an answer",
        "held against the labels",
        "an overlap of 2 makes no sense",
        "the likeliest label",
        "the chance of being asked",
        "take back what was said",
        "right in 81 % of cases",
    ],
)
def test_the_patterns_find_what_they_are_for(phrase: str) -> None:
    assert any(re.search(pattern, phrase, re.IGNORECASE) for pattern in PATTERNS.values())

"""The result of loading a file: counts and reasons, in words and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from txtal.formats.lines import BadLine
from txtal.store.tickets import Loaded
from txtal.text import count


@dataclass(slots=True)
class LoadedAnswers:
    """How many answers of a file were imported or left out, and why."""

    added: int = 0
    same: int = 0
    """Rows whose answer is already in the file or dataset."""
    together: int = 0
    """Rows that were combined with others of the same text and annotator."""
    contradicting: int = 0
    """Texts for which an annotator's rows contradict each other; the newest row counted."""
    differing: int = 0
    """Answers that differ from the same annotator's in the dataset, which was kept."""
    replaced: int = 0
    """Answers that replaced the same annotator's."""
    unlabelled: int = 0
    """Number of records without a label or verdict."""
    votes: int = 0
    """Votes of rules, commands and models, which are no answers."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Answers that couldn't be imported, by reason."""


@dataclass(slots=True)
class LoadOutcome:
    """The result of loading a source."""

    source: str
    loaded: Loaded
    bad_lines: int
    bad: Sequence[BadLine] = ()
    """The first bad lines."""
    answers: LoadedAnswers | None = None
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the result in words, without the notes, which were printed before."""
        said = [summary(self.loaded, self.bad_lines)]
        if not (self.loaded.added or self.loaded.duplicates or self.loaded.forgotten):
            said.insert(0, f"{self.source} holds no tickets")
        if self.answers is not None:
            said += _answer_lines(self.answers)
        return said

    def to_json(self) -> dict[str, Any]:
        """Return the result for ``--json``."""
        made: dict[str, Any] = {
            "source": self.source,
            "loaded": self.loaded.added,
            "duplicates": self.loaded.duplicates,
            "forgotten": self.loaded.forgotten,
            "bad_lines": self.bad_lines,
            "bad": [{"line": one.line, "last": one.last or one.line, "reason": one.reason}
                    for one in self.bad],
            "notes": self.notes,
        }  # fmt: skip
        if self.answers is not None:
            made["answers"] = asdict(self.answers)
        return made


def summary(loaded: Loaded, bad_lines: int) -> str:
    """``loaded 3, 1 duplicate, 0 bad lines``."""
    duplicates, bad = count(loaded.duplicates, "duplicate"), count(bad_lines, "bad line")
    gone = f", {loaded.forgotten:,} left out: to be forgotten" if loaded.forgotten else ""
    return f"loaded {loaded.added:,}, {duplicates}, {bad}{gone}"


def _answer_lines(of: LoadedAnswers) -> list[str]:
    said = [f"{count(of.added, 'answer')} imported, {of.same:,} already there"]
    if of.replaced:
        said[0] += f", {of.replaced:,} replaced"
    if of.together:
        said[0] += f", {count(of.together, 'row')} combined with others of the same text"
    if of.differing:
        verb = "differs from the one" if of.differing == 1 else "differ from those"
        said.append(
            f"{count(of.differing, 'answer')} {verb} that the dataset has, and left out: --replace "
            "takes them, --conflicts FILE lists them"
        )
    if of.contradicting:
        has = "text has" if of.contradicting == 1 else "texts have"
        said.append(
            f"{of.contradicting:,} {has} rows that contradict each other: the newest counted; "
            "--conflicts FILE lists them, and --task multilabel puts labels together"
        )
    if of.votes:
        said.append(f"{count(of.votes, 'vote')} of rules, commands or models imported")
    said += [f"{number:,} left out: {reason}" for reason, number in of.left_out.items()]
    return said

"""Write rules for a set's labels that know nothing but what the labels are called.

    python -m tests.bench.name_rules banking77 > rules.toml

Each label's rule wants all the words of its name somewhere in the text, in any order and by their
first letters: ``card_arrival`` is a text with words that begin with "card" and "arriv". Words such
as "my" and "the" are left out. Names that run together are parted by the words of the pool's texts.
"""

from __future__ import annotations

import re
import sys

from tests.bench.common import DATA
from txtal.formats.source import read
from txtal.learning.label_text import label_text, word_counts
from txtal.simulation.annotator import Labelled, labelled

WORDS = """
a about and at by for from get how i if in is it my not of on or that the to up what when where
which why with you your
"""
STOP = frozenset(WORDS.split())
SHORTEST = 4
"""Letters of a word that are always asked for."""

CUT = 2
"""Letters that a longer word may end otherwise in."""


def rules(pool: Labelled) -> str:
    """The rules, as a file of ``--rules``."""
    counts = word_counts(record.text for record in pool.records)
    return "\n".join(
        f"[[rule]]\nname = '{label}'\nlabel = '{label}'\nregex = '''{pattern(label, counts)}'''\n"
        for label in pool.labels
    )


def pattern(label: str, counts: dict[str, int]) -> str:
    """A regular expression that wants every word of a label's name."""
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", label_text(label, "", counts))]
    told = [word for word in words if word not in STOP] or words
    stems = [word[: max(SHORTEST, len(word) - CUT)] for word in dict.fromkeys(told)]
    return r"(?s)\A" + "".join(rf"(?=.*\b{stem})" for stem in stems)


def main() -> None:
    name = sys.argv[1]
    print(rules(labelled(read(DATA / name / "train.jsonl", lambda bad: None), name)))


if __name__ == "__main__":
    main()

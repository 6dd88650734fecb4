"""Texts that differ by a few words: a name, a number, a line of thanks.

Two texts are nearly the same when one becomes the other by adding, leaving out or changing no more
than a fifth of its words, and eight at most. Of a text dealt out into one part more than that, one
part is whole in every such other text (the pigeonhole principle; Arasu et al. 2006, "Efficient
exact set-similarity joins"). So an index of words finds them all, and a few more, which are
compared word by word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
_READ = 4_000
FEWEST = 5
"""Of fewer words, each may be all that matters."""
_ONE_OF = 5
_MOST_CHANGED = 8
_LOOKED_FOR = 8
"""Words of a part that are looked for, the longest: a longer part needs no more to be rare."""


def words(text: str) -> list[str]:
    """Return the words of a text, in small letters."""
    return _WORD.findall(text[:_READ].lower())


def may_change(count: int) -> int:
    """Return how many words of so many may be others."""
    return min(_MOST_CHANGED, count // _ONE_OF) if count >= FEWEST else 0


def parts(text: str) -> list[list[str]]:
    """Deal a text's words out: one of the parts is whole in each text nearly the same.

    Numbers aren't looked for: any may stand in their place. None of a short text.
    """
    found = words(text)
    changed = may_change(len(found))
    if not changed:
        return []
    telling = sorted({w for w in found if not _NUMBER.fullmatch(w)}, key=lambda w: (-len(w), w))
    dealt = (telling[at :: changed + 1] for at in range(changed + 1))
    return [part[:_LOOKED_FOR] for part in dealt if part]


def same_as(text: str, others: Mapping[int, str]) -> list[int]:
    """Return the ids of the texts that are nearly the same, the least changed first."""
    from rapidfuzz.distance import Levenshtein

    own = _without_numbers(text)
    distances = []
    for other_id, other in others.items():
        theirs = _without_numbers(other)
        most = may_change(min(len(own), len(theirs)))
        distance = Levenshtein.distance(own, theirs, score_cutoff=most)
        if most and distance <= most:
            distances.append((distance, other_id))
    return [other_id for _, other_id in sorted(distances)]


def _without_numbers(text: str) -> list[str]:
    return [_NUMBER.sub("0", word) for word in words(text)]

"""Parts of a dataset to train, tune and test on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

from txtal.learning.overlap import Sketches, groups, sketches


def split(
    texts: Iterable[str], labels: Sequence[Sequence[str]], shares: Sequence[float], seed: int = 0
) -> list[int]:
    """Return the part, from 0, that each text goes to: (n,).

    Texts that are the same or nearly so go to one part together. Each label is spread over the
    parts by ``shares``: the texts are laid out by their rarest label, in an order drawn with
    ``seed``, and each goes to the part that is furthest behind its share.
    """
    rng = np.random.default_rng(seed)
    group = groups(_sketched(texts)).tolist()
    together: dict[int, list[int]] = {}
    for row in rng.permutation(len(labels)).tolist():
        together.setdefault(group[row], []).append(row)
    counted = Counter(label for named in labels for label in named)
    rarest = [min(named, key=lambda one: (counted[one], one), default="") for named in labels]
    order = sorted(together.values(), key=lambda rows: rarest[rows[0]])  # stable, as drawn
    parts = [0] * len(labels)
    given, seen = [0] * len(shares), 0
    for rows in order:
        seen += len(rows)
        behind = [share * seen - had for share, had in zip(shares, given, strict=True)]
        part = max(range(len(shares)), key=behind.__getitem__)
        given[part] += len(rows)
        for row in rows:
            parts[row] = part
    return parts


def _sketched(texts: Iterable[str]) -> Sketches:
    """Sketches of all, with few of the texts in memory at a time."""
    remaining, made = iter(texts), []
    while block := list(islice(remaining, _BLOCK)):
        made.append(sketches(block))
    empty = sketches([])
    return Sketches(
        np.concatenate([empty.exact, *(one.exact for one in made)]),
        np.concatenate([empty.near, *(one.near for one in made)]),
    )


_BLOCK = 1_000

"""Texts to test on that a model may have learned from: the same texts, and nearly the same ones.

A figure measured on such texts says how well a model remembers. Two texts are nearly the same when
four fifths of the runs of five characters that either has are common to both, whatever their case,
spaces and punctuation. That share, the Jaccard index, is estimated from sketches (MinHash: Broder
1997, "On the resemblance and containment of documents", SEQUENCES), which are all that need be
kept of texts that were learned from; candidates are found by bands of a sketch (Leskovec, Rajaraman
and Ullman 2014, "Mining of Massive Datasets", section 3.4).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from txtal.learning.arrays import Indices, Mask
from txtal.types import Overlap

RUN = 5
"""Characters in a run."""

NEARLY = 0.8
"""Common to two texts that are nearly the same, as a share of the runs that either has."""

SKETCH = 128
"""Bytes of a sketch; the estimated share is then off by 0.035 (one standard deviation) at 0.8."""

_BAND = 4
_LONGEST = 20_000
"""Characters of a text that are looked at."""

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Sketches:
    """What is kept of some texts to tell whether others are like them."""

    exact: Hashes
    """(n,): of each text as it is."""
    near: npt.NDArray[np.uint8]
    """(n, SKETCH)."""

    def __len__(self) -> int:
        return len(self.exact)


def sketches(texts: Sequence[str]) -> Sketches:
    """Sketch each text; the same text always gives the same sketch."""
    exact = np.array([_hash(text) for text in texts], np.uint64)
    near = np.empty((len(texts), SKETCH), np.uint8)
    for row, text in enumerate(texts):
        near[row] = _sketch(_plain(text))
    return Sketches(exact, near)


class SharedTexts(NamedTuple):
    """Which of the texts tested (n,) are among others."""

    exact: Mask
    near: Mask
    """Nearly the same as one of the others, and not the same as any."""

    @property
    def either(self) -> Mask:
        """The same or nearly so."""
        return self.exact | self.near

    @property
    def counted(self) -> Overlap:
        """How many there are of each."""
        return Overlap(len(self.exact), int(self.exact.sum()), int(self.near.sum()))


def shared(tested: Sketches, others: Sketches) -> SharedTexts:
    """Find which of ``tested`` are the same as one of ``others``, and which nearly so."""
    exact = np.isin(tested.exact, others.exact)
    near = np.zeros(len(tested), np.bool_)
    for band in range(0, SKETCH, _BAND):
        left = np.flatnonzero(~exact & ~near)
        if not len(left) or not len(others):
            break
        near[left] = _alike(tested.near[left], others.near, band)
    return SharedTexts(exact, near)


def groups(of: Sketches) -> Indices:
    """Number the texts (n,): the same number for texts that are the same or nearly so, or that are
    linked by others which are.
    """
    leader = list(range(len(of)))

    def first(row: int) -> int:
        while leader[row] != row:
            leader[row] = row = leader[leader[row]]
        return row

    for band in (None, *range(0, SKETCH, _BAND)):
        keys = of.exact if band is None else _keys(of.near, band)
        order = np.argsort(keys, kind="stable")
        head = 0
        for at in (1 + np.flatnonzero(keys[order][1:] == keys[order][:-1])).tolist():
            if keys[order[head]] != keys[order[at]]:
                head = at - 1
            row = int(order[at])
            for other in {int(order[head]), int(order[at - 1])}:
                alike = band is None or (of.near[row] == of.near[other]).sum() >= _needed()
                if alike:
                    low, high = sorted((first(row), first(other)))
                    leader[high] = low
    return np.array([first(row) for row in range(len(of))], np.int64)


def _alike(tested: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8], band: int) -> Mask:
    """Compare each sketch with those that have the same bytes in this band."""
    keys, theirs = _keys(tested, band), _keys(others, band)
    order = np.argsort(theirs, kind="stable")
    first = np.searchsorted(theirs[order], keys)
    last = np.searchsorted(theirs[order], keys, side="right")
    found = np.zeros(len(tested), np.bool_)
    for row in np.flatnonzero(last > first):
        candidates = others[order[first[row] : last[row]]]
        found[row] = (candidates == tested[row]).sum(axis=1).max() >= _needed()
    return found


def _needed() -> int:
    """Bytes two sketches share; one in 256 does so by chance."""
    return int(np.ceil(SKETCH * (NEARLY + (1 - NEARLY) / 256)))


def _keys(near: npt.NDArray[np.uint8], band: int) -> Indices:
    part = np.ascontiguousarray(near[:, band : band + _BAND])
    return part.view(np.uint32)[:, 0].astype(np.int64)


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _plain(text: str) -> str:
    """Letters, marks and digits alone, without case, parted by single spaces."""
    folded = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold()
    kept = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded)
    return " ".join("".join(kept).split()) or text[:_LONGEST]


def _draw(bits: int) -> Hashes:
    rng = np.random.default_rng(bits)
    return rng.integers(0, 1 << 63, SKETCH, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


_TIMES, _PLUS = _draw(1), _draw(2)
_POWERS = np.cumprod(np.full(RUN, 0x9E3779B97F4A7C15, np.uint64))


def _sketch(text: str) -> npt.NDArray[np.uint8]:
    """Take the least hash of the text's runs by each of ``SKETCH`` hash functions, of it a byte."""
    characters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    characters = characters.astype(np.uint64)
    if len(characters) < RUN:
        characters = np.pad(characters, (0, RUN - len(characters)))
    runs = np.lib.stride_tricks.sliding_window_view(characters, RUN) @ _POWERS
    mixed = _mixed(np.unique(runs))
    least = np.full(SKETCH, np.iinfo(np.uint64).max)
    for begin in range(0, len(mixed), 2_000):
        block = mixed[begin : begin + 2_000, None] * _TIMES + _PLUS
        least = np.minimum(least, (block >> np.uint64(8)).min(axis=0))
    return (_mixed(least) >> np.uint64(40)).astype(np.uint8)


def _mixed(numbers: Hashes) -> Hashes:
    """Scatter numbers over all bits (the finaliser of SplitMix64: Steele, Lea and Flood 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(numbers ^ (numbers >> np.uint64(31)))

"""Small helpers for feature matrices: float32 (n, d), dense or CSR, perhaps memory-mapped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.float32]
"""Features (n, d). A scipy CSR matrix does as well wherever the arithmetic is a product."""
Floats = npt.NDArray[np.float32]
Cells = npt.NDArray[np.int8]
"""Answers (n, k), or a model's decisions: IS, NOT or UNKNOWN."""
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Rows(Protocol):
    """Features (n, d) that are read a few rows at a time, such as those on the disk."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def __getitem__(self, rows: Any, /) -> Any: ...


BLOCK = 16_384
"""Rows worked on at a time, so that a memory-mapped pool is never copied whole."""


def is_sparse(features: object) -> bool:
    """Return whether it is one of SciPy's sparse matrices; SciPy isn't imported to see."""
    return hasattr(features, "tocsr")


def blocks(n: int) -> Iterator[slice]:
    """Yield slices that cover ``range(n)`` in steps of ``BLOCK``."""
    for begin in range(0, n, BLOCK):
        yield slice(begin, min(begin + BLOCK, n))


def squared_lengths(features: Rows) -> Floats:
    """Return each row's squared length (n,); not finite for features NaN, infinite or past 1e19."""
    lengths = np.empty(features.shape[0], np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in blocks(len(lengths)):
            block: Any = features[rows]
            if is_sparse(block):
                lengths[rows] = np.asarray(block.multiply(block).sum(axis=1)).ravel()
            else:
                lengths[rows] = np.einsum("ij,ij->i", block, block)
    return lengths


def usable_rows(features: Rows) -> Mask:
    """Mark the rows (n,) to learn from: finite, and not all zeros as a blank text's."""
    lengths = squared_lengths(features)
    return np.isfinite(lengths) & (lengths > 0)


def usable_sample(features: Rows, size: int, rng: np.random.Generator) -> Indices:
    """Draw ``size`` usable rows uniformly, or all if there are fewer, in random order.

    No more rows are read than it takes to find them.
    """
    order = rng.permutation(features.shape[0])
    found: list[Indices] = []
    wanted = size
    for some in blocks(len(order)):
        usable = order[some][usable_rows(features[order[some]])]
        found.append(usable[:wanted])
        wanted -= len(found[-1])
        if not wanted:
            break
    return np.concatenate(found) if found else np.empty(0, np.int64)


def unit_rows(features: Features) -> Features:
    """Return dense copies of the rows scaled to length one; unusable rows become zeros."""
    given: Any = features
    dense: Features = given.toarray() if is_sparse(given) else np.asarray(given)
    lengths = squared_lengths(dense)
    usable = np.isfinite(lengths) & (lengths > 0)
    scaled = np.zeros(dense.shape, np.float32)
    scaled[usable] = dense[usable] / np.sqrt(lengths[usable])[:, None]
    return scaled

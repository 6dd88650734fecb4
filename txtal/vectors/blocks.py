"""What a block of features is: some columns, with all that the others need to know of them.

A block is a class with a row in :mod:`table`. It says how it is fitted and saved, what it knows,
and when its features may change; nothing outside of it tells blocks apart.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from txtal.vectors.bag import Bag, batches
from txtal.vectors.pipeline import Pipeline

if TYPE_CHECKING:
    import scipy.sparse as sp

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]
Arrays = dict[str, NDArray[Any]]
Saved = tuple[dict[str, Any], Arrays]
"""A JSON-able header, and arrays by name."""

Progress = Callable[[int, int | None], None]
"""Called with how many texts are done, and of how many if that is known."""

Knowledge = Literal["use", "order", "words", "context", "other"]
"""What a block goes by: how these tickets use words, in which order, what words mean, what they
mean in their context, or something else. Its rows' length beside other blocks depends on it; see
:mod:`txtal.vectors.lengths`."""


@dataclass(frozen=True, eq=False)
class Sample:
    """What blocks are fitted to. Its tokens are counted when the first block asks for them."""

    texts: Sequence[str]
    pipeline: Pipeline
    seed: int
    progress: Progress | None = None

    @cached_property
    def bag(self) -> Bag:
        """The types that are counted, with the tokens of every run of characters met."""
        return Bag(self.pipeline.tokeniser)

    @cached_property
    def counts(self) -> sp.csr_array:
        """How often each type of :attr:`bag` occurs in each text: (texts, types)."""
        import scipy.sparse as sp

        parts = []
        done = 0
        for batch in batches(self.texts):
            parts.append(self.bag.count(batch).csr())
            done += len(batch)
            if self.progress:
                self.progress(done, len(self.texts))
        for part in parts:
            part.resize(part.shape[0], len(self.bag.types))
        return sp.vstack(parts, format="csr") if parts else sp.csr_array((0, 0), dtype=np.float32)

    @property
    def counted(self) -> Bag | None:
        """The bag, if a block has asked for counts."""
        return self.bag if "counts" in vars(self) else None


class Block(ABC):
    """Some columns of the features, fitted: a :class:`TypeTable`, :class:`PairTable` or
    :class:`TextEncoder`.

    ``name`` is always the block as the spec has it, with the argument after ``=`` if it takes one.
    """

    dims: int
    """Its columns."""
    coverage: float = 1.0
    """Fraction of what it looks for in a text that it knows anything of."""

    @property
    def knows(self) -> Knowledge:
        """What it goes by."""
        return "other"

    @property
    def learns(self) -> bool:
        """Whether it depends on the texts it was fitted to."""
        return True

    @property
    def savable(self) -> bool:
        """Whether :meth:`to_arrays` works."""
        return True

    @property
    def portable(self) -> bool:
        """Whether another machine with txtal has all that it needs, or says what it lacks."""
        return True

    @property
    def slow(self) -> bool:
        """Whether texts are better handed over a few at a time."""
        return False

    @classmethod
    @abstractmethod
    def fit(cls, name: str, sample: Sample) -> Self:
        """Return the block fitted to a sample. Raises LearnerError when it lacks something."""

    @abstractmethod
    def to_arrays(self) -> Saved:
        """Return what :meth:`from_arrays` needs to make it again."""

    @classmethod
    @abstractmethod
    def from_arrays(
        cls,
        name: str,
        pipeline: Pipeline,
        header: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Self:
        """Make it again; what is missing on this machine shows when it is first used.

        Raises KeyError, TypeError or ValueError for what :meth:`to_arrays` didn't return.
        """

    @classmethod
    def versions(cls, name: str) -> list[str]:
        """Return what changes when the block's features may have, besides the pipeline."""
        return []


class TypeTable(Block):
    """A block with a row for every token type; a text's features are the sum of its types' rows."""

    @abstractmethod
    def rows(self, types: Sequence[str]) -> Floats:
        """Return a row for each type, (types, dims); zeros for one it knows nothing of."""

    @property
    def usual(self) -> float:
        """How familiar the words of a text like those it was fitted to are; 0: it can't tell."""
        return 0.0

    def familiar(self, types: Sequence[str]) -> Floats | None:
        """Return how far each type is a word of the texts it was fitted to, (types,), from 0 to 1.

        NaN for a type that is no word, such as a full stop. None: it knows words from elsewhere.
        """
        return None


class PairTable(Block):
    """A block with a row for pairs of words that stand together; a text's features are their sum.

    Words are numbered by the block, from 0.
    """

    table: Floats
    """(pairs, dims)."""

    @abstractmethod
    def words(self, types: Sequence[str]) -> Indices:
        """Return the number of the word that each type is, (types,); -1 for one it doesn't know."""

    @abstractmethod
    def pairs(self, first: Indices, second: Indices) -> Indices:
        """Return the row of each pair of words, (n,); -1 for one it doesn't know."""


class TextEncoder(Block):
    """A block that reads each text whole."""

    @abstractmethod
    def transform(self, texts: Sequence[str]) -> Floats:
        """Return the features of the texts, (texts, dims)."""


def packed(numbers: Mapping[str, int]) -> NDArray[np.uint8]:
    """Return names, numbered from 0 in their order, as bytes for :func:`unpacked`."""
    return np.frombuffer(json.dumps(list(numbers)).encode(), dtype=np.uint8)


def unpacked(array: NDArray[np.uint8]) -> dict[str, int]:
    """Return the names with their numbers. Raises ValueError for bytes that hold none."""
    return {str(name): i for i, name in enumerate(json.loads(array.tobytes()))}

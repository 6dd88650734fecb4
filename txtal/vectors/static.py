"""Word vectors learned elsewhere: what words mean before any ticket is read.

They are the 256-dimensional token embeddings of the package wordllama. Only two of its data
files are read; its code isn't imported. The package is labelled MIT; its vectors were trained
from the token embeddings of Llama 2 and keep that model's vocabulary of 32,000.

A type's row is the sum of its tokens' vectors: on banking77 at 10 labels a class 0.79 against
0.795 for whole texts tokenised at once, 0.76 for the mean of each type, and 0.77 at best for sums
weighted by rarity (SIF: Arora, Liang and Ma 2017).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from txtal.errors import LearnerError
from txtal.vectors.bag import incidence
from txtal.vectors.blocks import Floats, Knowledge, Sample, Saved, TypeTable
from txtal.vectors.pipeline import Pipeline

DIMS = 256

_PACKAGE = "wordllama"
_READERS = ("safetensors", "tokenizers")
_WEIGHTS = Path("weights", "l2_supercat_256.safetensors")
_TOKENISER = Path("tokenizers", "l2_supercat_tokenizer_config.json")


@dataclass(frozen=True)
class Static(TypeTable):
    """The block ``static``; its tables are read when they are first used."""

    digest: str
    """SHA-256 of the vectors' file, so that a saved vectoriser never meets another's."""

    dims = DIMS

    @property
    def knows(self) -> Knowledge:
        """What words mean."""
        return "words"

    @classmethod
    def fit(cls, name: str, sample: Sample) -> Static:
        """Return the block as it is installed now. Raises LearnerError when it isn't."""
        return cls(_load().digest)

    def rows(self, types: Sequence[str]) -> Floats:
        """Return a row for each type, (types, 256).

        Raises LearnerError when other vectors are installed than the block was made with.
        """
        loaded = _load()
        if loaded.digest != self.digest:
            raise LearnerError(
                f"made with other static word vectors than those of the {_PACKAGE} installed here;"
                " install the version it was made with"
            )
        encoded = loaded.tokeniser.encode_batch_fast(list(types), add_special_tokens=False)
        counts = incidence([one.ids for one in encoded], len(loaded.vectors))
        return counts.times(loaded.vectors)

    def to_arrays(self) -> Saved:
        """Return how to know the vectors again; they stay in their package."""
        return {"digest": self.digest}, {}

    @classmethod
    def from_arrays(
        cls,
        name: str,
        pipeline: Pipeline,
        header: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> Static:
        """Make it again from :meth:`to_arrays`; see :class:`Block`."""
        return cls(header["digest"])

    @classmethod
    def versions(cls, name: str) -> list[str]:
        """Return the version of the package with the vectors; "" when none is installed."""
        return [_version()]


@dataclass(frozen=True, slots=True)
class _StaticModel:
    tokeniser: Any
    vectors: NDArray[np.float32]
    digest: str


def available() -> bool:
    """Return whether the vectors and what reads them are installed; nothing is imported to see."""
    return _folder() is not None


def _version() -> str:
    try:
        return metadata.version(_PACKAGE)
    except metadata.PackageNotFoundError:
        return ""


def _folder() -> Path | None:
    found = find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0])
    files = all((folder / name).is_file() for name in (_WEIGHTS, _TOKENISER))
    return folder if files and all(find_spec(reader) for reader in _READERS) else None


@lru_cache(maxsize=1)
def _load() -> _StaticModel:
    folder = _folder()
    if folder is None:
        raise LearnerError(
            "the block static needs word vectors that aren't installed; pip install"
            f" {_PACKAGE} {' '.join(_READERS)}, or use the block lexical alone"
        )
    # The learner leaves one core to the screen; threads here would take it.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from safetensors.numpy import load
    from tokenizers import Tokenizer

    weights = (folder / _WEIGHTS).read_bytes()
    (vectors,) = load(weights).values()
    tokeniser = Tokenizer.from_file(str(folder / _TOKENISER))
    tokeniser.no_padding()
    tokeniser.no_truncation()
    return _StaticModel(tokeniser, vectors.astype(np.float32), hashlib.sha256(weights).hexdigest())
